//! Ids: UUIDv7, each kind a type of its own, shown with a prefix (`num_…`) and parsed strictly.

use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: it must look like {prefix}_0190a5c2…")]
pub struct BadId {
    prefix: &'static str,
}

macro_rules! id_type {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of its public form.
            pub const PREFIX: &'static str = $prefix;

            /// A new id whose time part is `at_millis` (Unix milliseconds, from the caller's
            /// clock) and whose rest is random: ids sort by creation.
            #[cfg(not(target_arch = "wasm32"))]
            pub fn new(at_millis: u64) -> Self {
                let mut random = [0u8; 10];
                random.copy_from_slice(&Uuid::now_v7().as_bytes()[6..]);
                Self(uuid::Builder::from_unix_timestamp_millis(at_millis, &random).into_uuid())
            }

            /// Takes over a value read from the database.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare value, for queries.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                let bad = BadId { prefix: $prefix };
                let rest = s.strip_prefix(concat!($prefix, "_")).ok_or(bad.clone())?;
                let lower = rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if rest.len() != 32 || !lower {
                    return Err(bad);
                }
                Uuid::try_parse(rest).map(Self).map_err(|_| bad)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

id_type! {
    /// A tenant: a company that buys numbers.
    TenantId = "ten",
    /// A person.
    UserId = "usr",
    /// An invitation into a company.
    InvitationId = "ivt",
    /// A note of staff about an account.
    AccountNoteId = "nte",
    /// A signed-in device (not the secret token).
    SessionId = "ses",
    /// An API key.
    ApiKeyId = "key",
    /// A number at a carrier.
    InventoryId = "inv",
    /// A number that a tenant has (its subscription).
    NumberId = "num",
    /// A version of what a number does.
    ConfigurationId = "cfg",
    /// One action over many numbers.
    BulkRunId = "blk",
    /// A business campaign that numbers are assigned to.
    CampaignId = "cmp",
    /// A comparison of a carrier's list with ours.
    InventoryAuditId = "iau",
    /// A difference between a carrier's list and ours.
    DriftId = "dft",
    /// A cart.
    CartId = "crt",
    /// One number in a cart.
    CartItemId = "cit",
    /// An order.
    OrderId = "ord",
    /// One line of an order.
    OrderItemId = "oit",
    /// A SIP server of the operator's.
    SipEdgeId = "edg",
    /// A trunk to another carrier.
    SipTrunkId = "trk",
    /// A row of the price book.
    PriceId = "prc",
    /// A billing account.
    BillingAccountId = "bac",
    /// A stored way to pay.
    PaymentMethodId = "pmt",
    /// A payment.
    PaymentId = "pay",
    /// A journal entry.
    EntryId = "jrn",
    /// An invoice.
    InvoiceId = "ivc",
    /// A line of an invoice.
    InvoiceLineId = "ivl",
    /// A call.
    CallId = "cal",
    /// A message.
    MessageId = "msg",
    /// A usage record.
    UsageId = "use",
    /// A port request.
    PortId = "prt",
    /// A notification.
    NotificationId = "ntf",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_form_is_parsed_back_and_nothing_else_is() {
        let id = NumberId::new(1_790_000_000_000);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.uuid().get_version_num(), 7);
        let shouted = id.to_string().to_uppercase();
        let other = id.to_string().replace("num_", "ord_");
        let dashed = format!("num_{}", id.uuid());
        for bad in ["", "num_", "num_xyz", &shouted, &other, &dashed, &format!("{id}0")] {
            assert!(bad.parse::<NumberId>().is_err(), "{bad}");
        }
    }
}
