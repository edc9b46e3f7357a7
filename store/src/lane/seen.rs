//! Which idempotency keys came this way lately.
//!
//! A key that is new need not be looked up before its request is decided: should it be taken after all,
//! the database refuses it as it is written. A key that comes again is looked up at once, so that a crowd
//! of repetitions does not make batch after batch run twice. What is forgotten costs such a second run.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use crate::idempotency::{Claim, Standing};

/// How many keys a generation has; two are remembered.
const GENERATION: usize = 1 << 16;

#[derive(Default, Debug)]
pub(super) struct Seen {
    hasher: RandomState,
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Seen {
    /// Takes note of a caller's key, and says in the claim whether it was here before.
    pub(super) fn note(&mut self, claim: &mut Claim) {
        match claim.standing {
            Standing::Own | Standing::Seen => return,
            Standing::New => {}
        }
        let key = self.hasher.hash_one((&claim.key, &claim.caller));
        if self.old.contains(&key) || !self.young.insert(key) {
            claim.standing = Standing::Seen;
        }
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;
    use crate::request::Fingerprint;

    fn claim(caller: &str) -> Claim {
        Claim {
            key: ids::idempotency_key(),
            caller: caller.to_owned(),
            fingerprint: Fingerprint([0; 32]),
            standing: Standing::New,
        }
    }

    #[test]
    fn a_key_is_known_again_until_two_generations_later() {
        let mut seen = Seen::default();
        let first = claim("local");
        let mut standing = |claim: &Claim| {
            let mut claim = claim.clone();
            seen.note(&mut claim);
            claim.standing
        };
        assert_eq!(standing(&first), Standing::New);
        assert_eq!(standing(&first), Standing::Seen);
        assert_eq!(standing(&Claim { caller: "other".to_owned(), ..first.clone() }), Standing::New);
        for _ in 0..GENERATION {
            standing(&claim("local"));
        }
        assert_eq!(standing(&first), Standing::Seen);
        for _ in 0..2 * GENERATION {
            standing(&claim("local"));
        }
        assert_eq!(standing(&first), Standing::New);
    }

    #[test]
    fn a_key_of_our_own_is_not_noted() {
        let mut seen = Seen::default();
        let mut own = Claim { standing: Standing::Own, ..claim("local") };
        for _ in 0..2 {
            seen.note(&mut own);
            assert_eq!(own.standing, Standing::Own);
        }
    }
}
