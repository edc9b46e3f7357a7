//! `/api/users` and `/api/keys`: what an admin does there, and what is refused.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::Server;

fn user(email: &str) -> Value {
    json!({"email": email, "name": "Ada", "role": "operator", "password": "tin mug with a blue rim"})
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_is_created_changed_and_listed(pool: PgPool) {
    let server = Server::start(&pool).await;
    let created = server.client.post("/api/users", &user("Ada@Example.com")).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let body = created.json();
    let id = body["id"].as_str().unwrap();
    assert_eq!(created.header("location"), Some(format!("/api/users/{id}").as_str()));
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["active", "created_at", "email", "id", "name", "role"]);
    assert_eq!(body["email"], "ada@example.com");
    server.client.post("/api/users", &user("ada@example.com")).await.assert_problem(409, "email_taken");

    let path = format!("/api/users/{id}");
    let changed = server.client.patch(&path, &json!({"role": "admin", "active": false})).await.json();
    assert_eq!((changed["role"].clone(), changed["active"].clone()), (json!("admin"), json!(false)));
    assert_eq!(server.client.get(&path).await.json(), changed);
    assert_eq!(server.client.get("/api/users").await.json()["items"], json!([changed]));
    server.client.patch("/api/users/1", &json!({})).await.assert_problem(404, "not_found");
    let unknown = "/api/users/019a0000-0000-7000-8000-000000000001";
    server.client.patch(unknown, &json!({})).await.assert_problem(404, "not_found");
    server.client.patch(&path, &json!({"id": 1})).await.assert_problem(400, "malformed");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_last_admin_is_not_taken_away(pool: PgPool) {
    let server = Server::start(&pool).await;
    let mut admin = user("ada@example.com");
    admin["role"] = json!("admin");
    let id = server.client.post("/api/users", &admin).await.json()["id"].as_str().unwrap().to_owned();
    for change in [json!({"role": "viewer"}), json!({"active": false})] {
        let refused = server.client.patch(&format!("/api/users/{id}"), &change).await;
        refused.assert_problem(409, "last_admin");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_with_a_secret_is_replayed_without_it(pool: PgPool) {
    let server = Server::start(&pool).await;
    let key = json!({"name": "Shop", "role": "operator"});
    let first = server.client.post_with_key("/api/keys", "k", &key).await;
    let again = server.client.post_with_key("/api/keys", "k", &key).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let (first, again) = (first.json(), again.json());
    assert_eq!(first["id"], again["id"]);
    assert!(first["key"].as_str().unwrap().starts_with("hf_"));
    assert!(again.get("key").is_none() && again["notice"].as_str().unwrap().contains("once"), "{again}");

    let invited = json!({"email": "bea@example.com", "name": "Bea", "role": "viewer"});
    let first = server.client.post_with_key("/api/users", "u", &invited).await.json();
    let again = server.client.post_with_key("/api/users", "u", &invited).await.json();
    assert!(first["sign_in_link"].as_str().unwrap().starts_with("/sign-in?link="), "{first}");
    assert!(again.get("sign_in_link").is_none() && again["id"] == first["id"], "{again}");
    let other = server.client.post_with_key("/api/users", "u", &user("ada@example.com")).await;
    other.assert_problem(422, "idempotency_mismatch");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_of_a_user_is_done_once_under_its_key(pool: PgPool) {
    let server = Server::start(&pool).await;
    let id = server.client.post("/api/users", &user("ada@example.com")).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/users/{id}");
    let patch = async |body: Value| {
        let headers = [("idempotency-key", "p")];
        server.client.send(Method::PATCH, &path, &headers, Some(body.to_string())).await
    };
    let first = patch(json!({"role": "viewer"})).await;
    server.client.patch(&path, &json!({"role": "operator"})).await;
    let again = patch(json!({"role": "viewer"})).await;
    assert_eq!((first.status, &first.bytes), (again.status, &again.bytes));
    assert_eq!(server.client.get(&path).await.json()["role"], "operator");
    patch(json!({"role": "admin"})).await.assert_problem(422, "idempotency_mismatch");
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_are_listed_without_themselves_and_revoked(pool: PgPool) {
    let server = Server::start(&pool).await;
    let end = "2099-01-31T00:00:00.000Z";
    let created = server.client.post("/api/keys", &json!({"name": "Shop", "role": "viewer", "expires_at": end})).await;
    let (id, secret) = (created.json()["id"].clone(), created.json()["key"].as_str().unwrap().to_owned());
    let listed = server.client.get("/api/keys").await;
    assert!(!listed.text().contains(&secret));
    let expected = json!({
        "id": id, "name": "Shop", "role": "viewer", "created_at": created.json()["created_at"], "expires_at": end,
        "last_used_at": null, "revoked_at": null,
    });
    assert_eq!(listed.json()["items"][0], expected);
    let path = format!("/api/keys/{}", id.as_str().unwrap());
    let revoked = server.client.send(Method::DELETE, &path, &[], None).await.json();
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    assert_eq!(server.client.send(Method::DELETE, &path, &[], None).await.json(), revoked);
    server.client.send(Method::DELETE, "/api/keys/1", &[], None).await.assert_problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn hostile_text_is_kept_as_text_or_refused_by_its_field(pool: PgPool) {
    let server = Server::start(&pool).await;
    let long = "x".repeat(10_000);
    let refused: Vec<(&str, Value, &str)> = vec![
        ("/api/users", json!({"email": "a\u{0}@b", "name": "n", "role": "viewer"}), "email"),
        ("/api/users", json!({"email": "a\r\n@b", "name": "n", "role": "viewer"}), "email"),
        ("/api/users", json!({"email": "a\u{202E}@b", "name": "n", "role": "viewer"}), "email"),
        ("/api/users", json!({"email": format!("{long}@b"), "name": "n", "role": "viewer"}), "email"),
        ("/api/users", json!({"email": "a@b", "name": "n\u{0}", "role": "viewer"}), "name"),
        ("/api/users", json!({"email": "a@b", "name": "a\r\nb", "role": "viewer"}), "name"),
        ("/api/users", json!({"email": "a@b", "name": long, "role": "viewer"}), "name"),
        ("/api/users", json!({"email": "a@b", "name": "n", "role": "root"}), "role"),
        ("/api/users", json!({"email": "a@b", "name": "n", "role": "viewer", "password": "short"}), "password"),
        ("/api/users", json!({"email": "a@b", "name": "n", "role": "viewer", "password": long}), "password"),
        ("/api/users", json!({"email": "a@b", "name": "n", "role": "viewer", "password": "password1234"}), "password"),
        ("/api/users", json!({"email": "a@b", "name": "n", "role": "viewer", "active": "yes"}), "active"),
        ("/api/keys", json!({"name": "\u{0}", "role": "viewer"}), "name"),
        ("/api/keys", json!({"name": long, "role": "viewer"}), "name"),
        ("/api/keys", json!({"name": "n", "role": ""}), "role"),
        ("/api/keys", json!({"name": "n", "role": "viewer", "expires_at": "tomorrow"}), "expires_at"),
        ("/api/keys", json!({"name": "n", "role": "viewer", "expires_at": "2001-01-01T00:00:00Z"}), "expires_at"),
    ];
    for (path, body, field) in refused {
        let problem = server.client.post(path, &body).await.assert_problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(!problem.to_string().contains("password1234"), "{problem}");
    }
    for (number, text) in ["<script>alert(1)</script>", "'; drop table users; --", "שלום \u{202E}321", "\u{1F511} ${x}"]
        .into_iter()
        .enumerate()
    {
        let new = json!({"email": format!("u{number}@example.com"), "name": text, "role": "viewer"});
        assert_eq!(server.client.post("/api/users", &new).await.json()["name"], text);
        assert_eq!(
            server.client.post("/api/keys", &json!({"name": text, "role": "viewer"})).await.json()["name"],
            text
        );
    }
    // A password may be anything at all, NUL and quotes included.
    let odd = "\u{0}\u{202E}'\"; drop <table> \r\n";
    let new = json!({"email": "odd@example.com", "name": "Odd", "role": "viewer", "password": odd});
    assert_eq!(server.client.post("/api/users", &new).await.status, 201);
}
