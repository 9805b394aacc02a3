//! Who sells: what invoices say of us. Kept by administrators.

use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{AddressFields, Button, ButtonKind, Field, Form, Notice, TextArea},
};
use axum::extract::{Form as Sent, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    address::Address,
    invoices::Registration,
    seller::{self, Seller},
};

/// What was typed, kept as it was.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    #[serde(flatten)]
    address: Address,
    email: String,
    registrations: String,
    bank: String,
    payment_terms: String,
    payment_days: String,
    invoice_prefix: String,
    footer: String,
}

impl From<Seller> for Typed {
    fn from(s: Seller) -> Self {
        let pairs = s.registrations.iter().map(|r| format!("{}: {}", r.label, r.value));
        Self {
            registrations: pairs.collect::<Vec<_>>().join("\n"),
            name: s.name,
            address: s.address,
            email: s.email,
            bank: s.bank,
            payment_terms: s.payment_terms,
            payment_days: s.payment_days.to_string(),
            invoice_prefix: s.invoice_prefix,
            footer: s.footer,
        }
    }
}

impl From<&Typed> for Seller {
    fn from(t: &Typed) -> Self {
        let t = t.clone();
        let pair = |line: &str| {
            let (label, value) = line.split_once(':').unwrap_or((line, ""));
            Registration { label: label.to_owned(), value: value.to_owned() }
        };
        Self {
            name: t.name,
            address: t.address,
            email: t.email,
            registrations: t
                .registrations
                .lines()
                .filter(|l| !l.trim().is_empty())
                .map(pair)
                .collect(),
            bank: t.bank,
            payment_terms: t.payment_terms,
            // What is no number of days is told by the check of the field.
            payment_days: t.payment_days.trim().parse().unwrap_or(-1),
            invoice_prefix: t.invoice_prefix,
            footer: t.footer,
        }
    }
}

pub(super) async fn show(State(app): State<App>, admin: Admin) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let typed = Typed::from(seller::get(&mut cx).await?);
    drop(cx);
    page(&app, &admin, typed, Wrong::nothing()).await
}

pub(super) async fn save(State(app): State<App>, admin: Admin, Sent(typed): Sent<Typed>) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    match seller::save(&mut cx, &Seller::from(&typed)).await {
        Ok(_) => {
            cx.commit().await?;
            let said =
                "Saved. Invoices issued from now on say so; those already issued stay as they are.";
            Ok(Flash::success(said).then("/admin/settings"))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            page(&app, &admin, typed, wrong).await
        }
    }
}

async fn page(app: &App, admin: &Admin, typed: Typed, wrong: Wrong) -> Answer {
    Screen::new("Seller")
        .at(Place::AdminSettings)
        .status(wrong.status())
        .render(app, admin, move || form(typed, wrong))
        .await
}

fn form(t: Typed, wrong: Wrong) -> impl IntoView {
    view! {
        <Notice>"This is what invoices say of the seller. An invoice keeps what it was issued with; a change touches later ones only, and is written to the audit log."</Notice>
        <Form action="/admin/settings" wrong=wrong>
            <h2 class="text-lg font-semibold">"Name and address"</h2>
            <Field name="name" label="Company" value=t.name autocomplete="organization" maxlength=200u32 />
            <AddressFields address=t.address foreign=true />
            <Field name="email" label="E-mail for questions about a bill" kind="email" value=t.email optional=true maxlength=200u32 />
            <TextArea name="registrations" label="Tax numbers and registrations" value=t.registrations optional=true rows=3 maxlength=600u32
                hint="One a line, its name before a colon, such as EIN: 12-3456789 or VAT: DE129273398." />
            <h2 class="mt-4 text-lg font-semibold">"Invoices"</h2>
            <Field name="invoice_prefix" label="Prefix of invoice numbers" value=t.invoice_prefix maxlength=8u32
                hint="VL makes VL-00000001. A new prefix begins its own series at 1; the numbers of each have no gaps." />
            <Field name="payment_days" label="Days until an invoice is due" value=t.payment_days inputmode="numeric" maxlength=3u32 />
            <Field name="payment_terms" label="Payment terms" value=t.payment_terms maxlength=500u32 />
            <Field name="bank" label="Bank account" value=t.bank optional=true maxlength=300u32
                hint="One line, such as Example Bank, IBAN DE02 1203 0000 0000 2020 51, BIC BYLADEM1001." />
            <TextArea name="footer" label="Last line" value=t.footer optional=true rows=2 maxlength=500u32
                hint="Managing directors, registry court, or a word of thanks." />
            <div><Button kind=ButtonKind::Primary>"Save"</Button></div>
        </Form>
    }
}
