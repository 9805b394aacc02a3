//! The entries of the sidebar, and of the drawer that stands for it on a phone.

use leptos::prelude::*;
use voxlink_domain::{accounts::Member, overview::FrameCounts};
use voxlink_islands::Destination;
use voxlink_types::role::PlatformRole;

/// The entry that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The overview.
    Home,
    /// Finding numbers.
    Search,
    /// The cart and checkout.
    Cart,
    /// The tenant's numbers, their routing.
    Numbers,
    /// Campaigns.
    Campaigns,
    /// Calls.
    Calls,
    /// Orders.
    Orders,
    /// Balance, usage, invoices.
    Billing,
    /// Profile, devices, members.
    Settings,
    /// Guides and terms.
    Help,
    /// Staff: accounts.
    AdminAccounts,
    /// Staff: the overview.
    Admin,
    /// Staff: orders.
    AdminOrders,
    /// Staff: numbers.
    AdminNumbers,
    /// Staff: audit log.
    AdminAudit,
    /// Staff: where the carriers' books and ours differ.
    AdminDrift,
    /// Staff: jobs.
    AdminJobs,
    /// Administrators: the seller and its invoices.
    AdminSettings,
    /// Administrators: the carriers.
    AdminCarriers,
    /// Administrators: own trunks and the edges before them.
    AdminTrunks,
}

/// An entry: place, address, label, icon.
type Entry = (Place, &'static str, &'static str, &'static str);

const CUSTOMER: &[Entry] = &[
    (Place::Home, "/", "Overview", "icon-[lucide--gauge]"),
    (Place::Search, "/search", "Search", "icon-[lucide--search]"),
    (Place::Cart, "/cart", "Cart", "icon-[lucide--shopping-cart]"),
    (Place::Numbers, "/numbers", "Numbers", "icon-[lucide--hash]"),
    (Place::Campaigns, "/campaigns", "Campaigns", "icon-[lucide--megaphone]"),
    (Place::Calls, "/calls", "Calls", "icon-[lucide--phone-call]"),
    (Place::Orders, "/orders", "Orders", "icon-[lucide--package]"),
    (Place::Billing, "/billing", "Billing", "icon-[lucide--wallet]"),
    (Place::Settings, "/settings", "Settings", "icon-[lucide--settings]"),
];

/// What stands at the foot.
const FOOT: &[Entry] = &[(Place::Help, "/help", "Help", "icon-[lucide--life-buoy]")];

const STAFF: &[Entry] = &[
    (Place::Admin, "/admin", "Administration", "icon-[lucide--layout-dashboard]"),
    (Place::AdminAccounts, "/admin/accounts", "Accounts", "icon-[lucide--users]"),
    (Place::AdminOrders, "/admin/orders", "All orders", "icon-[lucide--package]"),
    (Place::AdminNumbers, "/admin/numbers", "All numbers", "icon-[lucide--hash]"),
    (Place::AdminDrift, "/admin/drift", "Drift", "icon-[lucide--scale]"),
    (Place::AdminAudit, "/admin/audit", "Audit log", "icon-[lucide--scroll-text]"),
];

/// What developers and administrators may open.
const DEVELOPERS: &[Entry] =
    &[(Place::AdminJobs, "/admin/jobs", "Jobs", "icon-[lucide--list-checks]")];

/// What only administrators may open.
const ADMINISTRATORS: &[Entry] = &[
    (Place::AdminSettings, "/admin/settings", "Seller", "icon-[lucide--store]"),
    (Place::AdminCarriers, "/admin/carriers", "Carriers", "icon-[lucide--radio-tower]"),
    (Place::AdminTrunks, "/admin/trunks", "Own trunks", "icon-[lucide--cable]"),
];

/// Draws the entries that a person may use.
pub(super) fn navigation(
    member: &Member,
    here: Option<Place>,
    counts: FrameCounts,
) -> impl IntoView + use<> {
    let staff = member.platform_role.is_staff().then(|| {
        view! {
            <li class="mt-5 px-2.5 pb-1 text-xs font-semibold tracking-wide text-muted uppercase">"Admin"</li>
            {entries(STAFF, here, counts)}
            {develops(member).then(|| entries(DEVELOPERS, here, counts))}
            {administrates(member).then(|| entries(ADMINISTRATORS, here, counts))}
        }
    });
    view! {
        <ul class="flex flex-col gap-0.5">{entries(CUSTOMER, here, counts)} {staff}</ul>
        <ul class="mt-auto flex flex-col pt-5">{entries(FOOT, here, counts)}</ul>
    }
}

fn develops(member: &Member) -> bool {
    member.platform_role >= PlatformRole::Developer
}

fn administrates(member: &Member) -> bool {
    member.platform_role >= PlatformRole::Admin
}

/// The same entries for the command palette.
pub(super) fn destinations(member: &Member) -> Vec<Destination> {
    let staff = if member.platform_role.is_staff() { STAFF } else { &[] };
    let developers = if develops(member) { DEVELOPERS } else { &[] };
    let administrators = if administrates(member) { ADMINISTRATORS } else { &[] };
    let customer = CUSTOMER.iter().chain(FOOT).map(|entry| (entry, "Page"));
    let above = staff.iter().chain(developers).chain(administrators);
    customer
        .chain(above.map(|entry| (entry, "Admin")))
        .map(|(&(_, href, label, _), hint)| Destination {
            label: label.to_owned(),
            hint: hint.to_owned(),
            href: href.to_owned(),
        })
        .collect()
}

fn entries(list: &'static [Entry], here: Option<Place>, counts: FrameCounts) -> impl IntoView {
    list.iter()
        .map(|&(place, href, label, icon)| {
            let lit = here == Some(place);
            let colours = if lit {
                "bg-glow text-primary font-semibold"
            } else {
                "text-base-content hover:bg-base-200"
            };
            let count = (place == Place::Cart && counts.cart > 0).then(|| {
                view! {
                    <span class="badge badge-primary badge-sm ms-auto">
                        {counts.cart} <span class="sr-only">" in the cart"</span>
                    </span>
                }
            });
            view! {
                <li>
                    <a href=href aria-current=lit.then_some("page") class=format!("flex items-center gap-2.5 rounded-field px-2.5 py-2 text-[0.9375rem] {colours}")>
                        <span class=icon aria-hidden="true"></span>
                        {label}
                        {count}
                    </a>
                </li>
            }
        })
        .collect_view()
}
