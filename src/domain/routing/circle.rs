//! Numbers that ring each other: a call that nobody answers would go round, and each turn is paid.

use super::{Service, Table};
use std::collections::HashSet;
use voxlink_types::{
    E164,
    routing::{Kind, Plan, Target},
};

/// The number that `own` rings and from which a way over numbers of the same account leads back to
/// `own`, as the table has it in service. None is the rule.
pub fn circle(table: &Table, own: &E164) -> Option<E164> {
    let line = table.line(own)?;
    let Service::Plan(_, plan) = &line.service else { return None };
    rung(plan).find(|first| {
        let (mut seen, mut ahead) = (HashSet::new(), vec![first.clone()]);
        while let Some(number) = ahead.pop() {
            if number == *own {
                return true;
            }
            let next = table.line(&number).filter(|next| next.tenant == line.tenant);
            if let Some(next) = next.filter(|_| seen.insert(number))
                && let Service::Plan(_, plan) = &next.service
            {
                ahead.extend(rung(plan));
            }
        }
        false
    })
}

/// The telephone numbers that a plan rings.
fn rung(plan: &Plan) -> impl Iterator<Item = E164> {
    let forwards = plan.nodes.values().filter_map(|node| match &node.kind {
        Kind::Forward(forward) => Some(forward),
        _ => None,
    });
    forwards.flat_map(|forward| &forward.targets).filter_map(|address| match address.target() {
        Some(Target::Number { number }) => Some(number),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Line;
    use std::sync::Arc;
    use uuid::Uuid;
    use voxlink_types::{
        ids::{NumberId, TenantId},
        routing::{Address, Forward, Node, Ring},
    };

    fn number(last: u8) -> E164 {
        format!("+1202555010{last}").parse().unwrap()
    }

    /// A number of an account that rings others.
    fn line(account: u128, from: u8, to: &[u8]) -> (E164, Line) {
        let mut plan = Plan::neutral();
        let forward = Forward {
            targets: to.iter().map(|last| Address(number(*last).to_string())).collect(),
            ring: Ring::AllAtOnce,
            timeout_seconds: 20u16.into(),
            no_answer: None,
            busy: None,
        };
        let desk = Node { title: "Desk".to_owned(), kind: Kind::Forward(forward) };
        plan.nodes.insert("desk".parse().unwrap(), desk);
        let line = Line {
            tenant: TenantId::from_uuid(Uuid::from_u128(account)),
            number: NumberId::from_uuid(Uuid::from_u128(from.into())),
            service: Service::Plan(None, Arc::new(plan)),
            before: None,
        };
        (number(from), line)
    }

    #[test]
    fn a_way_back_is_found_over_any_number_of_one_s_own() {
        let table = Table::default();
        let lines = vec![
            line(1, 1, &[9, 2]),
            line(1, 2, &[1]),
            line(1, 3, &[4]),
            line(1, 4, &[5]),
            line(1, 5, &[3, 4]),
            line(1, 6, &[1, 7]),
            line(1, 7, &[8]),
            line(2, 8, &[7]),
        ];
        table.restore(lines, chrono::DateTime::UNIX_EPOCH);
        for (own, by) in [
            (1, Some(2)),
            (2, Some(1)),
            (3, Some(4)),
            (4, Some(5)),
            (6, None),
            (7, None),
            (9, None),
        ] {
            assert_eq!(circle(&table, &number(own)), by.map(number), "{own}");
        }
    }
}
