//! Papers: what a carrier wants to see with the purchase of a number.

use crate::text_enum;

text_enum! {
    /// A paper that was left with a carrier and goes with a purchase by the carrier's own id of it.
    Paper {
        /// The address of the end user.
        Address = "address",
        /// Approved documents: a bundle, a requirement group.
        Bundle = "bundle",
        /// The end user's identity.
        Identity = "identity",
        /// The address for emergency calls.
        EmergencyAddress = "emergency_address",
    }
}

impl Paper {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Address => "Address",
            Self::Bundle => "Approved documents",
            Self::Identity => "Identity",
            Self::EmergencyAddress => "Emergency address",
        }
    }

    /// Whether it is what is asked for before a number may be used; the others only go with it.
    pub const fn shows(self) -> bool {
        matches!(self, Self::Address | Self::Bundle)
    }
}
