//! How the local carrier misbehaves when it is asked to.

/// How often, from 0 to 1, the local carrier misbehaves.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CarrierFaults {
    /// It fails and does nothing.
    pub fail: f64,
    /// It refuses a number that is there.
    pub refuse: f64,
    /// It does it and the answer is lost.
    pub lose_answer: f64,
}

impl std::str::FromStr for CarrierFaults {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (name, rate) =
                part.split_once('=').ok_or_else(|| format!("“{part}” has no rate"))?;
            let rate: f64 = rate.parse().map_err(|_| format!("the rate of {name} is no number"))?;
            if !(0.0..=1.0).contains(&rate) {
                return Err(format!("the rate of {name} is not from 0 to 1"));
            }
            match name {
                "fail" => faults.fail = rate,
                "refuse" => faults.refuse = rate,
                "lose_answer" => faults.lose_answer = rate,
                other => return Err(format!("it knows no fault called {other}")),
            }
        }
        Ok(faults)
    }
}
