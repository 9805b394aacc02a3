//! How the local carrier misbehaves when it is asked to.

use std::time::Duration;

/// The longest that `slow_ms` may be: a minute, past every deadline of ours.
const SLOWEST_MS: u64 = 60_000;
/// Every word that is understood, for who used another.
const WORDS: &str = "fail, refuse, lose_answer, lose_request, duplicate, pending, slow_ms, \
                     search_down, configure_down, release_down";

/// How often, from 0 to 1, the local carrier misbehaves.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CarrierFaults {
    /// A purchase fails and nothing is done.
    pub fail: f64,
    /// It refuses a number that is there.
    pub refuse: f64,
    /// It sells and the answer is lost.
    pub lose_answer: f64,
    /// A purchase never arrives, and nobody can tell that from a lost answer.
    pub lose_request: f64,
    /// A purchase arrives twice, and the answer is the second one's.
    pub duplicate: f64,
    /// It takes an order, and tells what became of it when it is asked.
    pub pending: f64,
    /// Each purchase, search, setting and release takes this much longer (`slow_ms`).
    pub slow: Duration,
    /// A search fails.
    pub search_down: f64,
    /// It takes no settings of a number.
    pub configure_down: f64,
    /// It takes no number back.
    pub release_down: f64,
}

impl CarrierFaults {
    /// A purchase has one fate: all that may befall it.
    fn of_purchases(&self) -> f64 {
        let refused = self.fail + self.refuse;
        refused + self.lose_answer + self.lose_request + self.duplicate + self.pending
    }
}

impl std::str::FromStr for CarrierFaults {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (name, value) =
                part.split_once('=').ok_or_else(|| format!("“{part}” has no rate"))?;
            let place = match name {
                "fail" => &mut faults.fail,
                "refuse" => &mut faults.refuse,
                "lose_answer" => &mut faults.lose_answer,
                "lose_request" => &mut faults.lose_request,
                "duplicate" => &mut faults.duplicate,
                "pending" => &mut faults.pending,
                "search_down" => &mut faults.search_down,
                "configure_down" => &mut faults.configure_down,
                "release_down" => &mut faults.release_down,
                "slow_ms" => {
                    faults.slow = milliseconds(value)?;
                    continue;
                }
                other => return Err(format!("it knows no fault called “{other}”, but {WORDS}")),
            };
            *place = rate(name, value)?;
        }
        // A hair's breadth for the sum of decimals in binary.
        if faults.of_purchases() > 1.0 + 1e-9 {
            let several = "fail, refuse, lose_answer, lose_request, duplicate and pending";
            return Err(format!("{several} come to more than 1 together"));
        }
        Ok(faults)
    }
}

fn rate(name: &str, value: &str) -> Result<f64, String> {
    let rate: f64 = value.parse().map_err(|_| format!("the rate of {name} is no number"))?;
    if (0.0..=1.0).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("the rate of {name} is not from 0 to 1"))
    }
}

fn milliseconds(value: &str) -> Result<Duration, String> {
    match value.parse::<u64>() {
        Ok(ms) if ms <= SLOWEST_MS => Ok(Duration::from_millis(ms)),
        _ => Err(format!("slow_ms is not a whole number from 0 to {SLOWEST_MS}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_to_its_place() {
        let read: CarrierFaults = "fail=0.1, refuse=0.05,lose_answer=0.2,lose_request=0.15,\
                                   duplicate=0.3,pending=0.2,slow_ms=250,search_down=1,\
                                   configure_down=0.4,release_down=0.6"
            .parse()
            .unwrap();
        let wanted = CarrierFaults {
            fail: 0.1,
            refuse: 0.05,
            lose_answer: 0.2,
            lose_request: 0.15,
            duplicate: 0.3,
            pending: 0.2,
            slow: Duration::from_millis(250),
            search_down: 1.0,
            configure_down: 0.4,
            release_down: 0.6,
        };
        assert_eq!(read, wanted);
        assert_eq!("".parse::<CarrierFaults>(), Ok(CarrierFaults::default()));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_words_that_are_right() {
        for (text, said) in [
            ("fail", "“fail” has no rate"),
            ("fail=often", "the rate of fail is no number"),
            ("pending=2", "the rate of pending is not from 0 to 1"),
            ("search_down=NaN", "the rate of search_down is not from 0 to 1"),
            ("slow_ms=1.5", "slow_ms is not a whole number from 0 to 60000"),
            ("slow_ms=60001", "slow_ms is not a whole number from 0 to 60000"),
            ("fail=0.6,pending=0.5", "come to more than 1 together"),
            ("explode=1", "it knows no fault called “explode”, but fail, refuse, lose_answer"),
        ] {
            let refused = text.parse::<CarrierFaults>().unwrap_err();
            assert!(refused.contains(said), "{text}: {refused}");
        }
        let refused = "explode=1".parse::<CarrierFaults>().unwrap_err();
        for word in WORDS.split(", ") {
            let good = format!("{word}=0").parse::<CarrierFaults>();
            assert!(good.is_ok() && refused.contains(word), "{word}");
        }
    }
}
