//! Vendors. Each adapter is a transport and pure transformers; none knows the others or the domain.

pub mod bxml;
pub mod carriers;
mod elements;
pub mod mail;
pub mod payments;
pub mod sip;
pub mod switchboards;
pub mod twiml;
pub mod wire;

/// Chooses the TLS implementation of the process, once; whoever makes an HTTP client needs it.
/// A second call changes nothing.
pub fn choose_tls() {
    // An error says that it is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
