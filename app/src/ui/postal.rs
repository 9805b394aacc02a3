//! A postal address, asked for in one way wherever it is asked for.

use super::fields::{Choice, Field, Select};
use leptos::prelude::*;
use voxlink_domain::billing::address::{Address, COUNTRIES};
use voxlink_types::country::country_name;

/// The fields of an address: `line1`, `line2`, `postal_code`, `city`, `country`, `region`.
#[component]
pub fn AddressFields(
    /// What was typed or is stored.
    address: Address,
    /// It is not the address of the person who types: the browser fills nothing in.
    #[prop(optional)]
    foreign: bool,
) -> impl IntoView {
    let fill = |what: &'static str| if foreign { "off" } else { what };
    let countries = COUNTRIES.into_iter().map(|c| Choice::new(c, country_name(c))).collect();
    view! {
        <Field name="line1" label="Street and number" value=address.line1 autocomplete=fill("address-line1") maxlength=100u32 />
        <Field name="line2" label="Suite, floor" value=address.line2 optional=true autocomplete=fill("address-line2") maxlength=100u32 />
        <div class="grid gap-5 sm:grid-cols-2">
            <Field name="postal_code" label="Postal code" value=address.postal_code autocomplete=fill("postal-code") maxlength=20u32 />
            <Field name="city" label="Town" value=address.city autocomplete=fill("address-level2") maxlength=100u32 />
            <Select name="country" label="Country" choices=countries value=address.country none="Choose a country" />
            <Field name="region" label="State or province" value=address.region optional=true autocomplete=fill("address-level1") maxlength=100u32
                hint="Two letters in the United States and Canada, such as MA or ON" />
        </div>
    }
}
