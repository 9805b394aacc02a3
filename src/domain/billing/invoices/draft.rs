//! A draft: the lines of an invoice and their sums, computed and not yet stored. The monthly run
//! issues it; the billing page shows it as the estimate of the next invoice.

use super::{
    BillingMonth, InvoiceError, Line, Period,
    gather::{self, Account, ChargedItem, RentedNumber, UsageGroup},
    issue,
    period::end_of_first_month,
};
use crate::{
    Ctx,
    billing::tax::{self, Base, Place, TaxedKind, Taxes},
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;
use voxlink_types::{
    Currency, Money,
    ids::{InvoiceId, InvoiceLineId, NumberId, TenantId},
    money::MoneyError,
    text_enum,
};

text_enum! {
    /// What a line of an invoice is.
    LineKind {
        /// Monthly rent of a number.
        Rental = "rental",
        /// Set-up, once.
        Setup = "setup",
        /// Calls and messages.
        Usage = "usage",
        /// A promotion.
        Discount = "discount",
        /// A tax or a recovery fee.
        Tax = "tax",
        /// Money that came in for this invoice; not part of its total.
        Payment = "payment",
        /// Put right by hand.
        Adjustment = "adjustment",
    }
}

/// A line to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftLine {
    /// What it is.
    pub kind: LineKind,
    /// As the customer reads it.
    pub description: String,
    /// The number it is about.
    pub number: Option<NumberId>,
    /// How many.
    pub quantity: Decimal,
    /// Of what.
    pub unit: String,
    /// At what.
    pub unit_price: Decimal,
    /// Before rounding.
    pub exact: Decimal,
    /// Rounded once; discounts and payments are negative.
    pub amount: Money,
    /// From when.
    pub starts: DateTime<Utc>,
    /// Until when.
    pub ends: DateTime<Utc>,
    /// True when an order charged it: explained here, posted there.
    pub prepaid: bool,
    /// How it came about.
    pub derivation: Value,
}

/// An invoice to be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it covers.
    pub period: Period,
    /// Its lines, in the order of the invoice.
    pub lines: Vec<DraftLine>,
    /// Rental, set-up and usage.
    pub subtotal: Money,
    /// Given away, as a positive amount.
    pub discount: Money,
    /// All taxes.
    pub tax: Money,
    /// What is billed.
    pub total: Money,
    /// What orders have charged of it.
    pub prepaid: Money,
}

impl DraftLine {
    /// The line as an invoice shows it.
    pub fn shown(&self, zone: Tz) -> Line {
        let last = self.ends - TimeDelta::microseconds(1);
        let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        Line {
            id: InvoiceLineId::from_uuid(Uuid::nil()),
            kind: self.kind,
            description: self.description.clone(),
            number: self.number,
            quantity: self.quantity,
            unit: self.unit.clone(),
            unit_price: self.unit_price,
            exact: self.exact,
            amount: self.amount,
            days: Some((day(self.starts), day(last.max(self.starts)))),
            derivation: self.derivation.clone(),
        }
    }
}

impl Draft {
    /// The sum of the lines of a kind that orders did not charge: what the journal must be told.
    pub fn new_charges(&self, kind: LineKind) -> Result<Money, MoneyError> {
        let lines = self.lines.iter().filter(|l| l.kind == kind && !l.prepaid);
        Money::sum(self.total.currency, lines.map(|l| l.amount))
    }

    /// What is still to be paid when it is issued.
    pub fn due(&self) -> Result<Money, MoneyError> {
        self.total.minus(self.prepaid)
    }
}

/// What the next invoice would be if it were made now: the running period's, or the one after it
/// where that was billed early.
pub async fn estimate(cx: &mut Ctx<TenantId>) -> Result<Draft, InvoiceError> {
    let tenant = cx.tenant();
    let account = gather::account(cx, tenant, false).await?;
    let mut period = Period::containing(cx.now(), account.anchor_day, account.zone);
    if issue::standing(cx, &account, &period).await?.is_some() {
        let next = BillingMonth::of(period.from).next();
        period = Period::new(next, account.anchor_day, account.zone);
    }
    compose(cx, &account, period, None).await
}

/// Computes an account's invoice over a period: its usage is what the invoice `taken_by` has taken
/// up, or what none has.
pub async fn compose<Scope>(
    cx: &mut Ctx<Scope>,
    account: &Account,
    period: Period,
    taken_by: Option<InvoiceId>,
) -> Result<Draft, InvoiceError> {
    let charged = gather::charged_items(cx, account, &period).await?;
    let rented = gather::rented(cx, account, &period).await?;
    let usage = gather::usage(cx, account, &period, taken_by).await?;
    let place = tax::place_of(cx, account.tenant).await?;
    let last_day = period.to.checked_sub_days(Days::new(1)).unwrap_or(period.from);

    let currency = account.currency;
    let mut lines = Vec::new();
    for item in &charged {
        order_lines(&mut lines, item, &period, currency);
    }
    for number in &rented {
        lines.extend(rent(number, &period, currency)?);
    }
    for group in &usage {
        lines.push(usage_line(group, &period, currency)?);
    }
    let bases: Vec<Base> = lines.iter().filter(|l| !l.prepaid).filter_map(base_of).collect();
    let taxes = tax::for_amounts(cx, &place, last_day, currency, &bases).await?;
    order_tax(&mut lines, &charged, &period, currency);
    lines.extend(tax_lines(&taxes, &place, last_day, &period));
    lines.sort_by_key(|l| (!l.prepaid, l.kind as u8));
    sum_up(lines, period, currency)
}

fn base_of(line: &DraftLine) -> Option<Base> {
    let kind = match line.kind {
        LineKind::Rental => TaxedKind::Rental,
        LineKind::Setup => TaxedKind::Setup,
        LineKind::Usage => TaxedKind::Usage,
        _ => return None,
    };
    Some(Base { kind, exact: line.exact })
}

fn sum_up(
    lines: Vec<DraftLine>,
    period: Period,
    currency: Currency,
) -> Result<Draft, InvoiceError> {
    let of = |kinds: &[LineKind]| {
        Money::sum(currency, lines.iter().filter(|l| kinds.contains(&l.kind)).map(|l| l.amount))
    };
    let subtotal = of(&[LineKind::Rental, LineKind::Setup, LineKind::Usage, LineKind::Adjustment])?;
    let discount = Money::zero(currency).minus(of(&[LineKind::Discount])?)?;
    let tax = of(&[LineKind::Tax])?;
    let total = subtotal.minus(discount)?.plus(tax)?;
    let prepaid = Money::sum(currency, lines.iter().filter(|l| l.prepaid).map(|l| l.amount))?;
    Ok(Draft { period, lines, subtotal, discount, tax, total, prepaid })
}

/// The lines of a number that an order charged: first month, set-up, discount.
fn order_lines(
    lines: &mut Vec<DraftLine>,
    item: &ChargedItem,
    period: &Period,
    currency: Currency,
) {
    let to = end_of_first_month(item.started_on);
    let number = item.e164.as_deref().unwrap_or("the order");
    let mut push = |kind, description, unit: &str, minor: i64| {
        let amount = Money::new(minor, currency);
        if minor != 0 {
            lines.push(DraftLine {
                kind,
                description,
                number: item.number,
                quantity: Decimal::ONE,
                unit: unit.to_owned(),
                unit_price: amount.exact(),
                exact: amount.exact(),
                amount,
                starts: super::start_of_day(item.started_on, period.zone),
                ends: super::start_of_day(to, period.zone),
                prepaid: true,
                derivation: json!({
                    "order": item.order, "order_number": item.order_number,
                    "order_item": item.item.uuid(), "price_book": item.price_book,
                    "promotion": item.promotion, "from": item.started_on, "to": to,
                }),
            });
        }
    };
    let order = &item.order_number;
    push(LineKind::Rental, format!("{number}, first month ({order})"), "month", item.monthly_minor);
    push(LineKind::Setup, format!("{number}, set-up ({order})"), "number", item.setup_minor);
    let promotion = item.promotion.as_deref().unwrap_or("promotion");
    let discount = format!("{number}, {promotion} ({order})");
    push(LineKind::Discount, discount, "number", -item.discount_minor);
}

/// The tax that each order charged, one line per order.
fn order_tax(
    lines: &mut Vec<DraftLine>,
    charged: &[ChargedItem],
    period: &Period,
    currency: Currency,
) {
    for items in charged.chunk_by(|a, b| a.order == b.order) {
        let minor = items.iter().map(|i| i.tax_minor).sum();
        let (Some(first), amount) = (items.first(), Money::new(minor, currency)) else { continue };
        if minor == 0 {
            continue;
        }
        lines.push(DraftLine {
            kind: LineKind::Tax,
            description: format!("Tax as charged with order {}", first.order_number),
            number: None,
            quantity: Decimal::ONE,
            unit: "order".to_owned(),
            unit_price: amount.exact(),
            exact: amount.exact(),
            amount,
            starts: period.start(),
            ends: period.end(),
            prepaid: true,
            derivation: json!({ "order": first.order, "order_number": first.order_number }),
        });
    }
}

/// A number's rent for the days of the period that nothing has paid yet.
fn rent(
    number: &RentedNumber,
    period: &Period,
    currency: Currency,
) -> Result<Option<DraftLine>, InvoiceError> {
    let paid_to =
        if number.bought { end_of_first_month(number.started_on) } else { number.started_on };
    let from = paid_to.max(number.billed_to.unwrap_or(NaiveDate::MIN));
    let Some(part) = period.part(from, number.released_on) else { return Ok(None) };
    let exact = period.prorate(number.monthly, &part).ok_or(MoneyError::Overflow)?;
    if exact.is_zero() {
        return Ok(None);
    }
    let whole = part.days() == period.days();
    let days =
        if whole { String::new() } else { format!(", {} of {} days", part.days(), period.days()) };
    let share = Decimal::from(part.days()) / Decimal::from(period.days());
    Ok(Some(DraftLine {
        kind: LineKind::Rental,
        description: format!("{}, monthly rent{days}", number.e164),
        number: Some(number.id),
        quantity: share.round_dp(8),
        unit: "month".to_owned(),
        unit_price: number.monthly,
        exact,
        amount: Money::round(exact, currency)?,
        starts: part.start(),
        ends: part.end(),
        prepaid: false,
        derivation: json!({
            "price_book": number.price_book, "from": part.from, "to": part.to,
            "days": part.days(), "of_days": period.days(),
        }),
    }))
}

fn usage_line(
    group: &UsageGroup,
    period: &Period,
    currency: Currency,
) -> Result<DraftLine, InvoiceError> {
    let what = match (group.kind.as_str(), group.direction.as_deref()) {
        ("voice_minutes", Some("outbound")) => "outgoing calls",
        ("voice_minutes", _) => "incoming calls",
        ("sms_message", _) => "text messages",
        ("mms_message", _) => "picture messages",
        ("recording_storage", _) => "recordings",
        ("transcription", _) => "transcription",
        _ => "usage",
    };
    let number = group.e164.as_deref().unwrap_or("Account");
    let late = if group.first < period.start() { ", some from before this period" } else { "" };
    Ok(DraftLine {
        kind: LineKind::Usage,
        description: format!("{number}, {} {what}{late}", group.count),
        number: group.number,
        quantity: group.quantity,
        unit: group.unit.clone(),
        unit_price: group.unit_price,
        exact: group.cost,
        amount: Money::round(group.cost, currency)?,
        starts: group.first,
        ends: group.last,
        prepaid: false,
        derivation: json!({
            "kind": group.kind, "direction": group.direction, "increments": group.increments,
            "records": group.count, "billed_seconds": group.billed_seconds,
        }),
    })
}

fn tax_lines(
    taxes: &Taxes,
    place: &Place,
    day: NaiveDate,
    period: &Period,
) -> impl Iterator<Item = DraftLine> {
    taxes.lines.iter().map(move |line| DraftLine {
        kind: LineKind::Tax,
        description: line.label(),
        number: None,
        quantity: line.base,
        unit: "base".to_owned(),
        unit_price: line.rate.rate,
        exact: line.exact.round_dp(8),
        amount: line.amount,
        starts: period.start(),
        ends: period.end(),
        prepaid: false,
        derivation: json!({
            "jurisdiction": line.rate.jurisdiction, "rate": line.rate.rate.normalize(),
            "rate_id": line.rate.id, "version": line.rate.version, "on": day, "place": place,
            "reverse_charge": line.rate.reverse_charged,
        }),
    })
}
