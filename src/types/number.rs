//! Numbers: kinds, capabilities and lifecycles.

use crate::text_enum;

text_enum! {
    /// What kind of number it is, as the carrier's catalogue says (never guessed from digits).
    NumberType {
        /// Belongs to a place.
        Local = "local",
        /// A mobile range.
        Mobile = "mobile",
        /// The called party pays.
        TollFree = "toll_free",
        /// Belongs to a country, not to a place.
        National = "national",
        /// No country of its own.
        International = "international",
        /// Premium rate.
        Premium = "premium",
        /// Shared cost.
        SharedCost = "shared_cost",
    }
}

text_enum! {
    /// What a number can do.
    Capability {
        /// Calls.
        Voice = "voice",
        /// Text messages.
        Sms = "sms",
        /// Picture messages.
        Mms = "mms",
        /// Fax.
        Fax = "fax",
    }
}

text_enum! {
    /// What must be shown before a number may be used.
    Requirement {
        /// Nothing.
        None = "none",
        /// An address anywhere.
        AnyAddress = "any_address",
        /// An address in the number's own area.
        LocalAddress = "local_address",
        /// An address outside the country.
        ForeignAddress = "foreign_address",
        /// Documents of the end user.
        Documents = "documents",
    }
}

impl Requirement {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "No papers",
            Self::AnyAddress => "An address",
            Self::LocalAddress => "A local address",
            Self::ForeignAddress => "An address abroad",
            Self::Documents => "Documents",
        }
    }

    /// What must be shown where one source says this and another `other`: a carrier's offer tells
    /// more than the price of its kind, unless it tells of nothing.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match self {
            Self::None => other,
            own => own,
        }
    }
}

text_enum! {
    /// Where a number at a carrier stands.
    InventoryState {
        /// Free to be had.
        Available = "available",
        /// In somebody's cart or order.
        Reserved = "reserved",
        /// A tenant has it.
        Sold = "sold",
        /// Given back and resting before it may be sold again.
        Aging = "aging",
    }
}

impl InventoryState {
    /// True when the move is allowed.
    pub const fn may_become(self, next: Self) -> bool {
        use InventoryState::*;
        matches!(
            (self, next),
            (Available, Reserved | Sold)
                | (Reserved | Aging, Available | Sold)
                | (Sold, Aging | Available)
        )
    }
}

text_enum! {
    /// Where a tenant's number stands.
    NumberState {
        /// Ordered, not yet had from the carrier.
        Pending = "pending",
        /// Had; being set up at the carrier.
        Configuring = "configuring",
        /// In service.
        Active = "active",
        /// Kept, but plays a message instead of its plan.
        Suspended = "suspended",
        /// On its way to us.
        PortingIn = "porting_in",
        /// On its way to another carrier.
        PortingOut = "porting_out",
        /// Given back: the end.
        Released = "released",
        /// Needs a person.
        Error = "error",
    }
}

impl NumberState {
    /// True when the move is allowed. `Released` is the end of a subscription; buying the number
    /// again starts a new one.
    pub const fn may_become(self, next: Self) -> bool {
        use NumberState::*;
        matches!(
            (self, next),
            (Pending | PortingIn, Configuring | Active | Released | Error)
                | (Configuring, Active | Error | Released)
                | (Active, Suspended | Configuring | PortingOut | Released | Error)
                | (Suspended, Active | PortingOut | Released)
                | (PortingOut, Active | Released)
                | (Error, Configuring | Active | Released)
        )
    }

    /// True while the number answers calls by its plan.
    pub const fn answers(self) -> bool {
        matches!(self, Self::Active | Self::Configuring | Self::PortingOut)
    }
}

text_enum! {
    /// Where a tenant's number stands as people see it: states that mean the same to them are one,
    /// and a release that can still be undone is one of its own.
    Standing {
        /// In service.
        Active = "active",
        /// Ordered or being set up.
        SettingUp = "setting_up",
        /// Plays a message instead of its plan.
        Suspended = "suspended",
        /// Silent, given back soon, can be undone.
        Releasing = "releasing",
        /// On its way here or away.
        Porting = "porting",
        /// Needs a person.
        Error = "error",
        /// Given back.
        Released = "released",
    }
}

impl Standing {
    /// What a state means to people; `releasing` when a release is asked for and not carried out.
    pub const fn of(state: NumberState, releasing: bool) -> Self {
        match state {
            NumberState::Released => Self::Released,
            _ if releasing => Self::Releasing,
            NumberState::Pending | NumberState::Configuring => Self::SettingUp,
            NumberState::Active => Self::Active,
            NumberState::Suspended => Self::Suspended,
            NumberState::PortingIn | NumberState::PortingOut => Self::Porting,
            NumberState::Error => Self::Error,
        }
    }

    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::SettingUp => "Setting up",
            Self::Suspended => "Suspended",
            Self::Releasing => "Releasing",
            Self::Porting => "Porting",
            Self::Error => "Needs attention",
            Self::Released => "Released",
        }
    }
}

impl NumberType {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Local => "Local",
            Self::Mobile => "Mobile",
            Self::TollFree => "Toll-free",
            Self::National => "National",
            Self::International => "International",
            Self::Premium => "Premium",
            Self::SharedCost => "Shared cost",
        }
    }
}

impl Capability {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Voice => "Voice",
            Self::Sms => "SMS",
            Self::Mms => "MMS",
            Self::Fax => "Fax",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_is_the_end_and_every_other_state_has_a_way_there() {
        for &state in NumberState::ALL {
            assert!(!NumberState::Released.may_become(state));
            assert!(!state.may_become(state));
            if state != NumberState::Released {
                assert!(state.may_become(NumberState::Released), "{state}");
            }
        }
    }

    #[test]
    fn a_sold_number_is_never_reserved() {
        assert!(!InventoryState::Sold.may_become(InventoryState::Reserved));
        assert!(!InventoryState::Aging.may_become(InventoryState::Reserved));
    }

    #[test]
    fn words_are_read_back() {
        for &kind in NumberType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("LOCAL".parse::<NumberType>().is_err());
    }
}
