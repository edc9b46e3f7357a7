//! Configuration: flags, each with an environment variable to fall back on. `--help` prints them with
//! their units and defaults.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use app::ssr::credentials::Transport;
use axum::http::Uri;
use clap::Args;

/// Which database to work on.
#[derive(Clone, Args)]
pub struct DatabaseArgs {
    /// The Postgres to use (15 or later), as its owner: migrations run through it. Without it Holdfast
    /// runs one of its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// The login that serves, on the same database. It is given the rights it needs, which do not
    /// include changing the journal. Without it the owner serves.
    #[arg(long, env = "DATABASE_APP_URL", hide_env_values = true, value_name = "URL", requires = "database_url")]
    pub database_app_url: Option<String>,

    /// Where Holdfast's own Postgres keeps its data between runs [default: holdfast in the user's data
    /// folder, /var/lib/holdfast for root].
    #[arg(long, env = "HOLDFAST_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// The folder with the programs of Postgres [default: looked for].
    #[arg(long, env = "HOLDFAST_POSTGRES_BIN", value_name = "FOLDER")]
    pub postgres_bin: Option<PathBuf>,

    /// The most connections to keep open to the database, beside five for the lanes, the sweep and the
    /// reader of the journal.
    #[arg(long, env = "HOLDFAST_DATABASE_CONNECTIONS", value_name = "COUNT", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub database_connections: u32,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on. Others than this machine's own need TLS before them: see --public-url.
    #[arg(long, env = "HOLDFAST_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,

    /// What browsers call this server, such as https://stock.example.com [default: http:// and the address
    /// it listens on]. Set it where a proxy before the server speaks TLS: with https:// the session's
    /// cookie is sent over TLS alone, and browsers are told to use nothing else. The proxy must pass the
    /// Host header on.
    #[arg(long, env = "HOLDFAST_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// How many proxies of your own stand before the server. Each adds to X-Forwarded-For the address it
    /// was asked from; clients are told apart by the one that the outermost saw.
    #[arg(long, env = "HOLDFAST_PROXIES", value_name = "COUNT", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(0..=10))]
    pub proxies: u8,

    #[command(flatten)]
    pub rates: RateArgs,

    #[command(flatten)]
    pub first_admin: FirstAdminArgs,
    /// How many may read /api/events at once. Each holds a connection.
    #[arg(long, env = "HOLDFAST_EVENT_READERS", value_name = "COUNT", default_value_t = 2_000,
          value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub event_readers: u32,

    /// How many products are remembered with their stock, so that reading them costs the database nothing.
    /// A thousand take about a megabyte.
    #[arg(long, env = "HOLDFAST_PRODUCTS_REMEMBERED", value_name = "COUNT", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    pub products_remembered: u64,

    /// The folder with the files of the pages [default: site, beside the program].
    #[arg(long, env = "LEPTOS_SITE_ROOT", value_name = "FOLDER")]
    pub site_root: Option<PathBuf>,

    /// How many seconds requests under way are given to end when the server is told to stop.
    #[arg(long, env = "HOLDFAST_SHUTDOWN_SECONDS", value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(0..=600))]
    pub shutdown_seconds: u64,
}

/// How often somebody may ask. What was used comes back evenly over a minute; all of it may be used at once.
#[derive(Clone, Debug, Args)]
pub struct RateArgs {
    /// How many requests a minute one API key may send; 0 for no limit.
    #[arg(long, env = "HOLDFAST_REQUESTS_PER_MINUTE_KEY", value_name = "COUNT", default_value_t = 60_000)]
    pub requests_per_minute_key: u32,

    /// How many requests a minute one user may send; 0 for no limit.
    #[arg(long, env = "HOLDFAST_REQUESTS_PER_MINUTE_USER", value_name = "COUNT", default_value_t = 6_000)]
    pub requests_per_minute_user: u32,

    /// How many requests a minute may come from one address without a valid key or session; 0 for no limit.
    #[arg(long, env = "HOLDFAST_REQUESTS_PER_MINUTE_ADDRESS", value_name = "COUNT", default_value_t = 600)]
    pub requests_per_minute_address: u32,

    /// How many tries to sign in a minute one address has, and how many each email; 0 for no limit.
    #[arg(long, env = "HOLDFAST_SIGN_INS_PER_MINUTE", value_name = "COUNT",
          default_value_t = store::SIGN_INS_PER_MINUTE)]
    pub sign_ins_per_minute: u32,
}

impl Default for RateArgs {
    fn default() -> Self {
        Self {
            requests_per_minute_key: 60_000,
            requests_per_minute_user: 6_000,
            requests_per_minute_address: 600,
            sign_ins_per_minute: store::SIGN_INS_PER_MINUTE,
        }
    }
}

/// The admin that is made where there is no user yet.
#[derive(Clone, Debug, Args)]
pub struct FirstAdminArgs {
    /// The email by which the first admin signs in, who is made where there is no user yet.
    #[arg(long, env = "HOLDFAST_ADMIN_EMAIL", value_name = "EMAIL", default_value = "admin@localhost")]
    pub admin_email: String,

    /// The first admin's password, of 12 to 128 characters [default: one is made and printed, once]. Better
    /// set in the environment: other users of the machine can read command lines.
    #[arg(long, env = "HOLDFAST_ADMIN_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub admin_password: Option<Hidden>,
}

/// A setting that is not printed.
#[derive(Clone)]
pub struct Hidden(String);

impl Hidden {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

/// Where browsers reach a server: a scheme and a host, with a port or without, as they write it in `Origin`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicUrl {
    origin: String,
    transport: Transport,
}

/// The text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be http:// or https:// and a host, such as https://stock.example.com")]
pub struct PublicUrlError;

impl PublicUrl {
    /// Plain HTTP at this address.
    pub fn plain(address: SocketAddr) -> Self {
        Self { origin: format!("http://{address}"), transport: Transport::Plain }
    }

    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.origin
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let uri: Uri = text.parse().map_err(|_| PublicUrlError)?;
        let (transport, usual_port) = match uri.scheme_str() {
            Some("https") => (Transport::Tls, 443),
            Some("http") => (Transport::Plain, 80),
            _ => return Err(PublicUrlError),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let (Some(authority), "" | "/", None) = (authority, uri.path(), uri.query()) else {
            return Err(PublicUrlError);
        };
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port_u16().filter(|port| *port != usual_port);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let scheme = uri.scheme_str().unwrap_or_default();
        Ok(Self { origin: format!("{scheme}://{host}{port}"), transport })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// Addresses may hold passwords: they are left out.
impl fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseArgs")
            .field("data_dir", &self.data_dir)
            .field("postgres_bin", &self.postgres_bin)
            .field("database_connections", &self.database_connections)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_written_as_browsers_write_an_origin() {
        let cases = [
            ("https://Stock.example.com", "https://stock.example.com", Transport::Tls),
            ("https://stock.example.com:443/", "https://stock.example.com", Transport::Tls),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000", Transport::Plain),
            ("http://[::1]:8000", "http://[::1]:8000", Transport::Plain),
        ];
        for (text, origin, transport) in cases {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.transport()), (origin, transport), "{text}");
        }
        for text in ["", "stock.example.com", "ftp://a", "https://a/b", "https://a?b", "https://u:p@a", "/"] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError), "{text:?}");
        }
    }

    #[test]
    fn a_password_is_not_printed() {
        let args = FirstAdminArgs {
            admin_email: "admin@localhost".to_owned(),
            admin_password: Some(Hidden("only for this test".to_owned())),
        };
        assert!(!format!("{args:?}").contains("only"));
    }
}
