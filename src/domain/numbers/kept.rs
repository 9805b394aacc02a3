//! For how long a carrier makes us keep what is bought: said before it is bought.

/// So many numbers must be kept so many days; `None` where no carrier wants that. Without a full stop.
pub fn kept_at_least(days: u16, numbers: usize) -> Option<String> {
    let time = match days {
        0 => return None,
        1 => "1 day".to_owned(),
        n => format!("{n} days"),
    };
    Some(if numbers == 1 {
        format!(
            "At least {time}: its carrier takes it back no sooner, and its rental runs until then"
        )
    } else {
        format!(
            "Up to {time} at least: a carrier takes them back no sooner, and their rental runs until then"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::kept_at_least;

    #[test]
    fn how_long_it_is_kept_is_said_where_a_carrier_wants_it() {
        assert_eq!(kept_at_least(0, 1), None);
        assert!(kept_at_least(14, 1).unwrap().starts_with("At least 14 days: its carrier"));
        assert!(kept_at_least(1, 3).unwrap().contains("1 day at least: a carrier takes them"));
    }
}
