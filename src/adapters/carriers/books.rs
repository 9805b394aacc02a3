//! The books of a carrier without a network: who has a number by reservation, purchase, release and
//! ageing. The local carrier and the operator's own trunks keep such ones, each in a schema of its own;
//! the statements are written once and checked against both.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use voxlink_gateways::carrier::{NumberSettings, OwnedNumber};
use voxlink_types::E164;

/// The longest reservation.
pub(super) const LONGEST_HOLD: Duration = Duration::minutes(60);
/// Days a released number rests before somebody else may have it (47 CFR 52.15(f)(1)(ii)).
pub(super) const AGEING_DAYS: i64 = 45;
/// Days within which its last owner may have it back.
pub(super) const UNDO_DAYS: u16 = 10;

/// Since when a number must have been released for its last owner to have it back at `now`.
pub(super) fn undo_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::days(i64::from(UNDO_DAYS))
}

/// Numbers on a page of [`voxlink_gateways::Carrier::list_owned`].
pub(super) const PAGE: i64 = 200;

/// A number that somebody has or had.
pub(super) struct OwnedRow {
    pub id: String,
    pub e164: E164,
    /// As stored: one row that cannot be read shall not hide all others.
    pub settings: Option<Value>,
    pub released_at: Option<DateTime<Utc>>,
}

impl OwnedRow {
    /// As its account sees it. These books know what a number calls: where nothing is set, or nothing
    /// that can be read, it calls nobody, which is not the silence of a carrier that does not tell.
    pub fn shown(self, account: &str) -> OwnedNumber {
        OwnedNumber {
            id: self.id,
            number: self.e164,
            account: account.to_owned(),
            active: self.released_at.is_none(),
            settings: Some(
                self.settings
                    .and_then(|stored| serde_json::from_value::<NumberSettings>(stored).ok())
                    .unwrap_or_default(),
            ),
        }
    }
}

/// Keeps the books of `$carrier` (with `pool`, `clock` and `account`) in `$schema`; ids of its numbers
/// begin with `$prefix`. It speaks by the functions `unavailable`, `already_ours`, `gone` and `failed`
/// of the module that it stands in.
macro_rules! keeps_books {
    ($carrier:ident, $schema:tt, $prefix:tt) => {
        impl $carrier {
            /// Sets a number aside, or extends the caller's own reservation; of those that rest only
            /// what the caller may have back.
            pub(super) async fn reserve(
                &self,
                number: &E164,
                key: Uuid,
                until: DateTime<Utc>,
            ) -> Result<CarrierHold, CarrierError> {
                let now = self.clock.now();
                let until = until.min(now + LONGEST_HOLD);
                let held = sqlx::query!(
                    "update " + $schema + ".numbers set held_by = $2, hold_key = $3, held_until = $4
                     where e164 = $1
                       and (state = 'available'
                         or (state = 'aging' and last_owner = $2 and released_at >= $6))
                       and (held_until is null or held_until <= $5 or (held_by = $2 and hold_key = $3))",
                    number.as_str(),
                    self.account,
                    key,
                    until,
                    now,
                    undo_since(now)
                )
                .execute(&self.pool)
                .await
                .map_err(failed)?;
                if held.rows_affected() == 1 {
                    return Ok(CarrierHold { id: key.to_string(), expires_at: until });
                }
                Err(unavailable(number))
            }

            /// Lets a reservation go; of none, or of somebody else's, it does nothing.
            pub(super) async fn unreserve(&self, number: &E164, hold: &str) -> Result<(), CarrierError> {
                let Ok(key) = hold.parse::<Uuid>() else { return Ok(()) };
                sqlx::query!(
                    "update " + $schema + ".numbers set held_by = null, hold_key = null, held_until = null
                     where e164 = $1 and held_by = $2 and hold_key = $3",
                    number.as_str(),
                    self.account,
                    key
                )
                .execute(&self.pool)
                .await
                .map_err(failed)?;
                Ok(())
            }

            /// Sells one number, once per key, by one statement: its row's lock decides between buyers.
            /// The last owner may undo a release.
            pub(super) async fn sell(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
                let now = self.clock.now();
                let hold = purchase.hold_id.as_deref().and_then(|h| h.parse::<Uuid>().ok());
                let id = format!("{}{}", $prefix, purchase.key.simple());
                let sold = sqlx::query!(
                    "with sold as (
                         update " + $schema + ".numbers
                         set state = 'owned', held_by = null, hold_key = null, held_until = null,
                             last_owner = null, released_at = null, aging_until = null
                         where e164 = $1
                           and ((state = 'available'
                                 and (held_until is null or held_until <= $4 or (held_by = $2 and hold_key = $3)))
                             or (state = 'aging' and (aging_until <= $4 or (last_owner = $2 and released_at >= $5))))
                         returning e164
                     ), kept as (
                         insert into " + $schema + ".owned (id, e164, account, settings, bought_at)
                         select $6, e164, $2, $7, $4 from sold
                     )
                     insert into " + $schema + ".purchases (account, key, e164, owned_id, made_at)
                     select $2, $8, e164, $6, $4 from sold",
                    purchase.number.as_str(),
                    self.account,
                    hold,
                    now,
                    undo_since(now),
                    id,
                    Json(&purchase.settings) as _,
                    purchase.key
                )
                .execute(&self.pool)
                .await;
                let again = |e: &sqlx::Error| e.as_database_error().is_some_and(|e| e.is_unique_violation());
                match sold {
                    Ok(done) if done.rows_affected() == 1 => {
                        let settings = serde_json::to_value(&purchase.settings).ok();
                        let e164 = purchase.number.clone();
                        let row = OwnedRow { id, e164, settings, released_at: None };
                        Ok(Bought::Done(row.shown(&self.account)))
                    }
                    Ok(_) => self.refuse_or_repeat(purchase).await,
                    // It was bought by this key and given back since: its id stands already.
                    Err(error) if again(&error) => self.refuse_or_repeat(purchase).await,
                    // Refused by the database, or never sent.
                    Err(error @ (sqlx::Error::Database(_) | sqlx::Error::PoolTimedOut)) => Err(failed(error)),
                    Err(error) => Err(CarrierError::UnknownOutcome { detail: error.to_string() }),
                }
            }

            /// The number could not be had: because this very purchase got it a moment ago, because it is
            /// the caller's already, or because it is somebody else's.
            async fn refuse_or_repeat(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
                if let Some(done) = self.purchase_of(&purchase.number, purchase.key).await? {
                    return Ok(done);
                }
                let owner = sqlx::query_scalar!(
                    "select account from " + $schema + ".owned where e164 = $1 and released_at is null",
                    purchase.number.as_str()
                )
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)?;
                if owner.as_deref() == Some(self.account.as_str()) {
                    return Err(already_ours(&purchase.number));
                }
                Err(unavailable(&purchase.number))
            }

            /// What became of a purchase.
            pub(super) async fn purchase_of(
                &self,
                number: &E164,
                key: Uuid,
            ) -> Result<Option<Bought>, CarrierError> {
                let id = sqlx::query_scalar!(
                    "select owned_id from " + $schema + ".purchases
                     where account = $1 and key = $2 and e164 = $3",
                    self.account,
                    key,
                    number.as_str()
                )
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)?;
                match id {
                    Some(id) => self.row(&id).await.map(|row| row.map(|r| Bought::Done(r.shown(&self.account)))),
                    None => Ok(None),
                }
            }

            /// A number of the caller's.
            pub(super) async fn owned(&self, id: &str) -> Result<OwnedNumber, CarrierError> {
                match self.row(id).await? {
                    Some(row) if row.released_at.is_none() => Ok(row.shown(&self.account)),
                    _ => Err(gone(id)),
                }
            }

            async fn row(&self, id: &str) -> Result<Option<OwnedRow>, CarrierError> {
                sqlx::query_as!(
                    OwnedRow,
                    r#"select id, e164 as "e164: E164", settings, released_at
                       from "# + $schema + r#".owned where id = $1 and account = $2"#,
                    id,
                    self.account
                )
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)
            }

            /// The caller's numbers, a page at a time.
            pub(super) async fn all_owned(
                &self,
                cursor: Option<String>,
            ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
                let rows = sqlx::query_as!(
                    OwnedRow,
                    r#"select id, e164 as "e164: E164", settings, released_at
                       from "# + $schema + r#".owned
                       where account = $1 and released_at is null and id > $2 order by id limit $3"#,
                    self.account,
                    cursor.unwrap_or_default(),
                    PAGE
                )
                .fetch_all(&self.pool)
                .await
                .map_err(failed)?;
                let full = i64::try_from(rows.len()).is_ok_and(|n| n == PAGE);
                let next = rows.last().filter(|_| full).map(|row| row.id.clone());
                Ok((rows.into_iter().map(|row| row.shown(&self.account)).collect(), next))
            }

            /// Sets what a number calls back.
            pub(super) async fn set_up(
                &self,
                id: &str,
                settings: &NumberSettings,
            ) -> Result<OwnedNumber, CarrierError> {
                let set = sqlx::query!(
                    "update " + $schema + ".owned set settings = $3
                     where id = $1 and account = $2 and released_at is null",
                    id,
                    self.account,
                    Json(settings) as _
                )
                .execute(&self.pool)
                .await
                .map_err(failed)?;
                if set.rows_affected() == 0 {
                    return Err(gone(id));
                }
                self.owned(id).await
            }

            /// Takes a number back and lets it age; one that is gone already is success.
            pub(super) async fn take_back(&self, id: &str) -> Result<(), CarrierError> {
                let now = self.clock.now();
                sqlx::query!(
                    "with released as (
                         update " + $schema + ".owned set released_at = $3
                         where id = $1 and account = $2 and released_at is null returning e164
                     )
                     update " + $schema + ".numbers n
                     set state = 'aging', aging_until = $4, last_owner = $2, released_at = $3
                     from released r where n.e164 = r.e164",
                    id,
                    self.account,
                    now,
                    now + Duration::days(AGEING_DAYS)
                )
                .execute(&self.pool)
                .await
                .map_err(failed)?;
                Ok(())
            }

            /// Puts rested numbers on sale again; also how the carrier shows that it is alive.
            pub(super) async fn end_ageing(&self) -> Result<(), CarrierError> {
                sqlx::query!(
                    "update " + $schema + ".numbers
                     set state = 'available', aging_until = null, last_owner = null, released_at = null
                     where state = 'aging' and aging_until <= $1",
                    self.clock.now()
                )
                .execute(&self.pool)
                .await
                .map_err(failed)?;
                Ok(())
            }
        }
    };
}
pub(super) use keeps_books;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_with_nothing_readable_set_calls_nobody_and_says_so() {
        let shown = |settings: Option<Value>| {
            let row = OwnedRow {
                id: "LN1".to_owned(),
                e164: "+12025550123".parse().unwrap(),
                settings,
                released_at: None,
            };
            row.shown("main").settings
        };
        for nothing in [None, Some(json!({})), Some(json!("x"))] {
            assert_eq!(shown(nothing), Some(NumberSettings::default()));
        }
        let set =
            NumberSettings { voice_url: "https://v.example/".to_owned(), ..Default::default() };
        assert_eq!(shown(serde_json::to_value(&set).ok()), Some(set));
    }
}
