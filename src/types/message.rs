//! Messages: their states.

use crate::text_enum;

text_enum! {
    /// A message's state, whatever a carrier calls it. A word that nobody knows is `queued`: on
    /// its way, never arrived.
    MessageStatus {
        /// The carrier has it.
        Queued = "queued",
        /// On its way.
        Sent = "sent",
        /// On the handset.
        Delivered = "delivered",
        /// The network could not deliver it.
        Undelivered = "undelivered",
        /// The carrier would not send it.
        Failed = "failed",
        /// It came to us.
        Received = "received",
    }
}
