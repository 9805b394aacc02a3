//! Orders, their items' sagas, payments and invoices: lifecycles.

use crate::text_enum;

text_enum! {
    /// Where an order stands.
    OrderState {
        /// Placed; its money is not set aside yet (a card page is open).
        Pending = "pending",
        /// The worker buys.
        Processing = "processing",
        /// All had, all charged.
        Completed = "completed",
        /// Some had and charged, the rest released.
        Partial = "partial",
        /// None had, nothing charged.
        Failed = "failed",
        /// Called off before anything was bought.
        Cancelled = "cancelled",
    }
}

impl OrderState {
    /// True when the move is allowed.
    pub const fn may_become(self, next: Self) -> bool {
        use OrderState::*;
        matches!(
            (self, next),
            (Pending, Processing | Cancelled | Failed) | (Processing, Completed | Partial | Failed)
        )
    }

    /// True when nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Partial | Self::Failed | Self::Cancelled)
    }
}

text_enum! {
    /// The saga of one number in an order.
    ItemStep {
        /// Not begun.
        Waiting = "waiting",
        /// Intent stored, the carrier is being asked.
        Buying = "buying",
        /// The answer was lost: look the purchase up before anything else.
        Unknown = "unknown",
        /// The carrier sold it; recorded and charged.
        Bought = "bought",
        /// Set up and announced: the end.
        Done = "done",
        /// The carrier did not sell it; its money is still held.
        Failed = "failed",
        /// Its money is free again: the end.
        Released = "released",
    }
}

impl ItemStep {
    /// True when the move is allowed.
    pub const fn may_become(self, next: Self) -> bool {
        use ItemStep::*;
        matches!(
            (self, next),
            (Waiting, Buying | Failed)
                | (Buying, Bought | Unknown | Failed)
                | (Unknown, Bought | Failed | Buying)
                | (Bought, Done)
                | (Failed, Released)
        )
    }

    /// True when nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Released)
    }
}

text_enum! {
    /// Where a payment stands.
    PaymentState {
        /// At the processor's page.
        Pending = "pending",
        /// Money set aside at the processor.
        Authorised = "authorised",
        /// Captured: ours.
        Succeeded = "succeeded",
        /// Refused.
        Failed = "failed",
        /// Given up or voided.
        Cancelled = "cancelled",
        /// Wholly given back.
        Refunded = "refunded",
        /// Partly given back.
        PartiallyRefunded = "partially_refunded",
    }
}

impl PaymentState {
    /// True when the move is allowed.
    pub const fn may_become(self, next: Self) -> bool {
        use PaymentState::*;
        matches!(
            (self, next),
            (Pending, Authorised | Succeeded | Failed | Cancelled)
                | (Authorised, Succeeded | Cancelled | Failed)
                | (Succeeded, Refunded | PartiallyRefunded)
                | (PartiallyRefunded, Refunded)
        )
    }
}

text_enum! {
    /// Where an invoice stands.
    InvoiceState {
        /// Being made.
        Draft = "draft",
        /// Issued and sent.
        Sent = "sent",
        /// Seen by the customer.
        Viewed = "viewed",
        /// Settled.
        Paid = "paid",
        /// Partly settled.
        PartiallyPaid = "partially_paid",
        /// Past its due day.
        Overdue = "overdue",
        /// Void.
        Cancelled = "cancelled",
        /// Given back.
        Refunded = "refunded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_stay() {
        for &a in OrderState::ALL {
            for &b in OrderState::ALL {
                assert!(!(a.is_final() && a.may_become(b)), "{a} → {b}");
            }
        }
        for &a in ItemStep::ALL {
            for &b in ItemStep::ALL {
                assert!(!(a.is_final() && a.may_become(b)), "{a} → {b}");
            }
        }
    }

    #[test]
    fn nothing_is_recorded_without_an_intent_first() {
        assert!(!ItemStep::Waiting.may_become(ItemStep::Bought));
        assert!(!ItemStep::Bought.may_become(ItemStep::Failed));
    }
}
