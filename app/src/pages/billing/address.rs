//! The billing address: what invoices are addressed to and tax depends on.

use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Manager,
    layout::Place,
    ui::{AddressFields, Button, ButtonKind, Field, Form},
};
use axum::extract::{Form as Sent, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    account::{self, Billing},
    address::Address,
};

#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Typed {
    company: String,
    #[serde(flatten)]
    address: Address,
    vat_number: String,
    tax_id: String,
}

impl From<Typed> for Billing {
    fn from(t: Typed) -> Self {
        Self { company: t.company, address: t.address, tax_id: t.tax_id, vat_number: t.vat_number }
    }
}

fn screen() -> Screen {
    Screen::new("Billing address").at(Place::Billing).under("Billing", "/billing")
}

pub(super) async fn show(State(app): State<App>, manager: Manager) -> Answer {
    let mut cx = manager.begin(&app.platform).await?;
    let billing = account::get(&mut cx).await?.billing;
    drop(cx);
    screen().render(&app, &manager, move || form(billing, Wrong::nothing())).await
}

pub(super) async fn save(
    State(app): State<App>,
    manager: Manager,
    Sent(typed): Sent<Typed>,
) -> Answer {
    let billing = Billing::from(typed);
    let mut cx = manager.begin(&app.platform).await?;
    match account::save(&mut cx, billing.clone()).await {
        Ok(_) => {
            cx.commit().await?;
            Ok(Flash::success("Billing address saved.").then("/billing"))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            screen()
                .status(wrong.status())
                .render(&app, &manager, move || form(billing, wrong))
                .await
        }
    }
}

fn form(billing: Billing, wrong: Wrong) -> impl IntoView {
    view! {
        <Form action="/billing/address" wrong=wrong>
            <Field name="company" label="Company" value=billing.company optional=true autocomplete="organization" maxlength=100u32 />
            <AddressFields address=billing.address />
            <Field name="vat_number" label="VAT number" value=billing.vat_number optional=true maxlength=20u32
                hint="With its country, such as DE129273398. In the European Union and the United Kingdom you then account for the VAT yourself." />
            <Field name="tax_id" label="Tax number" value=billing.tax_id optional=true maxlength=100u32 />
            <div class="flex flex-wrap gap-3">
                <Button kind=ButtonKind::Primary>"Save address"</Button>
                <a class="btn btn-ghost" href="/billing">"Cancel"</a>
            </div>
        </Form>
    }
}
