//! Passwords are hashed with argon2id, so that a stolen table is worth little: at the cost that OWASP's
//! password storage cheat sheet asks for (19 MiB, two passes), which is some 30 ms of a core for each try.
//! So few run at once, few more may wait, and beyond that the server is busy.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use domain::account::{Password, PasswordError};
use domain::problem::Problem;
use tokio::sync::Semaphore;
use zxcvbn::Score;

use crate::error::{StoreError, corrupt};

/// How many may wait for each that runs.
const WAITING_PER_RUNNING: usize = 16;
/// Half of the cores at most are kept busy with passwords: the rest sells.
const CORES_SHARE: usize = 2;

/// The hash of no password: to be compared with where there is no user, which then takes as long as where
/// there is one.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdA$Wm2Zc1Hk8y0vY3J5c3RhbC1ub2JvZHktaGFzLXRoaXM";

/// Hashes passwords, so many at once.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let running = (cores / CORES_SHARE).max(1);
        Self {
            admitted: Arc::new(Semaphore::new(running * (1 + WAITING_PER_RUNNING))),
            running: Arc::new(Semaphore::new(running)),
        }
    }
}

impl Passwords {
    /// The hash of a password that is to be set. `field` is what it was called when it was typed, `about`
    /// what an intruder would try first: the user's name and email.
    ///
    /// # Errors
    /// `invalid_input` where it is easily guessed, `busy`.
    pub(crate) async fn hash(
        &self,
        password: &Password,
        field: &'static str,
        about: Vec<String>,
    ) -> Result<String, StoreError> {
        let password = password.clone();
        self.run(move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            if zxcvbn::zxcvbn(password.reveal(), &about).score() < Score::Two {
                return Err(Problem::field(field, PasswordError::TooCommon.to_string()).into());
            }
            let hash = argon2().hash_password(password.reveal().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| corrupt("a password's hash", error))
        })
        .await
    }

    /// Whether this is the password of the hash; nobody's, where there is none. Takes the same time either
    /// way.
    ///
    /// # Errors
    /// `busy`.
    pub(crate) async fn verify(&self, password: &Password, hash: Option<&str>) -> Result<bool, StoreError> {
        let (password, is_somebodys) = (password.clone(), hash.is_some());
        let hash = hash.unwrap_or(NOBODYS).to_owned();
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| corrupt("users.password_hash", error))?;
            let verified = argon2().verify_password(password.reveal().as_bytes(), &hash);
            Ok(verified.is_ok() && is_somebodys)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let busy = || StoreError::Refused(Problem::Busy { retry_after_seconds: 1 });
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| busy())?;
        let running = self.running.clone().acquire_owned().await.map_err(|_| busy())?;
        // The permits go along: whoever leaves meanwhile does not make room for more than may run.
        let work = move || {
            let result = work();
            drop((running, admitted));
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Interrupted)?
    }
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

#[cfg(test)]
mod tests {
    use domain::text::{Email, Name};

    use super::super::users::about;
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let passwords = Passwords::default();
        let right = password("tin mug with a blue rim");
        let hash = passwords.hash(&right, "password", Vec::new()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(&right, Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&password("tin mug with a red rim"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&right, None).await.unwrap());
        assert_ne!(passwords.hash(&right, "password", Vec::new()).await.unwrap(), hash, "each has its own salt");
    }

    #[tokio::test]
    async fn what_everybody_tries_first_is_refused() {
        let passwords = Passwords::default();
        let email = Email::new("ada.lovelace@example.com").unwrap();
        let about = || about(&email, &Name::new("Ada Lovelace").unwrap());
        for common in ["password1234", "123456789012", "qwertyuiop123", "iloveyou1234", "AdaLovelace1", "unbelievable"]
        {
            let refused = passwords.hash(&password(common), "new", about()).await.unwrap_err().problem();
            assert_eq!(refused.field_errors()[0].field, "new", "{common}");
        }
        for good in ["correct horse battery", "fuchsia-lantern-oboe", "8fK2mvQ0zr7Ty"] {
            assert!(passwords.hash(&password(good), "new", about()).await.is_ok(), "{good}");
        }
    }

    #[tokio::test]
    async fn a_crowd_is_told_that_the_server_is_busy() {
        let passwords = Passwords::default();
        let admitted = passwords.admitted.available_permits();
        let crowd = (0..admitted + 5).map(|_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.verify(&password("tin mug with a blue rim"), None).await })
        });
        let mut busy = 0;
        for one in crowd.collect::<Vec<_>>() {
            match one.await.unwrap() {
                Ok(verified) => assert!(!verified),
                Err(error) => {
                    assert_eq!(error.problem().code(), "busy");
                    busy += 1;
                }
            }
        }
        assert!((1..=5).contains(&busy), "{busy}");
    }
}
