//! Prices that an administrator enters, for carriers that tell none: a list, taken whole or not at
//! all. Trying it out does everything but the last step.

use super::{
    book::{NewPrice, Written, alone, enter, mark_up},
    read::{Line, lines},
};
use crate::{Ctx, Fault, Installation, Platform};
use chrono::{DateTime, Utc};
use voxlink_gateways::carrier::PriceRow;
use voxlink_types::{Money, number::NumberType};

/// A price of a list as it stands, or would stand, in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its line in the file.
    pub line: u64,
    /// The carrier.
    pub carrier: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
    /// What the carrier charges us a month.
    pub cost: Money,
    /// What a customer pays a month.
    pub monthly: Money,
    /// From when on.
    pub from: DateTime<Utc>,
    /// False where the same was there already.
    pub new: bool,
}

/// Why no price of a list was taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Lines that cannot be used: where each stands, and why.
    #[error("{} of the list cannot be used, so nothing was changed", counted(.0.len()))]
    Lines(Vec<(u64, String)>),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}

/// Enters a list of prices, or says what is wrong with each line that cannot be entered: then none
/// is. With `dry` nothing is changed either way.
pub async fn import_prices(
    platform: &Platform,
    text: &str,
    dry: bool,
) -> Result<Vec<Imported>, ImportError> {
    let (list, mut wrong) = lines(text);
    let mut cx = platform.work("cli").await?;
    alone(&mut cx).await?;
    let mut done = Vec::with_capacity(list.len());
    for line in list {
        match one(&mut cx, &line).await? {
            Ok(imported) => done.push(imported),
            Err(why) => wrong.push((line.at, why)),
        }
    }
    if !wrong.is_empty() {
        wrong.sort();
        return Err(ImportError::Lines(wrong));
    }
    // Dropping the context undoes what was tried out.
    if !dry {
        cx.commit().await?;
    }
    Ok(done)
}

async fn one(cx: &mut Ctx<Installation>, line: &Line) -> Result<Result<Imported, String>, Fault> {
    let now = cx.now();
    let Some(usual) = mark_up(cx, &line.carrier).await? else {
        return Ok(Err(format!("no carrier is called “{}”", line.carrier)));
    };
    let from = line.from.unwrap_or(now);
    if from < now {
        return Ok(Err(format!("from: {from} is past; what was sold is not priced again")));
    }
    let cost = PriceRow {
        country: line.country.clone(),
        number_type: line.number_type,
        currency: line.currency,
        monthly: line.cost_monthly,
        setup: line.cost_setup,
        inbound_minute: line.cost_minute,
        requirement: line.requirement,
    };
    let marked = NewPrice::marked_up(&line.carrier, cost, line.mark_up.unwrap_or(usual), from);
    let price = NewPrice {
        monthly: line.monthly.unwrap_or(marked.monthly),
        setup: line.setup.unwrap_or(marked.setup),
        minute: line.minute.unwrap_or(marked.minute),
        by_hand: true,
        ..marked
    };
    let (Ok(cost), Ok(monthly)) = (
        Money::round(price.cost.monthly, line.currency),
        Money::round(price.monthly, line.currency),
    ) else {
        return Ok(Err("the amounts are too large".to_owned()));
    };
    let new = match enter(cx, &price).await? {
        Written::New => true,
        Written::Same | Written::ByHand => false,
        Written::Ahead(ahead) => {
            return Ok(Err(format!(
                "a price from {ahead} on is there, so this one comes too late"
            )));
        }
    };
    Ok(Ok(Imported {
        line: line.at,
        carrier: line.carrier.clone(),
        country: line.country.clone(),
        number_type: line.number_type,
        cost,
        monthly,
        from,
        new,
    }))
}
