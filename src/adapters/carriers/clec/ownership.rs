//! Who has a number of the operator's own: its books, and its words.

use super::{Clec, failed};
use crate::carriers::books::{AGEING_DAYS, LONGEST_HOLD, OwnedRow, PAGE, keeps_books, undo_since};
use chrono::{DateTime, Duration, Utc};
use sqlx::types::Json;
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, CarrierHold, NumberSettings, OwnedNumber, Purchase},
};
use voxlink_types::E164;

keeps_books!(Clec, "clec", "ON");

fn unavailable(number: &E164) -> CarrierError {
    CarrierError::Unavailable { detail: format!("{number} is not for sale") }
}

fn already_ours(number: &E164) -> CarrierError {
    CarrierError::AlreadyOurs { detail: format!("{number} is ours") }
}

fn gone(id: &str) -> CarrierError {
    CarrierError::Gone { detail: format!("no number {id} of ours") }
}
