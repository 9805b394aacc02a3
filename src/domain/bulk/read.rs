//! Runs as their pages show them, and the result as a file.

use super::{Action, BulkError, LineState, RunState, file::RESULT};
use crate::{Ctx, sheet};
use chrono::{DateTime, Utc};
use voxlink_types::{
    Currency, E164, Money, Page, PageRequest, Paging,
    ids::{BulkRunId, OrderId},
};

/// How many rows stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nobody has looked at them.
    pub waiting: i64,
    /// They can be done.
    pub ready: i64,
    /// Their orders are being fulfilled.
    pub ordered: i64,
    /// Done.
    pub done: i64,
    /// Not done.
    pub refused: i64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which.
    pub id: BulkRunId,
    /// What it does.
    pub action: Action,
    /// Where it stands.
    pub state: RunState,
    /// The file's name.
    pub name: String,
    /// Who sent it.
    pub by: String,
    /// Its rows.
    pub total: i32,
    /// How many stand where.
    pub counts: Counts,
    /// Numbers that it buys or bought.
    pub numbers: i64,
    /// What the rows that are not refused cost at most.
    pub cost: Money,
    /// Why it stopped by itself.
    pub stop_reason: Option<String>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was started.
    pub started_at: Option<DateTime<Utc>>,
    /// When its last row came to an end.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The runs, newest first.
pub async fn list(cx: &mut Ctx, request: PageRequest) -> Result<Page<Run>, BulkError> {
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = runs(cx, None, paging.limit(), paging.offset()).await?;
        if let Some(settled) = paging.settle(found, |(_, all)| *all) {
            break settled;
        }
    };
    Ok(Page { rows: rows.into_iter().map(|(run, _)| run).collect(), request, total })
}

/// One run.
pub async fn get(cx: &mut Ctx, id: BulkRunId) -> Result<Run, BulkError> {
    let found = runs(cx, Some(id), 1, 0).await?.pop();
    found.map(|(run, _)| run).ok_or(BulkError::NotFound)
}

/// Runs, each with the count of all.
async fn runs(
    cx: &mut Ctx,
    id: Option<BulkRunId>,
    limit: i64,
    offset: i64,
) -> Result<Vec<(Run, i64)>, BulkError> {
    let rows = sqlx::query!(
        r#"select s.id as "id: BulkRunId", s.action as "action: Action", s.state as "state: RunState",
                s.name, coalesce(u.full_name, 'Somebody who left') as "by!", s.total,
                s.currency as "currency: Currency", s.stop_reason, s.created_at, s.started_at,
                s.finished_at, n.waiting as "waiting!", n.ready as "ready!", n.ordered as "ordered!",
                n.done as "done!", n.refused as "refused!", n.numbers as "numbers!",
                n.cost as "cost!", count(*) over () as "all!"
         from bulk_sheets s
         left join users u on u.id = s.user_id
         cross join lateral (
             select count(*) filter (where r.state = 'waiting') as waiting,
                    count(*) filter (where r.state = 'ready') as ready,
                    count(*) filter (where r.state = 'ordered') as ordered,
                    count(*) filter (where r.state = 'done') as done,
                    count(*) filter (where r.state = 'refused') as refused,
                    coalesce(sum(cardinality(r.numbers)) filter (where r.state <> 'refused'), 0)::bigint
                        as numbers,
                    coalesce(sum(r.cost_minor) filter (where r.state <> 'refused'), 0)::bigint as cost
             from bulk_sheet_rows r where r.tenant_id = s.tenant_id and r.sheet_id = s.id) n
         where s.tenant_id = $1 and ($2::uuid is null or s.id = $2)
           and s.discarded_at is null
         order by s.created_at desc, s.id desc limit $3 offset $4"#,
        cx.tenant().uuid(),
        id.map(BulkRunId::uuid),
        limit,
        offset,
    )
    .fetch_all(cx.tx())
    .await?;
    let run = rows.into_iter().map(|r| {
        let counts = Counts {
            waiting: r.waiting,
            ready: r.ready,
            ordered: r.ordered,
            done: r.done,
            refused: r.refused,
        };
        let run = Run {
            id: r.id,
            action: r.action,
            state: r.state,
            name: r.name,
            by: r.by,
            total: r.total,
            counts,
            numbers: r.numbers,
            cost: Money::new(r.cost, r.currency),
            stop_reason: r.stop_reason,
            created_at: r.created_at,
            started_at: r.started_at,
            finished_at: r.finished_at,
        };
        (run, r.all)
    });
    Ok(run.collect())
}

/// A row of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its line in the file.
    pub line: i32,
    /// Its cells, in the order of the action's columns, and what it had too many.
    pub cells: Vec<String>,
    /// Where it stands.
    pub state: LineState,
    /// What it does.
    pub does: Option<String>,
    /// Why it was not done, or not all of it.
    pub message: Option<String>,
    /// Numbers that it buys or bought.
    pub numbers: Vec<E164>,
    /// Its order and the order's number for people.
    pub order: Option<(OrderId, String)>,
}

impl Line {
    /// What the row is about: its number, or what was asked for.
    pub fn subject(&self) -> String {
        let filled = self.cells.iter().map(String::as_str).filter(|cell| !cell.is_empty());
        match self.cells.first() {
            Some(number) if !number.is_empty() => number.clone(),
            _ => filled.collect::<Vec<_>>().join(" · "),
        }
    }
}

/// How many rows of a run stand there; in all, without a state.
pub async fn line_count(
    cx: &mut Ctx,
    id: BulkRunId,
    state: Option<LineState>,
) -> Result<i64, BulkError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from bulk_sheet_rows
           where tenant_id = $1 and sheet_id = $2 and ($3::text is null or state = $3)"#,
        cx.tenant().uuid(),
        id.uuid(),
        state.map(LineState::as_str),
    )
    .fetch_one(cx.tx())
    .await?)
}

/// Rows of a run in the file's order, those in one state where one is asked for.
pub async fn lines(
    cx: &mut Ctx,
    id: BulkRunId,
    state: Option<LineState>,
    request: PageRequest,
) -> Result<Page<Line>, BulkError> {
    let total = line_count(cx, id, state).await?;
    let rows = some_lines(cx, id, state, request.limit(), request.offset()).await?;
    Ok(Page { rows, request, total })
}

async fn some_lines(
    cx: &mut Ctx,
    id: BulkRunId,
    state: Option<LineState>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Line>, BulkError> {
    let rows = sqlx::query!(
        r#"select r.line, r.cells, r.state as "state: LineState", r.does, r.message,
                r.numbers as "numbers: Vec<E164>", o.id as "order?: OrderId",
                o.order_number as "order_number?"
         from bulk_sheet_rows r left join orders o on o.id = r.order_id
         where r.tenant_id = $1 and r.sheet_id = $2 and ($3::text is null or r.state = $3)
         order by r.position limit $4 offset $5"#,
        cx.tenant().uuid(),
        id.uuid(),
        state.map(LineState::as_str),
        limit,
        offset,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Line {
            line: r.line,
            cells: r.cells,
            state: r.state,
            does: r.does,
            message: r.message,
            numbers: r.numbers,
            order: r.order.zip(r.order_number),
        })
        .collect())
}

/// The sheet again, each row with what became of it and why. Rows that were refused can be mended
/// and sent again as they stand: the added columns are passed over then.
pub async fn result(cx: &mut Ctx, id: BulkRunId) -> Result<Vec<u8>, BulkError> {
    let run = get(cx, id).await?;
    let lines = some_lines(cx, id, None, i64::from(run.total), 0).await?;
    let header = run.action.columns().iter().chain(&RESULT).map(|&name| name.to_owned());
    let columns = run.action.columns().len();
    let rows = lines.into_iter().map(|line| {
        let numbers: Vec<&str> = line.numbers.iter().map(E164::as_str).collect();
        let added = [
            line.state.label_in(run.state).to_owned(),
            line.message.unwrap_or_default(),
            line.does.unwrap_or_default(),
            numbers.join(" "),
            line.order.map(|(_, number)| number).unwrap_or_default(),
        ];
        // What a row had too many stands behind what is added.
        let mut cells = line.cells;
        let surplus = cells.split_off(columns.min(cells.len()));
        cells.into_iter().chain(added).chain(surplus).collect::<Vec<_>>()
    });
    Ok(sheet::csv(std::iter::once(header.collect::<Vec<_>>()).chain(rows))?)
}
