//! A server's door, with what opens it: requests as bytes, ready to be written.

use std::fmt::{self, Write as _};

use super::Address;

/// Headers that say who asks, as whoever started a run sent them: `Authorization`, or the cookie of a
/// session. They never show in a log.
#[derive(Clone, Default)]
pub struct Credentials(Vec<(&'static str, String)>);

/// A server, and who knocks.
#[derive(Clone, Debug)]
pub struct Door {
    address: Address,
    credentials: Credentials,
}

impl Credentials {
    /// Those of an API key; none where there is no key.
    pub fn key(key: Option<&str>) -> Self {
        Self(key.map(|key| ("authorization", format!("Bearer {key}"))).into_iter().collect())
    }

    /// Headers taken over from another request. What could end a header early is left out.
    pub fn headers(headers: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let is_one_line = |(_, value): &(&str, String)| !value.contains(['\r', '\n']);
        Self(headers.into_iter().filter(is_one_line).collect())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| *name).collect();
        f.debug_tuple("Credentials").field(&names).finish()
    }
}

impl Door {
    pub fn new(address: Address, credentials: Credentials) -> Self {
        Self { address, credentials }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// A request without a body.
    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        self.request("GET", path, None, None)
    }

    /// A change under its key; `body` is JSON.
    pub(crate) fn change(&self, method: &str, path: &str, key: &str, body: &str) -> Vec<u8> {
        self.request(method, path, Some(key), Some(body))
    }

    fn request(&self, method: &str, path: &str, key: Option<&str>, body: Option<&str>) -> Vec<u8> {
        let mut head = String::with_capacity(512);
        // Writing to a string does not fail.
        let _ = write!(head, "{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address.authority());
        for (name, value) in &self.credentials.0 {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if let Some(key) = key {
            let _ = write!(head, "idempotency-key: {key}\r\n");
        }
        if let Some(body) = body {
            let _ = write!(head, "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        } else {
            head.push_str("\r\n");
        }
        head.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_the_server_reads_it() {
        let address: Address = "http://127.0.0.1:8000".parse().unwrap();
        let door = Door::new(address, Credentials::key(Some("hf_secret")));
        assert_eq!(
            String::from_utf8(door.change("POST", "/api/orders", "k-1", "{}")).unwrap(),
            "POST /api/orders HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nauthorization: Bearer hf_secret\r\n\
             idempotency-key: k-1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        );
        assert!(door.get("/readyz").ends_with(b"hf_secret\r\n\r\n"));
        assert!(!format!("{door:?}").contains("secret"));
    }

    #[test]
    fn a_header_can_not_bring_another_one_along() {
        let credentials = Credentials::headers([("cookie", "a=b\r\nx: y".to_owned()), ("cookie", "c=d".to_owned())]);
        assert_eq!(credentials.0, [("cookie", "c=d".to_owned())]);
    }
}
