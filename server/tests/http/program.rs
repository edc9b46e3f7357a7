//! The program itself: its first start, its commands for users and keys, and what it writes to its log.

use std::process::{Output, Stdio};

use domain::account::SignIn;
use reqwest::Method;
use sqlx::PgPool;
use store::Store;
use store::accounts::{LinkToken, Origin};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::Client;

fn holdfast(pool: &PgPool) -> Command {
    let mut url: url::Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    url.set_path(pool.connect_options().get_database().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command.env("DATABASE_URL", url.as_str()).env_remove("DATABASE_APP_URL").kill_on_drop(true);
    command
}

/// A server that has said all that it says at its start.
struct Started {
    child: Child,
    said: String,
    client: Client,
}

async fn serve(command: &mut Command) -> Started {
    let command = command.args(["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let first = lines.next_line().await.unwrap().expect("it says where it is");
    let base = first.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    let client = Client::new(base);
    let mut said = first;
    // All of it is written at once.
    while let Ok(Ok(Some(line))) = tokio::time::timeout(std::time::Duration::from_millis(200), lines.next_line()).await
    {
        said.push('\n');
        said.push_str(&line);
    }
    Started { child, said, client }
}

/// Stops it as a terminal would, and gives what it logged.
async fn stop(mut started: Started) -> String {
    let id = started.child.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    let mut logged = String::new();
    started.child.stderr.take().unwrap().read_to_string(&mut logged).await.unwrap();
    assert!(started.child.wait().await.unwrap().success(), "{logged}");
    logged
}

async fn run(pool: &PgPool, arguments: &[&str], input: &str) -> Output {
    let mut command = holdfast(pool);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    child.wait_with_output().await.unwrap()
}

/// Runs a command to its good end, and gives what it printed.
async fn said(pool: &PgPool, arguments: &[&str], input: &str) -> String {
    let output = run(pool, arguments, input).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn origin() -> Origin {
    Origin { address: [127, 0, 0, 1].into(), request_id: None }
}

async fn can_sign_in(store: &Store, email: &str, password: &str) -> bool {
    store.session_open(origin(), &SignIn::new(email, password).unwrap(), None).await.is_ok()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_first_start_tells_once_how_to_sign_in(pool: PgPool) {
    let started = serve(&mut holdfast(&pool)).await;
    let said = started.said.clone();
    let after = |word: &str| said.lines().find_map(|line| line.trim().strip_prefix(word)).unwrap().trim().to_owned();
    assert_eq!(after("Email"), "admin@localhost");
    let store = Store::new(pool.clone());
    assert!(can_sign_in(&store, "admin@localhost", &after("Password")).await);
    let link = said.split_whitespace().find_map(|word| word.split_once("/sign-in?link=")).unwrap();
    assert_eq!(link.0, started.client.base);
    let link = LinkToken::parse(link.1).unwrap();
    store.session_open_by_link(origin(), link.clone(), None).await.unwrap();
    assert!(store.session_open_by_link(origin(), link.clone(), None).await.is_err());
    let logged = stop(started).await;
    assert!(!logged.contains(&after("Password")) && !logged.contains(link.reveal()), "{logged}");

    let again = serve(&mut holdfast(&pool)).await;
    assert_eq!(again.said.trim(), format!("Holdfast is at {}", again.client.base));
    stop(again).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_first_admins_password_can_be_chosen_and_is_not_printed(pool: PgPool) {
    let password = "brass bell in the harbour";
    let mut command = holdfast(&pool);
    let started =
        serve(command.env("HOLDFAST_ADMIN_PASSWORD", password).env("HOLDFAST_ADMIN_EMAIL", "ada@example.com")).await;
    assert!(!started.said.contains(password) && started.said.contains("ada@example.com"), "{}", started.said);
    assert!(can_sign_in(&Store::new(pool.clone()), "ada@example.com", password).await);
    stop(started).await;

    let mut weak = holdfast(&pool);
    let weak = weak.args(["serve", "--listen", "127.0.0.1:0"]).env("HOLDFAST_ADMIN_PASSWORD", "shortsecret");
    let output = weak.output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("at least 12 characters"), "{told}");
    assert!(!told.contains("shortsecret"), "{told}");
}

#[sqlx::test(migrations = "../migrations")]
async fn users_and_keys_are_managed_from_a_shell(pool: PgPool) {
    let store = Store::new(pool.clone());
    let password = "brass bell in the harbour";
    let add = ["user", "add", "ada@example.com", "--name", "Ada", "--role", "admin", "--password-stdin"];
    said(&pool, &add, &format!("{password}\n")).await;
    assert!(can_sign_in(&store, "ada@example.com", password).await);
    let link = said(&pool, &["user", "add", "bea@example.com", "--public-url", "https://stock.example.com"], "").await;
    assert!(link.contains("https://stock.example.com/sign-in?link="), "{link}");
    let made = said(&pool, &["user", "password", "bea@example.com"], "").await;
    let made = made.lines().next().unwrap().rsplit(' ').next().unwrap();
    assert!(can_sign_in(&store, "bea@example.com", made).await);
    said(&pool, &["user", "role", "bea@example.com", "viewer"], "").await;
    said(&pool, &["user", "deactivate", "bea@example.com"], "").await;
    assert!(!can_sign_in(&store, "bea@example.com", made).await);
    let listed = said(&pool, &["user", "list"], "").await;
    assert_eq!(listed, "admin     ada@example.com  Ada\nviewer    bea@example.com  bea@example.com  (deactivated)\n");
    said(&pool, &["user", "activate", "bea@example.com"], "").await;

    let key = said(&pool, &["key", "add", "Shop", "--role", "viewer"], "").await;
    let secret = store::accounts::KeySecret::parse(key.trim()).unwrap();
    let identity = store.identify_key(&secret).await.unwrap().unwrap();
    let listed = said(&pool, &["key", "list"], "").await;
    assert!(listed.contains("never used") && !listed.contains(key.trim()), "{listed}");
    let id = listed.split_whitespace().next().unwrap();
    assert_eq!(identity.actor.to_string(), format!("key:{id}"));
    said(&pool, &["key", "revoke", id], "").await;
    store.credentials_refresh_once().await.unwrap();
    assert_eq!(store.identify_key(&secret).await.unwrap(), None);

    let cases: [(&[&str], &str); 5] = [
        (&["user", "role", "ada@example.com", "viewer"], "last active admin"),
        (&["user", "add", "ada@example.com"], "is taken"),
        (&["user", "role", "nobody@example.com", "viewer"], "no such user"),
        (&["key", "add", "Shop", "--role", "root"], "must be viewer, operator or admin"),
        (&["key", "revoke", "1"], "is not an id"),
    ];
    for (arguments, told) in cases {
        let output = run(&pool, arguments, "").await;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(told), "{arguments:?}: {text}");
    }
    let actors: Vec<String> = sqlx::query_scalar("select distinct actor from journal where action <> 'session.opened'")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(actors, ["system:cli"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn no_line_of_the_log_has_a_secret_in_it(pool: PgPool) {
    let key = said(&pool, &["key", "add", "Admin", "--role", "admin"], "").await.trim().to_owned();
    let mut command = holdfast(&pool);
    let started = serve(command.env("RUST_LOG", "debug,hyper=info,h2=info")).await;
    let (strange, known) = (started.client.clone(), started.client.with_key(&key));
    let planted = "PLANTED-secret-value";
    let headers = [
        "cookie",
        "proxy-authorization",
        "x-api-key",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "user-agent",
        "referer",
        "x-forwarded-for",
        "x-request-id",
        "accept",
        "origin",
        "sec-fetch-site",
        "x-anything",
    ];
    for header in headers {
        for client in [&strange, &known] {
            client.send(Method::GET, "/api/products", &[(header, planted)], None).await;
            let body = Some(r#"{"lines": []}"#.to_owned());
            client.send(Method::POST, "/api/reservations", &[(header, planted)], body).await;
        }
    }
    let bearer = format!("Bearer hf_{planted}");
    strange.send(Method::GET, "/api/products", &[("authorization", bearer.as_str())], None).await;
    let session = format!("holdfast={planted}");
    strange.send(Method::GET, "/", &[("cookie", session.as_str())], None).await;
    for path in ["/sign-in?link=", "/api/products?q=", "/orders?customer=", "/api/fn/product_list?cursor="] {
        for client in [&strange, &known] {
            client.get(&format!("{path}{planted}")).await;
        }
    }
    for path in ["/api/products", "/api/users", "/api/keys", "/api/orders", "/api/reservations"] {
        for field in ["sku", "name", "email", "password", "role", "reference", "owner", "expires_at", "nothing"] {
            known.post(path, &serde_json::json!({field: planted})).await;
        }
    }
    let user = serde_json::json!({"email": "a@b", "name": "A", "role": "viewer", "password": planted});
    assert_eq!(known.post("/api/users", &user).await.status, 201);
    for function in ["session_open", "product_create", "user_create", "password_change"] {
        known.form(function, &format!("email={planted}&password={planted}&current={planted}&new={planted}")).await;
    }
    let new_key = known.post("/api/keys", &serde_json::json!({"name": "n", "role": "viewer"})).await.json();
    let logged = stop(started).await;
    let access = logged.lines().filter(|line| line.contains("access") || line.contains("status=")).count();
    assert!(access > 100, "requests are logged: {access} of {} lines", logged.lines().count());
    for secret in [planted, &key, new_key["key"].as_str().unwrap()] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a line has a secret in it");
    }
}
