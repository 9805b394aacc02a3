//! What the carrier in memory understands, how it feels, and what it does behind our back.

use crate::carrier::Filter;

/// What it searches by: it knows no postal codes, rate centres or LATAs.
pub(super) const SEARCHES_BY: &[Filter] = &[
    Filter::AreaCode,
    Filter::Contains,
    Filter::Exclude,
    Filter::Locality,
    Filter::Region,
    Filter::Near,
    Filter::Capabilities,
    Filter::NoPapers,
];

use super::{Bought, CarrierError, CarrierHold, FakeCarrier, lost};
use std::{
    future::poll_fn,
    task::{Poll, Waker},
};

/// How the carrier answers questions about what it sells, takes settings, and (dead only) lists what is
/// ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// At once.
    #[default]
    Well,
    /// Never: who asks gives up.
    Slow,
    /// That it fails.
    Dead,
}

/// What happens to a number at the carrier behind our back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meddling {
    /// It is taken away.
    Lose,
    /// It does not ring any more.
    Silence,
    /// It calls this address when somebody rings.
    Redirect(String),
}

/// How it treats what it is asked for, besides its script.
#[derive(Debug, Default)]
pub(super) struct Whims {
    shut: bool,
    waiting: Vec<Waker>,
    late: Option<u8>,
    loses_holds: bool,
}

impl Whims {
    /// Whether a purchase is not to be found yet.
    pub(super) fn lag(&mut self) -> bool {
        match &mut self.late {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// What is said of a purchase that comes a second time.
    pub(super) fn recall(&self, bought: Bought) -> Result<Bought, CarrierError> {
        match self.late {
            Some(_) => Err(CarrierError::Unavailable { detail: "it was sold".to_owned() }),
            None => Ok(bought),
        }
    }

    /// What is heard of a hold that was taken.
    pub(super) fn confirm(&self, hold: CarrierHold) -> Result<CarrierHold, CarrierError> {
        if self.loses_holds { Err(lost()) } else { Ok(hold) }
    }
}

impl FakeCarrier {
    /// From now on purchases and holds wait and nothing comes of them, until it opens.
    pub fn shuts(&self) {
        self.books().whims.shut = true;
    }

    /// Whatever waited goes on.
    pub fn opens(&self) {
        let mut books = self.books();
        books.whims.shut = false;
        let waiting = std::mem::take(&mut books.whims.waiting);
        drop(books);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Its books lag behind: so many looks find no purchase, and one that comes a second time is
    /// refused, because the number is sold.
    pub fn lags(&self, looks: u8) {
        self.books().whims.late = Some(looks);
    }

    /// Whether it sets numbers aside and the answer gets lost.
    pub fn loses_holds(&self, loses: bool) {
        self.books().whims.loses_holds = loses;
    }

    /// How many numbers it has set aside.
    pub fn set_aside(&self) -> usize {
        self.books().holds.len()
    }

    /// Waits while it is shut.
    pub(super) async fn at_the_door(&self) {
        poll_fn(|cx| {
            let mut books = self.books();
            if !books.whims.shut {
                return Poll::Ready(());
            }
            books.whims.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
