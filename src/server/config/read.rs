//! Reading one variable: its value or its default, checked, with a sentence when it is wrong.

use super::variables::{VARIABLES, Variable};
use std::{fmt::Display, str::FromStr};

/// Why the settings cannot be used: one sentence that names the variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value is wrong. Values are not repeated: some are secrets.
    #[error("{name} is wrong: {problem}. For example: {name}={example}")]
    Variable {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
        /// A value that is right.
        example: &'static str,
    },
    /// An account that is given by half: it opens nothing.
    #[error(
        "{missing} missing, and an account needs it beside {given}. Set all of them, or none. For example: {name}={example}"
    )]
    Half {
        /// What is set.
        given: String,
        /// What is not.
        missing: String,
        /// The first that is not.
        name: &'static str,
        /// A value of it that is right.
        example: &'static str,
    },
    /// `.env` cannot be read.
    #[error("the file .env is wrong: {0}")]
    File(String),
}

pub(super) struct Reader<'a> {
    look_up: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { look_up }
    }

    /// What is set; an empty value is as unset.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.look_up)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// What is set, or the default.
    pub(super) fn required(&self, name: &'static str) -> String {
        self.text(name).unwrap_or_else(|| variable(name).default.to_owned())
    }

    pub(super) fn checked<T>(
        &self,
        name: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        check(&self.required(name)).map_err(|problem| wrong(name, problem))
    }

    pub(super) fn checked_opt<T>(
        &self,
        name: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.text(name).map(|text| check(&text)).transpose().map_err(|problem| wrong(name, problem))
    }

    /// A whole number between two bounds.
    pub(super) fn whole<T: FromStr + PartialOrd + Display + Copy>(
        &self,
        name: &'static str,
        least: T,
        most: T,
    ) -> Result<T, ConfigError> {
        self.checked(name, |text: &str| match text.parse() {
            Ok(n) if n >= least && n <= most => Ok(n),
            _ => Err(format!("it is not a whole number from {least} to {most}")),
        })
    }

    /// Checks that all of these are set or none is: the parts of one account.
    pub(super) fn all_or_none(&self, names: &[&'static str]) -> Result<(), ConfigError> {
        let (given, missing): (Vec<&'static str>, Vec<&'static str>) =
            names.iter().copied().partition(|name| self.text(name).is_some());
        let Some(&name) = missing.first().filter(|_| !given.is_empty()) else { return Ok(()) };
        let verb = if missing.len() == 1 { "is" } else { "are" };
        Err(ConfigError::Half {
            given: given.join(" and "),
            missing: format!("{} {verb}", missing.join(" and ")),
            name,
            example: variable(name).example,
        })
    }

    /// `on` or `off`.
    pub(super) fn switch(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        let set = self.checked_opt(name, |text: &str| match text {
            "on" | "true" | "1" | "yes" => Ok(true),
            "off" | "false" | "0" | "no" => Ok(false),
            _ => Err("it is neither on nor off".to_owned()),
        })?;
        Ok(set.unwrap_or(default))
    }
}

pub(super) fn wrong(name: &'static str, problem: String) -> ConfigError {
    ConfigError::Variable { name, problem, example: variable(name).example }
}

/// The row of the list; a name that is not in it reads as if it had no default.
fn variable(name: &'static str) -> Variable {
    let found = VARIABLES.iter().find(|v| v.name == name).copied();
    debug_assert!(found.is_some(), "{name} is not in the list of variables");
    found.unwrap_or(Variable { name, default: "", default_words: "", example: "", about: "" })
}
