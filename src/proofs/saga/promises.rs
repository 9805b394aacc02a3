//! What must be nothing when all has come to its end: three books compared, ours of numbers, the
//! carriers' (`proof.owned`, `proof.purchases`), the money's.

use crate::lab::Lab;
use std::fmt::Write;

/// Counts every promise that is not kept; true when one is not, and the figures.
pub async fn broken(lab: &Lab) -> (bool, String) {
    let (mut broken, mut figures) = (false, String::new());
    for (promise, sql) in PROMISES {
        let found = lab.count(sql).await;
        broken |= found != 0;
        write!(figures, " {promise}={found}").unwrap();
    }
    (broken, figures)
}

/// What must be nothing.
const PROMISES: &[(&str, &str)] = &[
    ("stuck", "select count(*) from orders where state in ('pending', 'processing')"),
    (
        "give_backs_left",
        "select count(*) from queued_jobs() where task = 'order_give_back'",
    ),
    (
        "not_given_back",
        "select count(*) from order_items i where i.failure_code = 'given_back' and not exists (
             select 1 from proof.owned o
             where o.carrier = i.carrier and o.id = i.carrier_number_id and o.released)",
    ),
    (
        "strategy_unmet",
        "select count(*) from orders o, lateral (
             select count(*) as wanted, count(i.subscription_id) as had
             from order_items i where i.order_id = o.id) n
         where o.strategy <> 'best_effort' and n.had > 0
           and n.had < coalesce(o.strategy_minimum, n.wanted)",
    ),
    (
        "bought_unrecorded",
        "select count(*) from proof.owned o where not o.released and not exists (
             select 1 from subscriptions s join inventory i on i.id = s.inventory_id
             where s.state = 'active' and i.carrier = o.carrier and i.carrier_number_id = o.id and i.e164 = o.e164)",
    ),
    (
        "recorded_unbought",
        "select count(*) from subscriptions s join inventory i on i.id = s.inventory_id where not exists (
             select 1 from proof.owned o
             where o.carrier = i.carrier and o.id = i.carrier_number_id and not o.released)",
    ),
    (
        "bought_twice",
        "select count(*) from (select e164 from proof.purchases group by e164 having count(*) > 1) x",
    ),
    (
        "charged_twice",
        "select count(*) from orders o left join (
             select e.order_id, sum(p.amount_minor) as taken
             from journal_entries e join journal_postings p on p.entry_id = e.id
             where e.kind = 'order_capture' and p.account in ('held', 'receivable') group by e.order_id
         ) t on t.order_id = o.id
         where coalesce(t.taken, 0) <> o.charged_minor",
    ),
    (
        "charged_without_number",
        "select count(*) from order_items i
         join journal_entries e on e.reference = 'order_item:oit_' || replace(i.id::text, '-', '') || ':capture'
         where i.subscription_id is null",
    ),
    (
        "number_without_charge",
        "select count(*) from order_items i where i.subscription_id is not null and not exists (
             select 1 from journal_entries e
             where e.reference = 'order_item:oit_' || replace(i.id::text, '-', '') || ':capture')",
    ),
    (
        "wrong_charge",
        "select count(*) from orders o where o.charged_minor <> (
             select coalesce(sum(i.total_minor), 0) from order_items i where i.order_id = o.id and i.subscription_id is not null)
             or o.charged_minor + o.released_minor <> o.total_minor",
    ),
    (
        "wrong_card_charge",
        "select count(*) from orders o
         join payments p on p.order_id = o.id
         join test_card.payments t on t.id = p.external_id
         where t.captured_minor <> o.charged_minor or p.captured_minor <> o.charged_minor or t.state = 'authorised'",
    ),
    (
        "held_left",
        "select coalesce(sum(abs(rest)), 0)::bigint from (
             select sum(amount_minor) as rest from journal_postings where account in ('held', 'receivable')
             group by tenant_id, account, currency) x",
    ),
    (
        "journal_sum",
        "select count(*) from (select currency from journal_postings group by currency having sum(amount_minor) <> 0) x",
    ),
    ("holds_left", "select count(*) from holds"),
    (
        "broken_audit_chains",
        "select count(*) from tenants t, lateral verify_audit(t.id)",
    ),
];
