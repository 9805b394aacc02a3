//! Register, sign in and out, devices, profile, the people of the company.

mod devices;
mod entry;
mod invitation;
mod letters;
mod people;
mod person;
mod settings;

use crate::{
    Access, Route,
    route::{get, post},
};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/register", Access::Public, entry::show_register),
        post("/register", Access::Public, entry::register),
        get("/sign-in", Access::Public, entry::show_sign_in),
        post("/sign-in", Access::Public, entry::sign_in),
        post("/sign-out", Access::Public, entry::sign_out),
        get("/forgot", Access::Public, letters::show_forgot),
        post("/forgot", Access::Public, letters::forgot),
        get("/reset", Access::Public, letters::show_reset),
        post("/reset", Access::Public, letters::reset),
        get("/verify", Access::Public, letters::show_verify),
        post("/verify", Access::Public, letters::verify),
        get("/invitation", Access::Public, invitation::show),
        post("/invitation", Access::Public, invitation::accept),
        get("/settings", Access::Viewer, settings::show),
        post("/settings", Access::Viewer, settings::save),
        post("/settings/password", Access::Viewer, settings::change_password),
        post("/settings/verification", Access::Viewer, settings::ask_for_verification),
        get("/settings/people", Access::Viewer, people::show),
        post("/settings/people/invite", Access::Owner, people::invite),
        post("/settings/people/leave", Access::Viewer, people::leave),
        post("/settings/people/invitations/{id}/link", Access::Owner, people::renew),
        post("/settings/people/invitations/{id}/withdraw", Access::Owner, people::withdraw),
        get("/settings/people/{id}", Access::Owner, person::show),
        post("/settings/people/{id}/role", Access::Owner, person::change_role),
        post("/settings/people/{id}/remove", Access::Owner, person::remove),
        get("/settings/devices", Access::Viewer, devices::show),
        post("/settings/devices/{id}/revoke", Access::Viewer, devices::revoke),
        post("/settings/devices/revoke-others", Access::Viewer, devices::revoke_others),
    ]
}
