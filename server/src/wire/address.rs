//! Where a server is.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use http::Uri;

/// The address of a server that speaks plain HTTP, such as `http://127.0.0.1:8000`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Host and port, as they are looked up and as the `Host` header says them.
    authority: String,
}

/// The text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("must be an address such as http://127.0.0.1:8000")]
    Form,
    #[error("must begin with http://: name the server itself, not the proxy that speaks TLS before it")]
    Scheme,
    #[error("must name the server alone, without a path")]
    Path,
}

impl Address {
    /// `host:port`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let uri: Uri = text.parse().map_err(|_| AddressError::Form)?;
        let authority = uri.authority().ok_or(AddressError::Form)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some(_) => return Err(AddressError::Scheme),
            None => return Err(AddressError::Form),
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(AddressError::Path);
        }
        let port = authority.port_u16().unwrap_or(80);
        let host = authority.host();
        Ok(Self { authority: format!("{host}:{port}") })
    }
}

impl From<SocketAddr> for Address {
    /// Where a server that listens there can be reached from its own machine.
    fn from(mut address: SocketAddr) -> Self {
        if address.ip().is_unspecified() {
            match address {
                SocketAddr::V4(_) => address.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
                SocketAddr::V6(_) => address.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
            }
        }
        Self { authority: address.to_string() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_server_that_speaks_plain_http() {
        let cases = [
            ("http://127.0.0.1:8000", Ok("127.0.0.1:8000")),
            ("http://127.0.0.1:8000/", Ok("127.0.0.1:8000")),
            ("http://shop.example", Ok("shop.example:80")),
            ("http://[::1]:8000", Ok("[::1]:8000")),
            ("https://shop.example", Err(AddressError::Scheme)),
            ("http://shop.example/api", Err(AddressError::Path)),
            ("127.0.0.1:8000", Err(AddressError::Form)),
            ("", Err(AddressError::Form)),
        ];
        for (text, expected) in cases {
            let parsed = text.parse::<Address>();
            assert_eq!(parsed.as_ref().map(Address::authority).map_err(Clone::clone), expected, "{text}");
        }
    }

    #[test]
    fn who_listens_everywhere_is_reached_at_home() {
        let everywhere: SocketAddr = "0.0.0.0:8000".parse().unwrap();
        assert_eq!(Address::from(everywhere).to_string(), "http://127.0.0.1:8000");
    }
}
