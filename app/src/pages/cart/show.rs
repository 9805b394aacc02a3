//! The page itself.

use crate::{
    Answer, App, Screen, Wrong,
    access::Person,
    errors::PageError,
    flash::Tone,
    layout::Place,
    ui::{
        Amount, Badge, Button, ButtonForm, ButtonKind, Card, Cell, EmptyState, Field, Form,
        LinkButton, Notice, Number, Rate, Table, When, WhenStyle, words::kept_at_least,
    },
};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use voxlink_domain::{
    Platform,
    cart::{self, CartItem, CartView, Standing},
};
use voxlink_islands::Countdown;
use voxlink_types::{Money, number::Requirement};

pub(super) async fn show(app: &App, person: &impl Person, wrong: Wrong, code: String) -> Answer {
    let Some(member) = person.member() else { return Err(PageError::not_found()) };
    let mut cx = member.begin(&app.platform, person.request().clone()).await?;
    let view = cart::view(&mut cx, member.user).await?;
    drop(cx);
    let platform = app.platform.clone();
    Screen::new("Cart")
        .at(Place::Cart)
        .status(wrong.status())
        .render(app, person, move || match view {
            Some(view) if !view.items.is_empty() => body(&view, &platform, wrong, code),
            _ => empty(),
        })
        .await
}

fn empty() -> AnyView {
    view! {
        <EmptyState title="Your cart is empty" text="Search by place, digits or a word, and hold what you like: nobody else can take it while you decide." icon="icon-[lucide--shopping-cart]">
            <LinkButton href="/search">"Search numbers"</LinkButton>
        </EmptyState>
    }
    .into_any()
}

fn body(view: &CartView, platform: &Platform, wrong: Wrong, code: String) -> AnyView {
    let lapsed = view.items.iter().filter(|i| i.standing == Standing::Lapsed).count();
    let warning = (lapsed > 0).then(|| {
        let text = if lapsed == 1 {
            "One hold has run out. Hold the number again, or somebody else may take it."
        } else {
            "Some holds have run out. Hold the numbers again, or somebody else may take them."
        };
        view! { <Notice tone=Tone::Warning>{text}</Notice> }
    });
    let lines = view
        .items
        .iter()
        .map(|item| {
            let least = kept_at_least(platform.minimum_days(&item.line.carrier));
            line(item.clone(), least, view.now)
        })
        .collect_view();
    view! {
        {warning}
        <div class="grid items-start gap-6 lg:grid-cols-[1fr_20rem]">
            <div class="flex min-w-0 flex-col gap-4">
                <Table caption="Numbers in your cart">
                    <thead>
                        <tr>
                            <th scope="col">"Number"</th>
                            <th scope="col">"Held for"</th>
                            <th scope="col" class="amount">"Per month"</th>
                            <th scope="col" class="amount">"Set-up"</th>
                            <th scope="col" class="amount">"Per minute"</th>
                            <th scope="col">
                                <span class="sr-only">"Change"</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </Table>
                <div class="flex flex-wrap gap-3">
                    <LinkButton href="/search" kind=ButtonKind::Secondary>"Search more numbers"</LinkButton>
                    <ButtonForm action="/cart/clear">"Empty the cart"</ButtonForm>
                </div>
            </div>
            {sums(view, wrong, code)}
        </div>
    }
    .into_any()
}

fn line(item: CartItem, least: Option<String>, now: DateTime<Utc>) -> impl IntoView {
    let line = item.line;
    let place = line.offer.locality.clone().unwrap_or_default();
    let kind = line.offer.number_type.label();
    let about = if place.is_empty() { kind.to_owned() } else { format!("{kind}, {place}") };
    let papers = (line.needs != Requirement::None).then(|| {
        let text = format!("Needs: {}", line.needs.label().to_lowercase());
        view! { <span class="mt-1 block"><Badge text=text tone=Some(Tone::Warning) /></span> }
    });
    let least = least.map(|text| view! { <span class="mt-1 block text-xs">{text}</span> });
    let (standing, again) = match item.standing {
        Standing::Held(until) => {
            let minutes = ((until - now).num_seconds() + 59) / 60;
            let fallback = format!("about {minutes} min");
            let clock = view! {
                <Countdown ends_at_millis=until.timestamp_millis() server_now_millis=now.timestamp_millis() fallback=fallback />
            };
            (clock.into_any(), "Extend")
        }
        Standing::Lapsed => {
            let badge = view! { <Badge text="Run out" tone=Some(Tone::Danger) /> };
            (badge.into_any(), "Hold again")
        }
    };
    let kept = line.kept_until.map(|until| {
        view! {
            <span class="block text-xs text-muted">
                "price kept until " <When at=until style=WhenStyle::Time />
            </span>
        }
    });
    let (rate, currency) = (line.inbound_minute, line.monthly.currency);
    let (monthly, setup, id, number) = (line.monthly, line.setup, line.item, line.number);
    let again = if item.extends {
        view! { <ButtonForm action=format!("/cart/{id}/extend")>{again}</ButtonForm> }.into_any()
    } else {
        view! { <span class="self-center text-xs text-muted">"Cannot be held longer"</span> }
            .into_any()
    };
    let changed = line.was.map(|(was, _)| {
        view! { <span class="block text-xs text-muted">{format!("was {was}")}</span> }
    });
    view! {
        <tr>
            <Cell label="Number">
                <div>
                    <Number number />
                    <span class="block text-xs text-muted">{about}</span>
                    {papers}
                    {least}
                </div>
            </Cell>
            <Cell label="Held for">{standing}</Cell>
            <Cell label="Per month" amount=true>
                <div>
                    <Amount money=monthly />
                    {changed}
                    {kept}
                </div>
            </Cell>
            <Cell label="Set-up" amount=true>
                <Amount money=setup />
            </Cell>
            <Cell label="Per minute" amount=true>
                <Rate rate currency />
            </Cell>
            <td>
                <span class="flex flex-wrap justify-end gap-1">
                    {again}
                    <ButtonForm action=format!("/cart/{id}/remove")>"Remove"</ButtonForm>
                </span>
            </td>
        </tr>
    }
}

fn sums(view: &CartView, wrong: Wrong, typed: String) -> impl IntoView + use<> {
    let quote = &view.quote;
    let row = |label: String, money: Money| {
        view! {
            <div class="flex justify-between gap-4">
                <dt class="text-muted">{label}</dt>
                <dd>
                    <Amount money />
                </dd>
            </div>
        }
    };
    let taxes = quote.taxes.iter().map(|(label, money)| row(label.clone(), *money)).collect_view();
    let discount = quote.promotion.clone().map(|code| {
        let off = Money::new(-quote.discount.minor, quote.discount.currency);
        row(format!("Promotion {code}"), off)
    });
    let refused = quote.refused_promotion.clone();
    let code = match quote.promotion.clone().or_else(|| refused.clone().map(|(code, _)| code)) {
        Some(code) => {
            let dead = refused.map(|(code, why)| {
                view! { <Notice tone=Tone::Warning>{format!("{code} takes nothing off. {why}")}</Notice> }
            });
            view! {
                {dead}
                <ButtonForm action="/cart/promotion/remove">{format!("Remove {code}")}</ButtonForm>
            }
            .into_any()
        }
        None => view! {
            <Form action="/cart/promotion" wrong class="flex flex-col gap-2">
                <Field name="code" label="Promotion code" value=typed optional=true autocomplete="off" maxlength=40u32 />
                <div>
                    <Button kind=ButtonKind::Secondary>"Apply"</Button>
                </div>
            </Form>
        }
        .into_any(),
    };
    let untaxed = quote.taxes.is_empty().then(|| {
        view! { <p class="text-sm text-muted">"Taxes follow your billing address; it is asked for at the checkout."</p> }
    });
    let (subtotal, total, monthly) = (quote.subtotal, quote.total, quote.monthly);
    view! {
        <Card title="Summary">
            <dl class="flex flex-col gap-2">
                {row("First month and set-up".to_owned(), subtotal)}
                {discount}
                {taxes}
                <div class="mt-2 flex justify-between gap-4 border-t border-base-300 pt-3 text-lg font-semibold">
                    <dt>"Due now"</dt>
                    <dd>
                        <Amount money=total />
                    </dd>
                </div>
                <div class="flex justify-between gap-4 text-sm">
                    <dt class="text-muted">"Then each month, before tax"</dt>
                    <dd>
                        <Amount money=monthly />
                    </dd>
                </div>
            </dl>
            {untaxed}
            <div class="mt-5 flex flex-col gap-5">
                <LinkButton href="/checkout">"Check out"</LinkButton>
                {code}
            </div>
        </Card>
    }
}
