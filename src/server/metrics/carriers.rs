//! How requests to carriers went: how many, with which outcome, how long, and who is left alone
//! because it fails. One observer feeds both `/metrics`, which is this process's, and the figures of
//! all servers in the database ([`tally`], told by [`super::traffic`]).

use crate::shares::Shares;
use std::sync::{Arc, LazyLock};
use voxlink_domain::carriers::Tally;
use voxlink_gateways::carrier::{Exchange, NOT_ASKED, Watch};

/// The process has one, as it has one recorder.
static TALLY: LazyLock<Tally> = LazyLock::new(Tally::default);

/// What this process has counted of carriers and not yet told the database.
pub(crate) fn tally() -> &'static Tally {
    &TALLY
}

/// Counts what a wire to a carrier tells, and tells it among how many servers it shares.
#[derive(Debug, Clone, Default)]
pub struct CarrierFigures {
    shares: Shares,
}

impl CarrierFigures {
    /// Begins to count for one carrier, whose breaker is closed and whose quota is shared.
    pub fn of(carrier: &'static str, shares: &Shares) -> Arc<dyn Watch> {
        super::recorder();
        shares.of(carrier);
        let figures = Self { shares: shares.clone() };
        figures.breaker(carrier, false);
        Arc::new(figures)
    }
}

impl Watch for CarrierFigures {
    fn saw(&self, exchange: Exchange) {
        tally().saw(&exchange);
        let labels = [
            ("carrier", exchange.carrier),
            ("operation", exchange.operation),
            ("outcome", exchange.outcome),
        ];
        metrics::counter!("voxlink_carrier_requests_total", &labels).increment(1);
        // What never went out took no time of the carrier's.
        if exchange.outcome != NOT_ASKED {
            metrics::histogram!("voxlink_carrier_request_seconds", &labels[..2])
                .record(exchange.took);
        }
    }

    fn breaker(&self, carrier: &'static str, open: bool) {
        tally().breaker(carrier, open);
        metrics::gauge!("voxlink_carrier_breaker_open", "carrier" => carrier).set(f64::from(open));
        // A gauge is read now and then; that it opened and closed in between is counted.
        let opened =
            metrics::counter!("voxlink_carrier_breaker_opened_total", "carrier" => carrier);
        opened.increment(u64::from(open));
    }

    fn servers(&self, carrier: &'static str) -> u32 {
        self.shares.servers(carrier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use std::time::Duration;

    #[test]
    fn requests_are_counted_by_outcome_and_a_breaker_tells_its_state() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let figures = CarrierFigures::default();
        let saw = |operation, outcome| {
            let took = Duration::from_millis(40);
            figures.saw(Exchange { carrier: "twilio", operation, outcome, took });
        };
        metrics::with_local_recorder(&recorder, || {
            saw("search", "ok");
            saw("search", "ok");
            saw("buy", "carrier_funds");
            saw("search", NOT_ASKED);
            figures.breaker("twilio", true);
            figures.breaker("signalwire", true);
            figures.breaker("signalwire", false);
        });
        let shown = recorder.handle().render();
        for line in [
            r#"voxlink_carrier_requests_total{carrier="twilio",operation="search",outcome="ok"} 2"#,
            r#"voxlink_carrier_requests_total{carrier="twilio",operation="buy",outcome="carrier_funds"} 1"#,
            r#"voxlink_carrier_requests_total{carrier="twilio",operation="search",outcome="not_asked"} 1"#,
            r#"voxlink_carrier_request_seconds_count{carrier="twilio",operation="search"} 2"#,
            r#"voxlink_carrier_breaker_open{carrier="twilio"} 1"#,
            r#"voxlink_carrier_breaker_open{carrier="signalwire"} 0"#,
            r#"voxlink_carrier_breaker_opened_total{carrier="signalwire"} 1"#,
        ] {
            assert!(shown.lines().any(|l| l == line), "{line} is not in\n{shown}");
        }
    }
}
