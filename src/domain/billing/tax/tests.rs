use super::*;
use proptest::prelude::*;

fn rate(fraction: &str, applies_to: &[TaxedKind]) -> Rate {
    Rate {
        id: Uuid::nil(),
        jurisdiction: "Massachusetts".to_owned(),
        name: "Sales tax".to_owned(),
        version: 1,
        rate: fraction.parse().unwrap(),
        applies_to: applies_to.to_vec(),
        reverse_charged: false,
    }
}

fn base(kind: TaxedKind, exact: &str) -> Base {
    Base { kind, exact: exact.parse().unwrap() }
}

fn minors(amounts: &[Money]) -> Vec<i64> {
    amounts.iter().map(|m| m.minor).collect()
}

#[test]
fn tax_is_rounded_once_and_shared_without_loss() {
    // Three times 0.70 at 6.25 % is 0.04375 each: rounded one by one 0.12, together 0.13.
    let bases = [base(TaxedKind::Rental, "0.70"); 3];
    let taxes = compute(&[rate("0.0625", TaxedKind::ALL)], &bases, Currency::Usd).unwrap();
    assert_eq!(taxes.total, Money::new(13, Currency::Usd));
    assert_eq!(minors(&taxes.by_item), [5, 4, 4]);
    assert_eq!(taxes.lines[0].label(), "Massachusetts: Sales tax (6.25\u{a0}%)");
}

#[test]
fn a_rate_taxes_only_its_kinds_and_never_another_tax() {
    let bases = [base(TaxedKind::Rental, "10"), base(TaxedKind::Usage, "2.345")];
    let rates = [rate("0.2473", &[TaxedKind::Usage]), rate("0.10", TaxedKind::ALL)];
    let taxes = compute(&rates, &bases, Currency::Usd).unwrap();
    assert_eq!(taxes.lines[0].base, "2.345".parse().unwrap());
    assert_eq!(minors(&[taxes.lines[0].amount, taxes.lines[1].amount]), [58, 123]);
    assert_eq!(minors(&taxes.by_item), [100, 81]);
}

#[test]
fn reverse_charge_is_a_line_of_nothing() {
    let reversed = Rate { reverse_charged: true, ..rate("0.19", TaxedKind::ALL) };
    let taxes = compute(&[reversed], &[base(TaxedKind::Setup, "100")], Currency::Eur).unwrap();
    assert_eq!((taxes.lines.len(), taxes.total.minor), (1, 0));
    assert!(taxes.lines[0].label().contains("reverse charge"));
}

#[test]
fn the_currency_says_how_it_is_rounded() {
    let bases = [base(TaxedKind::Usage, "104.5")];
    let tax = |currency| compute(&[rate("0.10", TaxedKind::ALL)], &bases, currency).unwrap().total;
    assert_eq!(tax(Currency::Jpy).to_string(), "¥10");
    assert_eq!(tax(Currency::Usd).to_string(), "$10.45");
    assert_eq!(tax(Currency::Bhd).minor, 10_450);
}

#[test]
fn nothing_taxed_makes_no_line() {
    let taxes = compute(
        &[rate("0.10", &[TaxedKind::Usage])],
        &[base(TaxedKind::Rental, "5")],
        Currency::Usd,
    );
    assert!(taxes.unwrap().lines.is_empty());
}

proptest! {
    #[test]
    fn shares_add_up_and_are_less_than_a_unit_off(parts in prop::collection::vec(-10i64.pow(10)..10i64.pow(10), 0..40)) {
        let exact: Vec<Decimal> = parts.iter().map(|p| Decimal::new(*p, 6)).collect();
        let total = Money::round(exact.iter().sum(), Currency::Usd).unwrap();
        let shares = by_largest_remainder(total, &exact).unwrap();
        prop_assert_eq!(Money::sum(Currency::Usd, shares.iter().copied()).unwrap(), total);
        for (share, exact) in shares.iter().zip(&exact) {
            prop_assert!((share.exact() - exact).abs() < Decimal::new(1, 2));
        }
    }

    #[test]
    fn the_total_is_the_lines_and_the_items(amounts in prop::collection::vec((0usize..3, 0i64..10i64.pow(12)), 1..20), fractions in prop::collection::vec(0i64..50_000_000, 0..4)) {
        let bases: Vec<Base> = amounts.iter().map(|(k, a)| Base { kind: TaxedKind::ALL[*k], exact: Decimal::new(*a, 8) }).collect();
        let rates: Vec<Rate> = fractions.iter().map(|f| Rate { rate: Decimal::new(*f, 8), ..rate("0", TaxedKind::ALL) }).collect();
        let taxes = compute(&rates, &bases, Currency::Usd).unwrap();
        let lines: i64 = taxes.lines.iter().map(|l| l.amount.minor).sum();
        prop_assert_eq!(lines, taxes.total.minor);
        prop_assert_eq!(minors(&taxes.by_item).iter().sum::<i64>(), lines);
        for line in &taxes.lines {
            prop_assert!((line.amount.exact() - line.exact).abs() <= Decimal::new(5, 3));
        }
    }
}
