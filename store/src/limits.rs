//! How often somebody may ask: so many times a minute, all at once or spread out. Kept in this server's
//! memory, for a bounded number of askers: it protects the server, nothing that must be right rests on it.

use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::problem::Problem;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::sync::Cache;

/// How many askers are remembered. Beyond that the ones seen least are forgotten.
const ASKERS_MAX: u64 = 50_000;
/// Who has not asked for so long may ask as often as at first, so nothing is lost by forgetting.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(61);

/// Counts for each asker `K` by itself, by the generic cell rate algorithm: what was used comes back evenly
/// over a minute.
pub struct Limiter<K> {
    /// `None` where there is no limit.
    quota: Option<Quota>,
    askers: Cache<K, Arc<DefaultDirectRateLimiter>>,
}

impl<K: Hash + Eq + Send + Sync + 'static> Limiter<K> {
    /// Zero is no limit.
    pub fn per_minute(count: u32) -> Self {
        let quota = NonZeroU32::new(count).map(Quota::per_minute);
        let askers = Cache::builder().max_capacity(ASKERS_MAX).time_to_idle(FORGOTTEN_AFTER).build();
        Self { quota, askers }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// [`Problem::RateLimited`], with the seconds until the next one will be taken.
    pub fn check(&self, asker: K) -> Result<(), Problem> {
        let Some(quota) = self.quota else { return Ok(()) };
        let limiter = self.askers.get_with(asker, || Arc::new(RateLimiter::direct(quota)));
        limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            // Whole seconds, and never "now": it would be refused again.
            let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
            Problem::RateLimited { retry_after_seconds: seconds.max(1) }
        })
    }

    /// Lets the asker begin anew.
    pub fn forget(&self, asker: &K) {
        self.askers.invalidate(asker);
    }
}

/// The network of an address, for counting by: who has one address of IPv6 has at least 2^64 of them.
pub fn network(address: IpAddr) -> IpAddr {
    const PREFIX: u128 = !0 << 64;
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & PREFIX)),
    }
}

impl<K> fmt::Debug for Limiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("quota", &self.quota).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_asker_has_its_own_count_and_learns_when_to_come_back() {
        let limiter = Limiter::per_minute(3);
        for _ in 0..3 {
            assert_eq!(limiter.check("a"), Ok(()));
        }
        let Err(Problem::RateLimited { retry_after_seconds }) = limiter.check("a") else { panic!("not limited") };
        assert!((1..=20).contains(&retry_after_seconds), "{retry_after_seconds}");
        assert_eq!(limiter.check("b"), Ok(()));
        limiter.forget(&"a");
        assert_eq!(limiter.check("a"), Ok(()));
    }

    #[test]
    fn whoever_has_a_network_of_ipv6_counts_as_one() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn zero_is_no_limit() {
        let limiter = Limiter::per_minute(0);
        assert!((0..10_000).all(|_| limiter.check(()).is_ok()));
    }
}
