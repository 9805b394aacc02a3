//! What goes wrong outside, as a script: drawn from a seed, or told one by one. The same seed and
//! the same calls give the same faults.

use std::collections::VecDeque;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing.
    Transient,
    /// It is done, and the answer gets lost.
    LostAnswer,
    /// It never arrives, and nobody can tell that from a lost answer.
    LostRequest,
    /// It arrives twice, and the answer is the second one's.
    Doubled,
    /// What is wanted has just gone to somebody else.
    Unavailable,
    /// It is taken and done only when it has been asked for this often.
    Pending(u8),
}

/// Which calls go wrong, and how.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Percent of calls that go wrong when nothing is told.
    percent: u8,
    random: u64,
    told: VecDeque<Option<Fault>>,
}

impl Script {
    /// Everything works until told otherwise.
    pub fn calm() -> Self {
        Self::default()
    }

    /// `percent` of the calls go wrong, drawn from `seed`.
    pub fn seeded(seed: u64, percent: u8) -> Self {
        Self { percent, random: seed, told: VecDeque::new() }
    }

    /// Tells what happens to the next call not yet spoken of; `None` is nothing.
    pub fn tell(&mut self, next: Option<Fault>) {
        self.told.push_back(next);
    }

    /// The fate of the next call.
    pub fn draw(&mut self) -> Option<Fault> {
        if let Some(told) = self.told.pop_front() {
            return told;
        }
        if self.percent == 0 || self.next() % 100 >= u64::from(self.percent) {
            return None;
        }
        Some(match self.next() % 8 {
            0 | 1 => Fault::Transient,
            2 | 3 => Fault::LostAnswer,
            4 => Fault::LostRequest,
            5 => Fault::Doubled,
            6 => Fault::Unavailable,
            _ => Fault::Pending(u8::try_from(self.next() % 3).unwrap_or(0) + 1),
        })
    }

    /// SplitMix64: small, and good enough to choose faults.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
