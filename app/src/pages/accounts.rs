//! Register, sign in and out, devices, profile.

use crate::Route;

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
