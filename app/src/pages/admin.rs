//! Administration: accounts, orders and numbers of all tenants, audit, jobs, the seller, carriers,
//! own trunks.

mod account;
mod accounts;
mod audit;
mod carriers;
mod drift;
mod export;
mod filter;
mod jobs;
mod listing;
mod seller;
mod stored;
mod trunks;
mod work;

use crate::{
    Access, Route,
    route::{get, post},
};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/admin", Access::Support, work::overview),
        get("/admin/accounts", Access::Support, accounts::list),
        get("/admin/accounts/export", Access::Admin, accounts::export),
        get("/admin/accounts/{id}", Access::Support, account::show),
        post("/admin/accounts/{id}/suspend", Access::Admin, account::suspend),
        post("/admin/accounts/{id}/restore", Access::Admin, account::restore),
        post("/admin/accounts/{id}/notes", Access::Support, account::add_note),
        post("/admin/accounts/{id}/adjust", Access::Admin, account::adjust),
        post("/admin/accounts/{id}/sign-out", Access::Admin, account::sign_out),
        get("/admin/orders", Access::Support, work::orders),
        get("/admin/orders/export", Access::Admin, work::export_orders),
        get("/admin/numbers", Access::Support, work::numbers),
        get("/admin/settings", Access::Admin, seller::show),
        post("/admin/settings", Access::Admin, seller::save),
        get("/admin/carriers", Access::Admin, carriers::list),
        get("/admin/carriers/{key}", Access::Admin, carriers::show),
        post("/admin/carriers/{key}", Access::Admin, carriers::change),
        post("/admin/carriers/{key}/test", Access::Admin, carriers::test),
        post("/admin/carriers/{key}/credentials", Access::Admin, carriers::store),
        get("/admin/carriers/{key}/papers", Access::Admin, carriers::papers::show),
        post("/admin/carriers/{key}/papers", Access::Admin, carriers::papers::file),
        post("/admin/carriers/{key}/papers/remove", Access::Admin, carriers::papers::remove),
        get("/admin/trunks", Access::Admin, trunks::show),
        post("/admin/trunks", Access::Admin, trunks::add),
        post("/admin/trunks/{id}/test", Access::Admin, trunks::test),
        get("/admin/trunks/{id}", Access::Admin, trunks::one::show),
        post("/admin/trunks/{id}", Access::Admin, trunks::one::save),
        post("/admin/trunks/{id}/remove", Access::Admin, trunks::one::remove),
        get("/admin/edges", Access::Admin, trunks::edges::show),
        post("/admin/edges", Access::Admin, trunks::edges::add),
        get("/admin/edges/{id}", Access::Admin, trunks::edges::show_one),
        post("/admin/edges/{id}/renew", Access::Admin, trunks::edges::renew),
        post("/admin/edges/{id}/remove", Access::Admin, trunks::edges::remove),
        get("/admin/numbers/export", Access::Admin, work::export_numbers),
        get("/admin/audit", Access::Support, audit::list),
        get("/admin/audit/export", Access::Admin, audit::export),
        post("/admin/audit/verify", Access::Support, audit::verify),
        get("/admin/drift", Access::Support, drift::list),
        post("/admin/drift", Access::Admin, drift::compare),
        post("/admin/drift/settle", Access::Admin, drift::settle),
        get("/admin/drift/{id}", Access::Support, drift::show),
        post("/admin/drift/{id}/apply", Access::Admin, drift::apply),
        post("/admin/drift/{id}/ignore", Access::Admin, drift::ignore),
        post("/admin/drift/{id}/roll-back", Access::Admin, drift::roll_back),
        get("/admin/jobs", Access::Developer, jobs::list),
        post("/admin/jobs/{id}/retry", Access::Admin, jobs::retry),
        post("/admin/jobs/{id}/discard", Access::Admin, jobs::discard),
    ]
}
