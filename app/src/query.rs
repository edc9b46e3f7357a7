//! Query strings, read and written the same way by server and browser. The router's own map decodes
//! twice, which turns a SKU such as `50%25` into another one.

/// The parameters of a query string or of a form in their order, decoded once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Query(pub(crate) Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(decoded).collect())
    }

    /// The parameter, where it is there and not empty; the last one, where it is there twice.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }

    /// Without the parameters of this name.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(key, _)| key != name);
        self
    }

    /// As it stands in an address, with the question mark where it says anything.
    pub(crate) fn written(&self) -> String {
        let pairs: Vec<(&str, &str)> = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        to_query(&pairs)
    }

    /// Every value of a parameter that may be there several times.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }
}

/// `?a=1&b=2` of the parameters that are not empty; nothing at all where none is left.
pub(crate) fn to_query(pairs: &[(&str, &str)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let text: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if text.is_empty() { String::new() } else { format!("?{}", text.join("&")) }
}

/// Percent-encodes all but the characters that mean nothing anywhere in a URL.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn decoded((name, value): (&str, &str)) -> (String, String) {
    (decode(name), decode(value))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, left) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, left @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, left),
                _ => (b'%', after),
            },
            (byte, _) => (*byte, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        for text in ["85123A", "a/b?c=d&e", "50%25", "%41", "größe + ☕", " "] {
            let query = to_query(&[("empty", ""), ("q", text)]);
            assert_eq!(Query::parse(&query).get("q").as_deref(), Some(text), "{query}");
        }
        assert_eq!(to_query(&[("q", "")]), "");
    }

    #[test]
    fn broken_escapes_stand_for_themselves() {
        let query = Query::parse("?a=100%&b=%4&c=%zz&d=1+2&e&d=3");
        assert_eq!(query.get("a").as_deref(), Some("100%"));
        assert_eq!(query.get("b").as_deref(), Some("%4"));
        assert_eq!(query.get("c").as_deref(), Some("%zz"));
        assert_eq!(query.get("d").as_deref(), Some("3"));
        assert_eq!(query.get("e"), None);
    }
}
