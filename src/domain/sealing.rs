//! Secrets of others that must be used again, and so cannot be hashed: closed with the
//! installation's key (AES-256-GCM) before they are stored, and never shown on a page.

use crate::Fault;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::sync::Arc;

/// Opens and closes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Seal(Arc<SecretBox<[u8; 32]>>);

impl Seal {
    /// With the installation's key, which is used for nothing but to make another.
    pub fn new(installation: &[u8; 32]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, installation);
        let mut own = [0; 32];
        // HMAC-SHA256 makes exactly as much.
        for (to, from) in own.iter_mut().zip(hmac::sign(&key, b"voxlink seal 1").as_ref()) {
            *to = *from;
        }
        Self(Arc::new(SecretBox::new(Box::new(own))))
    }

    fn key(&self) -> Result<LessSafeKey, Fault> {
        UnboundKey::new(&AES_256_GCM, self.0.expose_secret())
            .map(LessSafeKey::new)
            .map_err(|_| Fault::Internal("the sealing key has a wrong length".to_owned()))
    }

    /// Closes a secret for one place (table, column, row), where alone it can be opened again.
    pub fn close(&self, secret: &SecretString, place: &str) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut closed = secret.expose_secret().as_bytes().to_vec();
        self.key()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut closed,
            )
            .map_err(|_| Fault::Internal("a secret cannot be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &closed].concat())
    }

    /// Opens what was closed for this place.
    pub fn open(&self, closed: &[u8], place: &str) -> Result<SecretString, Fault> {
        let wrong = || {
            let why = "it cannot be opened: is SECRET_KEY the one that it was sealed with?";
            Fault::inconsistent(place, why)
        };
        let (nonce, rest) = closed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut rest = rest.to_vec();
        let key = self.key()?;
        let open = key
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut rest)
            .map_err(|_| wrong())?;
        let text = std::str::from_utf8(open).map_err(|_| wrong())?;
        Ok(text.to_owned().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_opens_with_the_same_key_at_the_same_place_only() {
        let seal = Seal::new(&[7; 32]);
        let secret = SecretString::from("pässword");
        let closed = seal.close(&secret, "sip_trunks first").unwrap();
        assert_ne!(closed, seal.close(&secret, "sip_trunks first").unwrap());
        assert!(!closed.windows(4).any(|w| w == b"word"));
        assert_eq!(seal.open(&closed, "sip_trunks first").unwrap().expose_secret(), "pässword");
        assert!(seal.open(&closed, "sip_trunks second").is_err());
        assert!(Seal::new(&[8; 32]).open(&closed, "sip_trunks first").is_err());
        let mut changed = closed.clone();
        changed[14] ^= 1;
        assert!(seal.open(&changed, "sip_trunks first").is_err());
        assert!(seal.open(&closed[..5], "sip_trunks first").is_err());
    }
}
