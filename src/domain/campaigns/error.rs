//! What can go wrong with a campaign.

use crate::Fault;
use voxlink_types::error::{Explain, FieldError, Status};

/// A verb's refusal.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// Absent or somebody else's.
    #[error("There is no such campaign in your account.")]
    NotFound,
    /// No name, or too long.
    #[error("A name has 1 to 120 characters on one line.")]
    Name,
    /// Another one in use has it.
    #[error("Another campaign has this name. Choose another, or archive the other one first.")]
    NameTaken,
    /// It is archived.
    #[error("This campaign is archived. Take it out of the archive first.")]
    Archived,
    /// A number that is not theirs.
    #[error("One of the numbers is not in your account.")]
    Number,
    /// Numbers as typed that are not theirs.
    #[error("{}", unknown(.0))]
    Unknown(Vec<String>),
    /// Nothing was typed.
    #[error("Write at least one number.")]
    NothingTyped,
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The most that are named.
const NAMED: usize = 5;

fn unknown(typed: &[String]) -> String {
    let named: Vec<String> = typed.iter().take(NAMED).map(|text| format!("“{text}”")).collect();
    let named = named.join(", ");
    match typed.len() {
        0 | 1 => format!("{named} is no number in your account."),
        2..=NAMED => format!("{named} are no numbers in your account."),
        more => format!("{named} and {} more are no numbers in your account.", more - NAMED),
    }
}

impl From<sqlx::Error> for CampaignError {
    fn from(error: sqlx::Error) -> Self {
        match crate::fault::broken_constraint(&error) {
            Some("campaigns_name") => Self::NameTaken,
            _ => Self::Fault(error.into()),
        }
    }
}

impl Explain for CampaignError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "campaign_not_found",
            Self::Name => "campaign_name_invalid",
            Self::NameTaken => "campaign_name_taken",
            Self::Archived => "campaign_archived",
            Self::Number | Self::Unknown(_) => "number_not_found",
            Self::NothingTyped => "nothing_chosen",
            Self::Fault(fault) => fault.code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::NotFound => Status::NotFound,
            Self::NameTaken | Self::Archived => Status::Conflict,
            Self::Fault(fault) => fault.status(),
            _ => Status::Unprocessable,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Name | Self::NameTaken => "name",
            Self::Number | Self::Unknown(_) | Self::NothingTyped => "numbers",
            _ => return Vec::new(),
        };
        vec![FieldError { field: field.to_owned(), message: self.to_string() }]
    }
}
