//! The checkout as it is seen.

use super::{
    checkout::{Facts, Typed},
    owed::owed,
};
use crate::{
    Wrong,
    flash::Tone,
    ui::{
        AddressFields, Amount, Button, ButtonKind, Card, Cell, Checkbox, EmptyState, Field, Form,
        LinkButton, Notice, Number, Radios, Table, Way, words::kept_at_least,
    },
};
use leptos::prelude::*;
use voxlink_domain::{
    Platform,
    billing::address::Address,
    orders::{PriceChange, Quote},
};
use voxlink_types::Money;

/// What is another sum than the person saw.
pub(super) struct Changed {
    /// What, before, and now.
    rows: Vec<(String, Money, Money)>,
    /// The total went up.
    pub(super) dearer: bool,
}

impl Changed {
    /// Compares what the form had shown with what it costs now; `None` when all is as it was.
    pub(super) fn since(typed: &Typed, now: &Quote, lines: Vec<PriceChange>) -> Option<Self> {
        let seen = |text: &str| text.parse().ok().map(|minor| Money::new(minor, now.currency));
        let mut rows = Vec::new();
        for line in lines {
            let number = line.number.international();
            rows.push((format!("{number}, per month"), line.was.0, line.now.0));
            rows.push((format!("{number}, set-up"), line.was.1, line.now.1));
        }
        let promotion = match (&now.promotion, &now.refused_promotion) {
            (Some(code), _) | (None, Some((code, _))) => format!("Promotion {code}"),
            (None, None) => "Promotion".to_owned(),
        };
        for (what, was, now) in [
            ("First month and set-up".to_owned(), seen(&typed.subtotal), now.subtotal),
            (promotion, seen(&typed.discount), now.discount),
            ("Taxes".to_owned(), seen(&typed.tax), now.tax),
            ("Due now".to_owned(), seen(&typed.expected), now.total),
        ] {
            rows.extend(was.map(|was| (what, was, now)));
        }
        rows.retain(|(_, was, now)| was != now);
        let dearer = seen(&typed.expected).is_none_or(|was| now.total.minor > was.minor);
        (!rows.is_empty()).then_some(Self { rows, dearer })
    }

    fn view(self) -> impl IntoView {
        let consent = if self.dearer {
            "It costs more than you agreed to, so please accept the terms again for the new total."
        } else {
            "It costs less than you agreed to. What you chose still stands: press Buy to go on."
        };
        let rows = self
            .rows
            .into_iter()
            .map(|(what, was, now)| {
                view! {
                    <li>{what} ": " <s class="text-muted"><Amount money=was /></s> " → " <strong><Amount money=now /></strong></li>
                }
            })
            .collect_view();
        view! {
            <Notice tone=Tone::Warning>
                <p class="font-semibold">"What changed"</p>
                <ul class="my-1.5 flex list-disc flex-col gap-1 ps-5">{rows}</ul>
                <p>{consent}</p>
            </Notice>
        }
    }
}

/// There is no cart to pay.
pub(super) fn nothing(wrong: &Wrong) -> AnyView {
    let told = wrong.summary().map(|text| view! { <Notice tone=Tone::Warning>{text}</Notice> });
    view! {
        {told}
        <EmptyState title="Nothing to check out" text="Your cart is empty. What you bought stands under your orders." icon="icon-[lucide--shopping-cart]">
            <LinkButton href="/search">"Search numbers"</LinkButton>
            <LinkButton href="/orders" kind=ButtonKind::Secondary>"See your orders"</LinkButton>
        </EmptyState>
    }
    .into_any()
}

/// The first step: where the bill goes.
pub(super) fn address(
    quote: &Quote,
    platform: &Platform,
    address: Address,
    wrong: Wrong,
) -> AnyView {
    view! {
        <div class="grid items-start gap-6 lg:grid-cols-[3fr_2fr]">
            <Card title="1 of 2: billing address">
                <p class="mb-5 text-muted">"It stands on your invoices, and it decides the tax: with it you see what you pay to the cent before you buy."</p>
                <Form action="/checkout/address" wrong>
                    <AddressFields address />
                    <div>
                        <Button>"Go on to payment"</Button>
                    </div>
                </Form>
            </Card>
            {summary(quote, platform, false)}
        </div>
    }
    .into_any()
}

/// The second step: how it is paid.
pub(super) fn pay(
    quote: &Quote,
    platform: &Platform,
    facts: Facts,
    typed: Typed,
    wrong: Wrong,
    changed: Option<Changed>,
) -> AnyView {
    // Some fields are made before the form that they stand in.
    provide_context(wrong.clone());
    let (total, monthly) = (quote.total.to_string(), quote.monthly);
    let seen = [
        ("cart", quote.cart.to_string()),
        ("expected", quote.total.minor.to_string()),
        ("subtotal", quote.subtotal.minor.to_string()),
        ("discount", quote.discount.minor.to_string()),
        ("tax", quote.tax.minor.to_string()),
    ]
    .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
    .collect_view();
    let strategies = (quote.lines.len() > 1).then(|| strategies(quote.lines.len(), &typed));
    let (ways, consented) = (ways_to_pay(quote, &facts, &typed), typed.terms.is_some());
    let code = quote.refused_promotion.clone().map(|(code, why)| {
        view! { <Notice tone=Tone::Warning>{format!("{code} takes nothing off. {why}")}</Notice> }
    });
    view! {
        {owed(facts.dues.clone())}
        <div class="grid items-start gap-6 lg:grid-cols-[3fr_2fr]">
            <Form action="/checkout" wrong class="flex min-w-0 flex-col gap-6">
                {seen}
                {changed.map(Changed::view)}
                {code}
                {billed_to(&facts.address)}
                <Card title="2 of 2: payment">
                    <div class="flex flex-col gap-6">
                        {strategies}
                        {ways}
                        <Checkbox name="terms" required=true checked=consented>
                            "I accept the "<a class="link" href="/help/terms" target="_blank">"terms of service"</a>
                            " and that each number renews every month until I release it."
                        </Checkbox>
                        <div>
                            <Button>{format!("Buy for {total}")}</Button>
                        </div>
                    </div>
                </Card>
            </Form>
            <div class="flex flex-col gap-6">
                {summary(quote, platform, true)}
                <Card title="What happens next">
                    <ol class="flex list-decimal flex-col gap-1.5 ps-5 text-sm">
                        <li>"The amount is set aside; nothing is charged yet."</li>
                        <li>"We get every number from its carrier, mostly within seconds."</li>
                        <li>"You pay for the numbers you got; the rest is free again at once."</li>
                        <li>"From the second month on it costs " <Amount money=monthly /> " a month before tax."</li>
                    </ol>
                </Card>
            </div>
        </div>
    }
    .into_any()
}

fn billed_to(address: &Address) -> impl IntoView + use<> {
    let lines = address.lines();
    view! {
        <Card title="Billed to">
            <div class="flex flex-wrap items-start justify-between gap-4">
                <address class="not-italic">
                    {lines.into_iter().map(|line| view! { <span class="block">{line}</span> }).collect_view()}
                </address>
                <LinkButton href="/checkout?address=true" kind=ButtonKind::Quiet>"Change the address"</LinkButton>
            </div>
        </Card>
    }
}

fn strategies(count: usize, typed: &Typed) -> impl IntoView + use<> {
    let least = if typed.minimum.is_empty() {
        count.div_ceil(2).to_string()
    } else {
        typed.minimum.clone()
    };
    let field = view! {
        <div class="max-w-48">
            <Field name="minimum" label="Numbers needed at least" value=least optional=true inputmode="numeric" hint=format!("From 1 to {count}") />
        </div>
    };
    let ways = vec![
        Way::new("best_effort", "Buy those that can be had")
            .hint("You pay for the numbers you get, and only for those."),
        Way::new("all_or_nothing", format!("All {count} or none"))
            .hint("If one cannot be had, the others are given back and nothing is charged."),
        Way::new("at_least", "At least so many")
            .hint("If fewer can be had, they are given back and nothing is charged.")
            .more(field),
    ];
    let chosen = if typed.strategy.is_empty() { "best_effort" } else { &typed.strategy };
    view! { <Radios name="strategy" label="If a number cannot be had" ways value=chosen.to_owned() /> }
}

fn ways_to_pay(quote: &Quote, facts: &Facts, typed: &Typed) -> impl IntoView + use<> {
    let missing = Money::new(quote.total.minor - facts.credit.minor, quote.currency);
    let short = missing.minor > 0;
    let default = match facts.cards.first() {
        Some((key, _)) if short => *key,
        _ => "credit",
    };
    let balance = Way::new("credit", format!("Balance ({} available)", facts.credit));
    let mut ways = vec![if short {
        balance.hint(format!("Short by {missing}: top up first, or pay by card."))
    } else {
        balance.hint("Taken from what you have paid in.")
    }];
    ways.extend(facts.cards.iter().map(|(key, name)| {
        Way::new(*key, *name)
            .hint("You are sent to the processor's page. The card is charged only for the numbers you get.")
    }));
    let chosen = if typed.payment.is_empty() { default.to_owned() } else { typed.payment.clone() };
    let top_up = short.then(|| {
        view! { <p class="text-sm"><a class="link" href="/billing/top-up">"Top up your balance"</a></p> }
    });
    view! {
        <div class="flex flex-col gap-2.5">
            <Radios name="payment" label="Pay from" ways value=chosen />
            {top_up}
        </div>
    }
}

fn summary(quote: &Quote, platform: &Platform, taxed: bool) -> impl IntoView + use<> {
    let rows = quote
        .lines
        .clone()
        .into_iter()
        .map(|line| {
            let least = kept_at_least(platform.minimum_days(&line.carrier)).map(|text| {
                view! { <span class="mt-1 block text-xs">{text}</span> }
            });
            view! {
                <tr>
                    <Cell label="Number">
                        <div>
                            <Number number=line.number plain=true />
                            {least}
                        </div>
                    </Cell>
                    <Cell label="First month" amount=true>
                        <Amount money=line.monthly />
                    </Cell>
                    <Cell label="Set-up" amount=true>
                        <Amount money=line.setup />
                    </Cell>
                </tr>
            }
        })
        .collect_view();
    let mut sums = vec![("Subtotal".to_owned(), quote.subtotal)];
    if let Some(code) = &quote.promotion {
        let off = Money::new(-quote.discount.minor, quote.currency);
        sums.push((format!("Promotion {code}"), off));
    }
    if taxed {
        sums.extend(quote.taxes.iter().cloned());
    }
    let no_tax = match (taxed, quote.taxes.is_empty()) {
        (false, _) => Some("Tax is added by your address on the next page."),
        (true, true) => Some("No tax is due at your address."),
        (true, false) => None,
    };
    let sums = sums
        .into_iter()
        .map(|(label, money)| {
            view! {
                <div class="flex justify-between gap-4">
                    <dt class="text-muted">{label}</dt>
                    <dd><Amount money /></dd>
                </div>
            }
        })
        .collect_view();
    let total = taxed.then(|| {
        view! {
            <div class="flex justify-between gap-4 border-t border-base-300 pt-2 text-base font-semibold">
                <dt>"Due now"</dt>
                <dd><Amount money=quote.total /></dd>
            </div>
        }
    });
    view! {
        <Card title="Your order">
            <Table caption="Numbers in this order">
                <thead>
                    <tr>
                        <th scope="col">"Number"</th>
                        <th scope="col" class="amount">"First month"</th>
                        <th scope="col" class="amount">"Set-up"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <dl class="mt-4 flex flex-col gap-1.5 text-sm">
                {sums}
                {total}
            </dl>
            {no_tax.map(|text| view! { <p class="mt-2 text-sm text-muted">{text}</p> })}
        </Card>
    }
}
