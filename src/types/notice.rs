//! Notifications: what they are about.

use crate::text_enum;

text_enum! {
    /// What a notification is about; people choose channels by it.
    NoticeKind {
        /// The installation and what one has in it.
        System = "system",
        /// Invoices, payments, balance.
        Billing = "billing",
        /// Calls.
        Call = "call",
        /// Messages.
        Message = "message",
        /// Sign-in and access.
        Security = "security",
        /// Offers.
        Marketing = "marketing",
        /// Answers from support.
        Support = "support",
    }
}

impl NoticeKind {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::System => "Service",
            Self::Billing => "Billing",
            Self::Call => "Calls",
            Self::Message => "Messages",
            Self::Security => "Security",
            Self::Marketing => "News",
            Self::Support => "Support",
        }
    }
}
