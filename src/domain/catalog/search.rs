//! Search: every carrier is asked at once, what they offer is priced, merged and ranked.

mod answers;
mod ask;
mod error;
mod merge;
mod place;
mod question;
mod source;
mod taken;
mod wider;

pub(crate) use answers::Answers;
pub use error::SearchError;
pub use wider::{Wider, wider};

use super::{Price, Wish, current_prices, found_in, price_of};
use crate::{Fault, Platform, carriers};
use ask::Told;
use chrono::{DateTime, TimeDelta, Utc};
use source::Source;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;
use voxlink_gateways::carrier::{Filter, Offer};
use voxlink_types::number::Requirement;

/// How deep answers of several carriers are merged.
const DEEPEST: u32 = 1_000;
/// Answers that are merged are asked for in steps of so many, so that the pages of one search are
/// cut from the same answers.
const STEP: u32 = 200;
/// Kept answers are not asked for again sooner, however much of them is gone.
const REST: TimeDelta = TimeDelta::seconds(10);
/// What a page may take beyond its deadline for what is asked afterwards, all together, of carriers
/// that answered at first: another one that kept silent used the deadline up.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// A number that can be had, with its price.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The offer.
    pub offer: Offer,
    /// Its price.
    pub price: Price,
    /// The carrier's name for people.
    pub carrier: String,
    /// What must be shown before it may be used.
    pub needs: Requirement,
    /// That is not on file at its carrier, so it is not to be had yet.
    pub lacks_papers: bool,
    /// How it can be held.
    pub holding: Holding,
    /// When the carrier offered it.
    pub as_of: DateTime<Utc>,
    /// Where the digits looked for stand in [`voxlink_types::E164::digits`]: start and length.
    pub mark: Option<(usize, usize)>,
}

/// How a number can be held, were it held now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Until when nobody else here gets it.
    pub until: DateTime<Utc>,
    /// Until when the carrier sells it to nobody else; none where it sets nothing aside.
    pub at_carrier: Option<DateTime<Utc>>,
}

/// Who saw to a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The carrier searched by it.
    Carrier,
    /// We checked it on what the carrier offered.
    Us,
    /// Nobody could: what is offered may not meet it.
    Nobody,
}

/// Who saw to one condition at which carriers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The condition.
    pub filter: Filter,
    /// Who saw to it.
    pub by: By,
    /// The carriers' names.
    pub carriers: Vec<String>,
}

/// A page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The numbers.
    pub hits: Vec<Hit>,
    /// There are more.
    pub more: bool,
    /// The place searched around, as it is called.
    pub near: Option<String>,
    /// Other places of that name, as they are called.
    pub also: Vec<String>,
    /// The digits looked for.
    pub digits: Option<String>,
    /// Carriers that did not answer and whose numbers are missing, by name.
    pub silent: Vec<String>,
    /// Carriers that did not answer and whose last answer stands in, by name, with its time.
    pub stale: Vec<(String, DateTime<Utc>)>,
    /// Who saw to each condition.
    pub checked: Vec<Checked>,
    /// When this was so.
    pub now: DateTime<Utc>,
    /// Until when carriers may be asked for this page at all.
    pub until: Instant,
}

impl Found {
    /// The carriers that did not answer just now, by name, whether something stands in or not.
    fn unanswered(&self) -> BTreeSet<&str> {
        let stale = self.stale.iter().map(|(name, _)| name.as_str());
        self.silent.iter().map(String::as_str).chain(stale).collect()
    }
}

/// Searches all configured carriers.
pub async fn search(platform: &Platform, wish: &Wish) -> Result<Found, SearchError> {
    let deadline = Instant::now() + platform.settings().search_deadline;
    among(platform, wish, &BTreeSet::new(), [deadline, deadline + AFTERWARDS]).await
}

/// The same without carriers that did not answer somebody who asks again and again, by name; who
/// does not answer now is one of them from now on.
pub(crate) async fn search_without(
    platform: &Platform,
    wish: &Wish,
    quiet: &mut BTreeSet<String>,
) -> Result<Found, SearchError> {
    let deadline = Instant::now() + platform.settings().search_deadline;
    let without: BTreeSet<&str> = quiet.iter().map(String::as_str).collect();
    let found = among(platform, wish, &without, [deadline, deadline + AFTERWARDS]).await?;
    quiet.extend(found.unanswered().into_iter().map(str::to_owned));
    Ok(found)
}

/// Searches all configured carriers but those of these names, which did not answer just now. They
/// have until the first instant, and what is asked again until the second.
async fn among(
    platform: &Platform,
    wish: &Wish,
    without: &BTreeSet<&str>,
    [at_first, until]: [Instant; 2],
) -> Result<Found, SearchError> {
    let (query, place) = question::query_of(wish)?;
    let (near, also) = place.map_or_else(Default::default, |p| (Some(p.name), p.also));
    let now = platform.clock().now();
    let mut connection = platform.db().app.acquire().await.map_err(Fault::from)?;
    let prices = current_prices(&mut connection, now).await?;
    let sellers = source::sellers(&mut connection).await?;
    let filed = carriers::filed(&mut connection).await?;
    drop(connection);
    let mut sources = source::sources(platform, wish, &query, &prices, &sellers);
    sources.retain(|source| !without.contains(source.carrier.name()));
    let page = Page {
        offset: u32::try_from(wish.page.offset()).unwrap_or(u32::MAX),
        rows: u32::try_from(wish.page.limit()).unwrap_or(25),
    };
    let mut told = page.ask(platform, &sources, at_first).await?;
    let (mut hits, mut more) = page.cut(platform, wish, &sources, &told, &prices, now);
    let mut gone = taken::taken(platform, &hits).await?;
    // A page of which nothing is left is no page: then nobody rests.
    let rest = if gone.len() < hits.len() { REST } else { TimeDelta::nanoseconds(1) };
    let old = |told: &Told| !told.stale && told.answer.at + rest <= now;
    if gone.len() * 4 > hits.len() && told.iter().flatten().any(old) {
        // Kept answers grow old quickly where many buy: what carriers know to be free comes anew.
        told = page.ask_again(platform, &sources, told, until).await;
        (hits, more) = page.cut(platform, wish, &sources, &told, &prices, now);
        gone = taken::taken(platform, &hits).await?;
    }
    hits.retain(|hit| !gone.contains(&hit.offer.number));
    for hit in &mut hits {
        hit.lacks_papers = filed.lacks(platform, &hit.offer, hit.needs);
    }
    if let Some(digits) = &query.contains {
        for hit in &mut hits {
            let code = hit.offer.number.calling_code().len();
            let at = found_in(digits, hit.offer.national());
            hit.mark = at.map(|at| (code + at, digits.len()));
        }
    }
    let (silent, stale) = quiet(&sources, &told);
    let checked = checked(&sources, &told);
    let digits = query.contains;
    Ok(Found { hits, more, near, also, digits, silent, stale, checked, now, until })
}

/// The rows that are wanted, over all sources.
#[derive(Debug, Clone, Copy)]
struct Page {
    offset: u32,
    rows: u32,
}

impl Page {
    /// Which part of its own list each source is asked for: the first and how many. One source
    /// pages by itself; several are merged from the start. One row more tells whether there are more.
    fn part(self, sources: &[Source]) -> (u32, u32) {
        let wanted = self.rows.saturating_add(1);
        let end = self.offset.saturating_add(wanted);
        match sources {
            [_] => (self.offset, wanted),
            _ => (0, end.div_ceil(STEP).saturating_mul(STEP).min(DEEPEST)),
        }
    }

    /// What every source answers, in their order; none for a silent one. When all keep silent,
    /// that is what there is to say.
    async fn ask(
        self,
        platform: &Platform,
        sources: &[Source],
        until: Instant,
    ) -> Result<Vec<Option<Told>>, SearchError> {
        let part = self.part(sources);
        let asked = sources.iter().map(|source| ask::told(platform, source, part, until, false));
        let told = futures::future::join_all(asked).await;
        if !told.is_empty() && told.iter().all(Option::is_none) {
            return Err(SearchError::Silent);
        }
        Ok(told)
    }

    /// What every source answers now that `told` this, kept answers aside. A carrier that did not
    /// answer just now is not waited for again.
    async fn ask_again(
        self,
        platform: &Platform,
        sources: &[Source],
        told: Vec<Option<Told>>,
        until: Instant,
    ) -> Vec<Option<Told>> {
        let part = self.part(sources);
        let quiet: BTreeSet<&str> = sources
            .iter()
            .zip(&told)
            .filter(|&(_, told)| told.as_ref().is_none_or(|told| told.stale))
            .map(|(source, _)| source.carrier.key())
            .collect();
        let quiet = &quiet;
        let asked = sources.iter().zip(told).map(|(source, known)| async move {
            if quiet.contains(source.carrier.key()) {
                return known;
            }
            ask::told(platform, source, part, until, true).await.or(known)
        });
        futures::future::join_all(asked).await
    }

    /// The page's rows, and whether there are more.
    fn cut(
        self,
        platform: &Platform,
        wish: &Wish,
        sources: &[Source],
        told: &[Option<Told>],
        prices: &[Price],
        now: DateTime<Utc>,
    ) -> (Vec<Hit>, bool) {
        let rows = self.rows as usize;
        let of = |source: &Source, told: &Told, most: usize| -> Vec<Hit> {
            let holding = source.holding(platform.settings().hold_minutes, now);
            let offers = told.answer.offers.iter().take(most);
            offers.filter_map(|offer| hit(source, told, offer, prices, holding)).collect()
        };
        // What we do not sell of a carrier's own page is missing there, and comes on no other.
        if let ([source], [Some(told)]) = (sources, told) {
            return (of(source, told, rows), told.answer.offers.len() > rows);
        }
        let answers = sources.iter().zip(told).filter_map(|(s, t)| t.as_ref().map(|t| (s, t)));
        let hits = answers.map(|(s, t)| (s.priority, of(s, t, usize::MAX))).collect();
        let mut hits = merge::merged(hits, wish.sort, self.offset, self.rows.saturating_add(1));
        let more = hits.len() > rows;
        hits.truncate(rows);
        (hits, more)
    }
}

fn hit(
    source: &Source,
    told: &Told,
    offer: &Offer,
    prices: &[Price],
    holding: Holding,
) -> Option<Hit> {
    let price = price_of(prices, &offer.carrier, &offer.country, offer.number_type)?;
    if !price.covers(offer) {
        return None;
    }
    Some(Hit {
        offer: offer.clone(),
        price: price.clone(),
        carrier: source.carrier.name().to_owned(),
        needs: offer.requirement.or(price.requirement),
        lacks_papers: false,
        holding,
        as_of: told.answer.at,
        mark: None,
    })
}

/// The carriers that did not answer: those whose numbers are missing, and those for whom an older
/// answer stands in.
fn quiet(sources: &[Source], told: &[Option<Told>]) -> (Vec<String>, Vec<(String, DateTime<Utc>)>) {
    let mut silent: Vec<String> = Vec::new();
    let mut stale: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for (source, told) in sources.iter().zip(told) {
        let name = source.carrier.name().to_owned();
        match told {
            None if !silent.contains(&name) => silent.push(name),
            Some(told) if told.stale => {
                let oldest = stale.entry(name).or_insert(told.answer.at);
                *oldest = told.answer.at.min(*oldest);
            }
            _ => {}
        }
    }
    (silent, stale.into_iter().collect())
}

/// Who saw to each condition; at a carrier that was asked several questions, the least of it.
fn checked(sources: &[Source], told: &[Option<Told>]) -> Vec<Checked> {
    let mut least: BTreeMap<(Filter, &str), By> = BTreeMap::new();
    for (source, told) in sources.iter().zip(told) {
        for (filter, by) in told.iter().flat_map(|t| &t.answer.by) {
            let known = least.entry((*filter, source.carrier.name())).or_insert(*by);
            *known = (*known).max(*by);
        }
    }
    let mut grouped: BTreeMap<(Filter, By), Vec<String>> = BTreeMap::new();
    for ((filter, name), by) in least {
        grouped.entry((filter, by)).or_default().push(name.to_owned());
    }
    let row = |((filter, by), carriers)| Checked { filter, by, carriers };
    grouped.into_iter().map(row).collect()
}
