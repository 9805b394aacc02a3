//! Every part of the kit in use, for staff: pages copy from here.

use crate::{
    Answer, App, Screen, Wrong,
    access::Support,
    flash::Tone,
    ui::{
        AddressFields, Amount, Badge, Bar, BarChart, Button, ButtonForm, ButtonKind, Card, Cell,
        Checkbox, Choice, EmptyState, Export, Fact, Facts, Field, FilterBar, Fold, Form,
        LinkButton, Notice, Number, Pager, Radios, Rate, Select, SortHeader, Stat, Stateful, Tab,
        Table, Tabs, TextArea, TypedConfirmation, Way, When, WhenStyle,
    },
};
use axum::extract::State;
use leptos::prelude::*;
use rust_decimal::Decimal;
use voxlink_domain::billing::address::Address;
use voxlink_types::{Currency, E164, Money, Page, PageRequest, number::NumberState};

/// Shows the kit.
pub async fn show(State(app): State<App>, staff: Support) -> Answer {
    let now = app.platform.clock().now();
    let numbers: Vec<E164> = ["+12025550123", "+442079460000", "+493012345678"]
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    Screen::new("Style guide")
        .under("Overview", "/")
        .render(&app, &staff, move || {
            view! {
                <div class="flex flex-col gap-8">
                    {buttons()} {notices()} {form()} {list(numbers, now)} {figures()} {confirmation()}
                    <EmptyState title="No numbers yet" text="Search by place, digits or a word, and hold what you like for 15 minutes." icon="icon-[lucide--hash]">
                        <LinkButton href="/search">"Search numbers"</LinkButton>
                    </EmptyState>
                </div>
            }
        })
        .await
}

fn buttons() -> impl IntoView {
    view! {
        <Card title="Buttons">
            <div class="flex flex-wrap items-center gap-3">
                <LinkButton href="/style-guide">"Primary"</LinkButton>
                <LinkButton href="/style-guide" kind=ButtonKind::Secondary>"Secondary"</LinkButton>
                <LinkButton href="/style-guide" kind=ButtonKind::Quiet>"Quiet"</LinkButton>
                <LinkButton href="/style-guide" kind=ButtonKind::Danger>"Danger"</LinkButton>
                <ButtonForm action="/theme" fields=vec![("theme", "system".to_owned()), ("back", "/style-guide".to_owned())] kind=ButtonKind::Secondary>
                    "A form of one button"
                </ButtonForm>
            </div>
        </Card>
    }
}

fn notices() -> impl IntoView {
    view! {
        <Card title="Notices and states">
            <Notice tone=Tone::Success>"The number rings at your desk now."</Notice>
            <Notice>"Prices are per month, without tax."</Notice>
            <Notice tone=Tone::Warning>"Your balance lasts for about two days."</Notice>
            <Notice tone=Tone::Danger>"The card was refused: nothing was charged."</Notice>
            <div class="flex flex-wrap gap-2">
                {NumberState::ALL
                    .iter()
                    .map(|&state| {
                        let (text, tone) = state.badge();
                        view! { <Badge text tone /> }
                    })
                    .collect_view()}
            </div>
        </Card>
    }
}

fn form() -> impl IntoView {
    let wrong = Wrong::field("email", "Write an address with an @, such as ann@example.com.");
    view! {
        <Card title="A form, shown again">
            <Form action="/style-guide" wrong>
                <Field name="name" label="Name" value="Ann Example" autocomplete="name" />
                <Field name="email" label="E-mail" kind="email" value="ann" hint="For signing in and for invoices." />
                <Field name="password" label="Password" kind="password" autocomplete="new-password" />
                <Select name="zone" label="Time zone" value="Europe/Stockholm" choices=vec![Choice::new("UTC", "UTC"), Choice::new("Europe/Stockholm", "Stockholm")] />
                <AddressFields address=Address::default() foreign=true />
                <TextArea name="notes" label="Notes" value="Rings in the hall." optional=true />
                <Checkbox name="terms" required=true>
                    "I accept the terms."
                </Checkbox>
                <Radios name="pay" label="How do you pay?" value="card" ways=vec![
                    Way::new("card", "By card").hint("Charged when the order is placed."),
                    Way::new("balance", "From the balance").hint("$151.80 are left."),
                ] />
                <div>
                    <Button>"Save"</Button>
                </div>
            </Form>
        </Card>
    }
}

fn list(numbers: Vec<E164>, now: chrono::DateTime<chrono::Utc>) -> impl IntoView {
    let page = Page { rows: numbers.clone(), request: PageRequest::new(2, 3), total: 3_000 };
    let rows = numbers
        .into_iter()
        .zip(NumberState::ALL)
        .map(|(number, &state)| {
            let (text, tone) = state.badge();
            view! {
                <tr>
                    <Cell label="Number">
                        <Number number=number href="/style-guide" />
                    </Cell>
                    <Cell label="State">
                        <Badge text tone />
                    </Cell>
                    <Cell label="Since">
                        <When at=now style=WhenStyle::Day />
                    </Cell>
                    <Cell label="Per minute" amount=true>
                        <Rate rate=Decimal::new(85, 4) currency=Currency::Usd unit="min" />
                    </Cell>
                    <Cell label="Per month" amount=true>
                        <Amount money=Money::new(115, Currency::Usd) />
                    </Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section>
            <h2 class="mb-4 text-lg font-semibold">"A list"</h2>
            <Tabs label="Numbers" tabs=vec![Tab::new("All", "/style-guide", true), Tab::new("Released", "/style-guide?state=released", false)] />
            <FilterBar action="/style-guide" search="Number, name or tag">
                <Select name="state" label="State" none="Any" choices=vec![Choice::new("active", "Active"), Choice::new("suspended", "Suspended")] />
                <Field name="since" label="Since" kind="date" optional=true />
            </FilterBar>
            <Export href="/style-guide" />
            <Table caption="Numbers">
                <thead>
                    <tr>
                        <SortHeader key="number" label="Number" />
                        <th scope="col">"State"</th>
                        <SortHeader key="since" label="Since" default="-since" />
                        <th scope="col" class="amount">"Per minute"</th>
                        <SortHeader key="monthly" label="Per month" amount=true />
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <Pager page of=("number", "numbers") />
        </section>
    }
}

fn figures() -> impl IntoView {
    let bars = (0..24)
        .map(|hour: i64| {
            let calls = (hour * 7) % 19;
            Bar::new(format!("{hour}:00"), calls, format!("{calls} calls"))
        })
        .collect::<Vec<_>>();
    view! {
        <section class="flex flex-col gap-4">
            <div class="grid gap-4 sm:grid-cols-3">
                <Stat label="Numbers in service" href="/numbers">"12"</Stat>
                <Stat label="Spent this month" note="since 1 November">"$48.20"</Stat>
                <Stat label="Balance">"$151.80"</Stat>
            </div>
            <Card>
                <BarChart title="Calls by hour" per="Hour" measure="Calls" bars />
            </Card>
            <Card title="Facts">
                <Facts>
                    <Fact name="Carrier">"Local"</Fact>
                    <Fact name="Place">"Boston, Massachusetts"</Fact>
                </Facts>
                <div class="mt-4">
                    <Fold summary="What is not needed at once">
                        <p>"It stands behind a line with an arrow."</p>
                    </Fold>
                </div>
            </Card>
        </section>
    }
}

fn confirmation() -> impl IntoView {
    view! {
        <Card title="Release +1 202-555-0123">
            <p class="mb-4">
                "It stops ringing now. Of what is paid already, 12 days are not refunded. You can undo this for 10 days."
            </p>
            <Form action="/style-guide">
                <TypedConfirmation word="+12025550123" />
                <div>
                    <Button kind=ButtonKind::Danger>"Release"</Button>
                </div>
            </Form>
        </Card>
    }
}
