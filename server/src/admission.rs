//! Who is let in, how often, and over which kind of connection: what the settings say about the door.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use app::ssr::credentials::Transport;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use domain::actor::Actor;
use domain::problem::Problem;
use store::limits::{Limiter, network};

use crate::config::{PublicUrl, RateArgs};

/// The settings of the door, and the counts that go with them.
#[derive(Debug)]
pub struct Admission {
    pub(crate) transport: Transport,
    /// The origin of our own pages where it can't be told from a request: behind a proxy.
    pub(crate) public_origin: Option<String>,
    /// How many proxies stand before the server, each adding to `X-Forwarded-For`.
    proxies: u8,
    by_key: Limiter<Actor>,
    by_user: Limiter<Actor>,
    by_network: Limiter<IpAddr>,
}

impl Admission {
    pub fn new(public_url: Option<&PublicUrl>, proxies: u8, rates: &RateArgs) -> Self {
        Self {
            transport: public_url.map_or(Transport::Plain, PublicUrl::transport),
            public_origin: public_url.map(|url| url.as_str().to_owned()),
            proxies,
            by_key: Limiter::per_minute(rates.requests_per_minute_key),
            by_user: Limiter::per_minute(rates.requests_per_minute_user),
            by_network: Limiter::per_minute(rates.requests_per_minute_address),
        }
    }

    /// Counts a request of somebody known.
    ///
    /// # Errors
    /// [`Problem::RateLimited`].
    pub(crate) fn count(&self, actor: Actor) -> Result<(), Problem> {
        match actor {
            Actor::Key(_) => self.by_key.check(actor),
            Actor::User(_) | Actor::Local | Actor::System(_) => self.by_user.check(actor),
        }
    }

    /// Counts a request of somebody who is not known, or not yet.
    ///
    /// # Errors
    /// [`Problem::RateLimited`].
    pub(crate) fn count_stranger(&self, address: IpAddr) -> Result<(), Problem> {
        self.by_network.check(network(address))
    }

    /// Where a request comes from: the other end of the connection, or what the outermost of our own proxies
    /// saw there. What a client writes into the header itself stands further left and is not looked at.
    pub(crate) fn address(&self, request: &Request) -> IpAddr {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        forwarded(request.headers(), self.proxies).unwrap_or(peer).to_canonical()
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self::new(None, 0, &RateArgs::default())
    }
}

fn forwarded(headers: &HeaderMap, proxies: u8) -> Option<IpAddr> {
    let places_from_right = usize::from(proxies).checked_sub(1)?;
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let hop = hops.iter().rev().nth(places_from_right)?;
    hop.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn from(proxies: u8, forwarded: &[&str]) -> String {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4000))));
        Admission::new(None, proxies, &RateArgs::default()).address(&request).to_string()
    }

    #[test]
    fn an_address_is_what_our_own_proxies_say() {
        assert_eq!(from(0, &["192.0.2.7"]), "10.0.0.1", "nobody's word is taken");
        assert_eq!(from(1, &[]), "10.0.0.1");
        assert_eq!(from(1, &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(from(1, &["203.0.113.9, 192.0.2.7"]), "192.0.2.7", "a client wrote the first");
        assert_eq!(from(2, &["203.0.113.9, 192.0.2.7", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(from(1, &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(from(1, &["nonsense"]), "10.0.0.1");
    }
}
