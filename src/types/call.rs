//! Calls: the states a call goes through.

use crate::text_enum;

text_enum! {
    /// A call's state, whatever a carrier calls it.
    CallStatus {
        /// Being set up.
        Initiated = "initiated",
        /// Ringing.
        Ringing = "ringing",
        /// People speak.
        Answered = "answered",
        /// Over after it was answered.
        Completed = "completed",
        /// The other side was busy.
        Busy = "busy",
        /// It could not be put through.
        Failed = "failed",
        /// Nobody took it.
        NoAnswer = "no_answer",
        /// The caller gave up.
        Cancelled = "cancelled",
    }
}

impl CallStatus {
    /// How far the call has come. Events come doubled, late and in contradiction: the state with
    /// the highest rank stands, so the same events make the same record in any order. That a call
    /// was completed tells that it was answered, and outweighs every other end.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Initiated => 0,
            Self::Ringing => 1,
            Self::Answered => 2,
            Self::Failed => 3,
            Self::NoAnswer => 4,
            Self::Busy => 5,
            Self::Cancelled => 6,
            Self::Completed => 7,
        }
    }

    /// True when nothing more will happen.
    pub const fn is_final(self) -> bool {
        self.rank() > Self::Answered.rank()
    }

    /// As people say it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Initiated => "Setting up",
            Self::Ringing => "Ringing",
            Self::Answered => "In progress",
            Self::Completed => "Completed",
            Self::Busy => "Busy",
            Self::Failed => "Failed",
            Self::NoAnswer => "No answer",
            Self::Cancelled => "Given up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_never_left_for_less() {
        for &a in CallStatus::ALL {
            for &b in CallStatus::ALL {
                assert!(a == b || a.rank() != b.rank());
                assert!(!a.is_final() || b.is_final() || a.rank() > b.rank());
            }
        }
    }
}
