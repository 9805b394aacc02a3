//! Which of a tenant's numbers are meant, in which order.

use super::NumberError;
use crate::Ctx;
use voxlink_types::{
    ids::NumberId,
    number::{Capability, NumberType, Standing},
    text_enum,
};

text_enum! {
    /// The order of a list, as it stands in an address: a word rises, a word with a minus falls.
    Sort {
        /// By number.
        Number = "number",
        /// By number, falling.
        NumberDown = "-number",
        /// By name; nameless ones last.
        Name = "name",
        /// By name, falling; nameless ones last.
        NameDown = "-name",
        /// Oldest first.
        Oldest = "since",
        /// Newest first.
        Newest = "-since",
        /// Cheapest first.
        Price = "price",
        /// Dearest first.
        PriceDown = "-price",
        /// Used longest ago first; never used ones before.
        Used = "used",
        /// Used last first.
        UsedDown = "-used",
    }
}

/// Conditions that all hold at once; the default is every number not released.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words: digits are looked for in the number, anything in name, tags and place.
    pub text: Option<String>,
    /// Where it stands; `None` is everything but released.
    pub standing: Option<Standing>,
    /// The kind.
    pub number_type: Option<NumberType>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// One tag it has.
    pub tag: Option<String>,
    /// One thing it can do.
    pub capability: Option<Capability>,
}

impl Filter {
    /// True when it leaves nothing out but released numbers.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn text(&self) -> Option<String> {
        self.text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_lowercase)
    }

    /// The digits to look for in the number. People write a trunk zero that E.164 has not.
    fn digits(&self) -> Option<String> {
        let text = self.text()?;
        let written = |c: char| c.is_ascii_digit() || " +-().".contains(c);
        if !text.chars().all(written) {
            return None;
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0');
        (!digits.is_empty()).then(|| digits.to_owned())
    }
}

/// The ids that match, in order, and how many match in all. `limit` `None` takes all of them.
pub(super) async fn ids(
    cx: &mut Ctx,
    filter: &Filter,
    sort: Sort,
    offset: i64,
    limit: Option<i64>,
) -> Result<(Vec<NumberId>, i64), NumberError> {
    let states = states_of(filter.standing);
    let rows = sqlx::query!(
        r#"with matched as (
            select s.id, s.e164, s.friendly_name, s.created_at, s.monthly, s.last_used_at
            from subscriptions s join inventory i on i.id = s.inventory_id
            where s.tenant_id = $1
              and s.state = any($2)
              and ($3::boolean is null or (s.release_at is not null) = $3)
              and ($4::text is null or i.number_type = $4)
              and ($5::text is null or i.country = $5)
              and ($6::text is null or $6 = any(s.tags))
              and ($7::text is null or $7 = any(i.capabilities))
              and ($8::text is null
                   or ($9::text is not null and strpos(s.e164, $9) > 0)
                   or strpos(lower(s.friendly_name), $8) > 0
                   or strpos(array_to_string(s.tags, ' '), $8) > 0
                   or strpos(lower(concat_ws(' ', i.locality, i.region)), $8) > 0)
        )
        select id as "id: NumberId", (select count(*) from matched) as "total!"
        from matched
        order by case when $10 = 'name' then lower(friendly_name) end nulls last,
                 case when $10 = '-name' then lower(friendly_name) end desc nulls last,
                 case when $10 = 'since' then created_at end,
                 case when $10 = '-since' then created_at end desc,
                 case when $10 = 'price' then monthly end,
                 case when $10 = '-price' then monthly end desc,
                 case when $10 = 'used' then last_used_at end nulls first,
                 case when $10 = '-used' then last_used_at end desc nulls last,
                 case when $10 = '-number' then e164 end desc,
                 e164, id
        offset $11 limit $12"#,
        cx.tenant().uuid(),
        &states as &[String],
        releasing(filter.standing),
        filter.number_type.map(NumberType::as_str),
        filter.country,
        filter.tag,
        filter.capability.map(Capability::as_str),
        filter.text(),
        filter.digits(),
        sort.as_str(),
        offset,
        limit,
    )
    .fetch_all(cx.tx())
    .await?;
    let total = rows.first().map_or(0, |r| r.total);
    Ok((rows.into_iter().map(|r| r.id).collect(), total))
}

/// The stored states that a standing covers.
fn states_of(standing: Option<Standing>) -> Vec<String> {
    use voxlink_types::number::NumberState;
    NumberState::ALL
        .iter()
        .filter(|&&state| match standing {
            None | Some(Standing::Releasing) => state != NumberState::Released,
            Some(wanted) => Standing::of(state, false) == wanted,
        })
        .map(|state| state.as_str().to_owned())
        .collect()
}

/// Whether a release must wait (true), must not (false) or does not matter.
const fn releasing(standing: Option<Standing>) -> Option<bool> {
    match standing {
        None | Some(Standing::Released) => None,
        Some(Standing::Releasing) => Some(true),
        Some(_) => Some(false),
    }
}
