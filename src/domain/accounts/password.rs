//! Passwords: what is accepted, and argon2id on threads of its own.
//!
//! Hashing takes some 30 ms and 19 MiB. It has its own few threads and a short queue, so that a
//! flood of sign-ins can neither starve a ringing phone nor eat the memory; who finds the queue
//! full is told to come back.

use super::AccountError;
use crate::Fault;
use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{PasswordHash, SaltString},
};
use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization;

/// Least characters of a password while there is no second factor (NIST SP 800-63B-4).
pub const MIN_LENGTH: usize = 15;
/// Most characters: long sentences are welcome, megabytes are not.
pub const MAX_LENGTH: usize = 1000;
/// Hashes running or waiting at once.
const IN_FLIGHT: usize = 4;
/// Longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(1);
/// What `Busy` tells as the time to come back.
const COME_BACK: u64 = 2;
/// 19 MiB, two passes, one lane: OWASP's argon2id setting.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Passwords of 15 characters and more that lists of stolen ones hold.
const COMMON: &str = include_str!("common_passwords.txt");

/// Says whether a new password will do; `about` are the person's own words (address, name,
/// company), which must not be the password.
pub fn check(password: &str, about: &[&str]) -> Result<(), String> {
    let text: String = password.nfc().collect();
    let length = text.chars().count();
    if length < MIN_LENGTH {
        return Err(format!(
            "Use at least {MIN_LENGTH} characters: a short sentence is easy to remember."
        ));
    }
    if length > MAX_LENGTH {
        return Err(format!("Use at most {MAX_LENGTH} characters."));
    }
    let plain = text.to_lowercase();
    let known = COMMON.lines().any(|word| word == plain)
        || repeats(&plain)
        || about.iter().any(|word| !word.is_empty() && word.to_lowercase() == plain);
    if known {
        return Err("This password is easy to guess. Choose another one.".to_owned());
    }
    Ok(())
}

/// True for `aaaaaaaaaaaaaaa`, `passwordpassword`: one unit of up to eight characters over and over.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=8).any(|unit| chars.iter().enumerate().all(|(i, c)| *c == chars[i % unit]))
}

/// A new hash, in PHC form.
pub async fn hash(password: &str) -> Result<String, AccountError> {
    let text: String = password.nfc().collect();
    run(move || {
        let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
        Ok(argon2()?.hash_password(text.as_bytes(), &salt)?.to_string())
    })
    .await
}

/// What verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The password is right.
    pub right: bool,
    /// The hash was made with another setting and should be made anew.
    pub stale: bool,
}

/// Compares with a stored hash. `None` (no such account) takes the same time and is never right.
pub async fn verify(password: &str, stored: Option<&str>) -> Result<Verified, AccountError> {
    let text: String = password.nfc().take(MAX_LENGTH).collect();
    let known = stored.is_some();
    // Chosen and copied here: the thread that hashes does the same with the same memory for both. It
    // once copied the one for unknown accounts itself, and whoever came next waited 3 ms longer.
    let stored = match stored {
        Some(hash) => hash.to_owned(),
        None => dummy().map_err(failed)?.clone(),
    };
    run(move || {
        let parsed = PasswordHash::new(&stored)?;
        let right = argon2()?.verify_password(text.as_bytes(), &parsed).is_ok();
        let setting = Params::try_from(&parsed)?;
        let stale = (setting.m_cost(), setting.t_cost(), setting.p_cost()) != COST;
        Ok(Verified { right: right && known, stale })
    })
    .await
}

fn argon2() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(COST.0, COST.1, COST.2, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash that unknown accounts are compared with, made once per process.
fn dummy() -> Result<&'static String, argon2::password_hash::Error> {
    static DUMMY: OnceLock<String> = OnceLock::new();
    if let Some(hash) = DUMMY.get() {
        return Ok(hash);
    }
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
    let made = argon2()?.hash_password(&rand::random::<[u8; 32]>(), &salt)?.to_string();
    Ok(DUMMY.get_or_init(|| made))
}

/// Makes the first hash and the threads, so that the first sign-in takes no longer than others.
pub fn warm() {
    let _ = dummy();
    let _ = pool();
}

type Work = Box<dyn FnOnce() + Send>;

struct Pool {
    places: Semaphore,
    work: mpsc::Sender<Work>,
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| {
        let (work, waiting) = mpsc::channel::<Work>();
        let waiting = Arc::new(Mutex::new(waiting));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(cores / 2).max(1) {
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = next else { return };
                    job();
                }
            });
        }
        Pool { places: Semaphore::new(IN_FLIGHT), work }
    })
}

async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, argon2::password_hash::Error> + Send + 'static,
) -> Result<T, AccountError> {
    let pool = pool();
    let Ok(Ok(place)) = tokio::time::timeout(PATIENCE, pool.places.acquire()).await else {
        return Err(AccountError::Busy(COME_BACK));
    };
    let (done, answer) = oneshot::channel();
    let job: Work = Box::new(move || {
        // The place is given back when the hash is done, also if nobody waits for it any more.
        let _place = place;
        let _ = done.send(work());
    });
    let lost = || Fault::Internal("the hashing threads are gone".to_owned());
    pool.work.send(job).map_err(|_| lost())?;
    let made = answer.await.map_err(|_| lost())?;
    Ok(made.map_err(failed)?)
}

fn failed(error: argon2::password_hash::Error) -> Fault {
    Fault::Internal(format!("argon2: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_guessability_decide_and_nothing_else() {
        assert!(check("correct horse battery", &[]).is_ok());
        assert!(check("ÄÖÜ ist das Wort", &[]).is_ok(), "no rules of composition");
        let long = "x1".repeat(501);
        for bad in [
            "short",
            "fourteen chars",
            &long,
            "aaaaaaaaaaaaaaaa",
            "passwordpassword",
            "qwertyuiopasdfghjkl",
            "Owner@Example.Com",
        ] {
            assert!(check(bad, &["owner@example.com"]).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn one_password_in_two_spellings_of_unicode_is_one_password() {
        let composed = hash("caf\u{e9} au lait, s'il vous pla\u{ee}t").await.unwrap();
        let found =
            verify("cafe\u{301} au lait, s'il vous plai\u{302}t", Some(&composed)).await.unwrap();
        assert_eq!(found, Verified { right: true, stale: false });
        assert!(!verify("something else entirely", Some(&composed)).await.unwrap().right);
        assert!(!verify("something else entirely", None).await.unwrap().right);
    }
}
