//! The page of the API: it needs nothing from elsewhere, and its lines for curl work from top to bottom.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use server::rest;
use sqlx::PgPool;

use crate::support::{Reply, Server, hold};

#[sqlx::test(migrations = "../migrations")]
async fn the_page_asks_for_nothing_from_elsewhere(pool: PgPool) {
    let server = Server::start(&pool).await;
    let page = server.client.get("/api/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
    let html = unmarked(&page.text());
    for place in html.split("src=\"").chain(html.split("<link ")).skip(1) {
        assert!(!place.split('>').next().unwrap().contains("http"), "{place:.80}");
    }
    assert!(!html.contains("<script") && !html.contains("style=\""));
    for route in rest::declared() {
        assert!(html.contains(&format!("<code>{}</code>", route.path)), "{} is not on the page", route.path);
    }
    let style = server.client.get("/api/docs/style.css").await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(!style.text().contains("url("));
    let dark = server.client.send(Method::GET, "/api/docs", &[("cookie", "a=b; theme=dark")], None).await;
    assert!(dark.text().contains("data-theme=\"dark\""));
}

/// Leptos may leave marks between texts, which browsers take for empty comments.
fn unmarked(html: &str) -> String {
    html.replace("<!>", "")
}

#[sqlx::test(migrations = "../migrations")]
async fn every_link_on_the_page_leads_somewhere(pool: PgPool) {
    let server = Server::start(&pool).await;
    let html = unmarked(&server.client.get("/api/docs").await.text());
    let ids: BTreeSet<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for target in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.contains(target), "#{target} is not on the page");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_line_for_curl_works(pool: PgPool) {
    let server = Server::start(&pool).await;
    let html = unmarked(&server.client.get("/api/docs").await.text());
    let lines: Vec<String> = html
        .split("<pre tabindex=\"0\">")
        .skip(1)
        .map(|rest| unescaped(rest.split("</pre>").next().unwrap()))
        .filter(|line| line.starts_with("curl "))
        .collect();
    let functions = app::ssr::access::server_functions().len();
    assert_eq!(lines.len(), rest::declared().len() + functions);
    let mut cookies: HashMap<String, String> = HashMap::new();
    let mut variables =
        HashMap::from([("HOLDFAST".to_owned(), String::new()), ("KEY".to_owned(), server.client.key.clone().unwrap())]);
    for line in &lines {
        if line.contains("/order_place") {
            // It was given back before.
            let held = server.client.post("/api/reservations", &hold("MUG-2", 1)).await.json();
            variables.insert("RESERVATION_ID".to_owned(), held["id"].as_str().unwrap().to_owned());
        }
        let request = parsed(line, &variables);
        let mut reply = request.sent(&server, &cookies).await;
        // The figures are read in the background.
        while reply.status == 503 && request.path.ends_with("/stats") {
            tokio::time::sleep(Duration::from_millis(50)).await;
            reply = request.sent(&server, &cookies).await;
        }
        assert!(reply.status.is_success(), "{line}\n{}: {}", reply.status, reply.text());
        if let (Some(jar), Some(cookie)) = (&request.jar_written, reply.header("set-cookie")) {
            cookies.insert(jar.clone(), cookie.split(';').next().unwrap().to_owned());
        }
        // What the page tells to take from an answer.
        let answer: serde_json::Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
        if let (Some(id), Some(name)) = (answer["id"].as_str(), named(&request)) {
            variables.insert(name.to_owned(), id.to_owned());
        }
        if let Some(number) = answer["number"].as_i64() {
            variables.insert("ORDER".to_owned(), number.to_string());
        }
        if let Some((_, link)) = answer["sign_in_link"].as_str().and_then(|path| path.split_once("link=")) {
            variables.insert("LINK".to_owned(), link.to_owned());
        }
    }
}

/// Where `docs/security.md` says what shows a thing, that must be there.
#[test]
fn the_tests_that_the_security_document_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut sources = String::new();
    for folder in ["app/src", "domain/src", "server/src", "server/tests", "store/src", "store/tests", "end2end/tests"] {
        gather(&root.join(folder), &mut sources);
    }
    let shown: Vec<&str> = text.lines().filter_map(|line| line.rsplit('|').nth(1)).collect();
    let named = shown.iter().flat_map(|shown| shown.split('`').skip(1).step_by(2)).filter(|name| name.contains("::"));
    let mut checked = 0;
    for name in named {
        let last = name.rsplit("::").next().unwrap();
        let is_there = sources.contains(&format!("fn {last}(")) || sources.contains(&format!("mod {last};"));
        assert!(is_there, "there is no {name}");
        checked += 1;
    }
    for title in shown.iter().flat_map(|shown| shown.split('"').skip(1).step_by(2)) {
        assert!(sources.contains(&format!("test(\"{title}\"")), "there is no test \"{title}\"");
    }
    assert!(checked > 50, "{checked}");
}

fn gather(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "ts") {
            sources.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// A request as a line for curl spells it.
struct Spelled {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    /// Files that cookies are read from and written to.
    jar_read: Option<String>,
    jar_written: Option<String>,
}

impl Spelled {
    async fn sent(&self, server: &Server, cookies: &HashMap<String, String>) -> Reply {
        let cookie = self.jar_read.as_ref().map(|jar| ("cookie", cookies[jar].as_str()));
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<(&str, &str)> = headers.chain(cookie).collect();
        server.client.stranger().send_raw(self.method.clone(), &self.path, &headers, self.body.clone()).await
    }
}

/// Reads a line as a shell and curl do, as far as the lines of the page go; anything else is an error.
fn parsed(line: &str, variables: &HashMap<String, String>) -> Spelled {
    let mut words = words(line, variables).into_iter();
    assert_eq!(words.next().as_deref(), Some("curl"));
    let (mut path, mut method, mut headers, mut data) = (String::new(), None, Vec::new(), Vec::new());
    let (mut jar_read, mut jar_written) = (None, None);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} without a value: {line}"));
        match word.as_str() {
            "-s" | "-sN" => {}
            "-X" => method = Some(value().parse().unwrap()),
            "-d" => data.push(value()),
            "-b" => jar_read = Some(value()),
            "-c" => jar_written = Some(value()),
            "-H" => {
                let header = value();
                let (name, value) = header.split_once(": ").unwrap();
                headers.push((name.to_lowercase(), value.to_owned()));
            }
            _ if word.starts_with('/') => path = word,
            _ => panic!("{word} is not understood: {line}"),
        }
    }
    if !data.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let method = method.unwrap_or(if data.is_empty() { Method::GET } else { Method::POST });
    Spelled { method, path, headers, body: data.join("&"), jar_read, jar_written }
}

/// Words between blanks; quotes keep them together, and double ones let variables in.
fn words(line: &str, variables: &HashMap<String, String>) -> Vec<String> {
    let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, line.chars().peekable());
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\n' => words.extend(word.take()),
            '\\' if chars.peek() == Some(&'\n') => {}
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '\'' => word.get_or_insert_default().extend(chars.by_ref().take_while(|char| *char != '\'')),
            '"' => {
                let quoted: String = chars.by_ref().take_while(|char| *char != '"').collect();
                word.get_or_insert_default().push_str(&filled(&quoted, variables));
            }
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

fn filled(text: &str, variables: &HashMap<String, String>) -> String {
    let mut parts = text.split('$');
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|char: char| !char.is_ascii_uppercase() && char != '_').unwrap_or(part.len());
        let value = variables.get(&part[..end]).unwrap_or_else(|| panic!("${} is not known: {text}", &part[..end]));
        filled.push_str(value);
        filled.push_str(&part[end..]);
    }
    filled
}

/// What the page calls the id in an answer.
fn named(request: &Spelled) -> Option<&'static str> {
    match (&request.method, request.path.as_str()) {
        (&Method::POST, "/api/reservations" | "/api/fn/reservation_hold") => Some("RESERVATION_ID"),
        (&Method::POST, "/api/users" | "/api/fn/user_create") => Some("USER_ID"),
        (&Method::POST, "/api/keys" | "/api/fn/key_create") => Some("KEY_ID"),
        _ => None,
    }
}

fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
