//! Who has a number at the local carrier: its books, and its words.

use super::{LocalCarrier, failed};
use crate::carriers::books::{AGEING_DAYS, LONGEST_HOLD, OwnedRow, PAGE, keeps_books, undo_since};
use chrono::{DateTime, Duration, Utc};
use sqlx::types::Json;
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, CarrierHold, NumberSettings, OwnedNumber, Purchase},
};
use voxlink_types::E164;

keeps_books!(LocalCarrier, "local_carrier", "LN");

fn unavailable(number: &E164) -> CarrierError {
    CarrierError::Unavailable { detail: format!("21422 {number} is not available") }
}

pub(super) fn already_ours(number: &E164) -> CarrierError {
    CarrierError::AlreadyOurs { detail: format!("21404 {number} is in this account") }
}

fn gone(id: &str) -> CarrierError {
    CarrierError::Gone { detail: format!("20404 no number {id} in this account") }
}
