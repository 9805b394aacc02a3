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

/// What an order does when not all of its numbers can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Buys what can be had.
    #[default]
    BestEffort,
    /// Buys all of them or none.
    AllOrNothing,
    /// Buys what can be had when that is at least so many, and else none.
    AtLeast(u16),
}

impl Strategy {
    /// The word in the database and in forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BestEffort => "best_effort",
            Self::AllOrNothing => "all_or_nothing",
            Self::AtLeast(_) => "at_least",
        }
    }

    /// The least number that is worth having, where there is one.
    pub const fn minimum(self) -> Option<u16> {
        match self {
            Self::AtLeast(least) => Some(least),
            _ => None,
        }
    }

    /// From what [`Strategy::word`] and [`Strategy::minimum`] said; `None` when they do not fit.
    pub fn read(word: &str, minimum: Option<u16>) -> Option<Self> {
        match (word, minimum) {
            ("best_effort", _) => Some(Self::BestEffort),
            ("all_or_nothing", _) => Some(Self::AllOrNothing),
            ("at_least", Some(least)) if least > 0 => Some(Self::AtLeast(least)),
            _ => None,
        }
    }

    /// How many of `count` numbers must be had, or none is kept. Nothing is decided before all of
    /// them came to an end, except where one is enough.
    pub fn needed(self, count: usize) -> usize {
        match self {
            Self::BestEffort => 0,
            Self::AllOrNothing => count,
            Self::AtLeast(least) => usize::from(least).min(count),
        }
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
        /// The carrier sold it; the order as a whole is not decided yet, see [`Strategy`].
        Secured = "secured",
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
                | (Buying, Bought | Secured | Unknown | Failed)
                | (Unknown, Bought | Secured | Failed | Buying)
                | (Secured, Bought | Released)
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
    fn a_strategy_is_read_as_it_is_written() {
        for (strategy, needed) in [
            (Strategy::BestEffort, 0),
            (Strategy::AllOrNothing, 5),
            (Strategy::AtLeast(3), 3),
            (Strategy::AtLeast(9), 5),
        ] {
            assert_eq!(Strategy::read(strategy.word(), strategy.minimum()), Some(strategy));
            assert_eq!(strategy.needed(5), needed, "{strategy:?}");
        }
        for (word, minimum) in [("at_least", None), ("at_least", Some(0)), ("", None)] {
            assert_eq!(Strategy::read(word, minimum), None);
        }
    }

    #[test]
    fn nothing_is_recorded_without_an_intent_first() {
        assert!(!ItemStep::Waiting.may_become(ItemStep::Bought));
        assert!(!ItemStep::Bought.may_become(ItemStep::Failed));
    }
}
