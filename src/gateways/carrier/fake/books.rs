//! The books of the carrier in memory: what is for sale, who holds it, and what was sold.

use super::{Mood, Whims};
use crate::{
    carrier::{
        Bought, CarrierError, CarrierHold, NumberSettings, Offer, OwnedNumber, Papers, Purchase,
    },
    fault::Script,
};
use std::collections::BTreeMap;
use uuid::Uuid;
use voxlink_types::E164;

/// A number the carrier sold: a line of its books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The number.
    pub number: E164,
    /// The key the purchase came with.
    pub key: Uuid,
    /// The carrier's id of the number.
    pub carrier_number_id: String,
    /// Questions left until a pending purchase is done.
    pub pending: u8,
    /// True once it was given back.
    pub released: bool,
    /// False when it does not ring.
    pub active: bool,
    /// What came with the purchase.
    pub papers: Papers,
    pub(super) settings: NumberSettings,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) for_sale: BTreeMap<E164, Offer>,
    pub(super) sold: BTreeMap<E164, Offer>,
    pub(super) holds: BTreeMap<E164, (Uuid, CarrierHold)>,
    pub(super) sales: Vec<Sale>,
    pub(super) script: Script,
    pub(super) mood: Mood,
    pub(super) keeps: Option<CarrierError>,
    pub(super) searches: usize,
    pub(super) whims: Whims,
    pub(super) inquiries: usize,
}

impl Books {
    pub(super) fn owned(&self, id: &str) -> Result<&Sale, CarrierError> {
        self.sales
            .iter()
            .find(|s| s.carrier_number_id == id && !s.released)
            .ok_or(CarrierError::Gone { detail: id.to_owned() })
    }

    pub(super) fn sell(
        &mut self,
        purchase: &Purchase,
        pending: u8,
    ) -> Result<Bought, CarrierError> {
        if let Some(sale) = self.sales.iter().find(|s| s.key == purchase.key) {
            return self.whims.recall(told(sale));
        }
        if self.sales.iter().any(|s| s.number == purchase.number && !s.released) {
            return Err(CarrierError::AlreadyOurs { detail: purchase.number.to_string() });
        }
        let gone = CarrierError::Unavailable { detail: purchase.number.to_string() };
        let offer = self.for_sale.remove(&purchase.number).ok_or(gone)?;
        self.sold.insert(purchase.number.clone(), offer);
        self.holds.remove(&purchase.number);
        let sale = Sale {
            number: purchase.number.clone(),
            key: purchase.key,
            carrier_number_id: format!("FN{:06}", self.sales.len() + 1),
            pending,
            released: false,
            active: true,
            papers: purchase.papers.clone(),
            settings: purchase.settings.clone(),
        };
        let answer = told(&sale);
        self.sales.push(sale);
        Ok(answer)
    }
}

pub(super) fn owned(sale: &Sale) -> OwnedNumber {
    OwnedNumber {
        id: sale.carrier_number_id.clone(),
        number: sale.number.clone(),
        account: "fake".to_owned(),
        active: sale.active,
        settings: Some(sale.settings.clone()),
    }
}

pub(super) fn told(sale: &Sale) -> Bought {
    if sale.pending > 0 {
        Bought::Pending { order_id: format!("FO-{}", sale.carrier_number_id) }
    } else {
        Bought::Done(owned(sale))
    }
}
