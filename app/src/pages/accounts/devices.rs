//! Where a person is signed in, and how to end it.

use super::settings::{SettingsTab, tabs};
use crate::{
    Answer, App, Flash, PageError, Screen,
    access::Viewer,
    layout::Place,
    ui::{Badge, ButtonForm, ButtonKind, Cell, Table, Tabs, When},
};
use axum::extract::{Path, State};
use leptos::prelude::*;
use voxlink_domain::accounts::sessions::{self, Revoke};

pub(super) async fn show(State(app): State<App>, person: Viewer) -> Answer {
    let devices = sessions::devices(&app.platform, person.member.user).await?;
    let here = person.member.session;
    Screen::new("Settings")
        .at(Place::Settings)
        .render(&app, &person, move || {
            let others = devices.iter().any(|d| d.id != here);
            let rows = devices
                .into_iter()
                .map(|d| {
                    let end = if d.id == here {
                        view! { <Badge text="This device" tone=None /> }.into_any()
                    } else {
                        let action = format!("/settings/devices/{}/revoke", d.id);
                        view! { <ButtonForm action=action>"Sign out"</ButtonForm> }.into_any()
                    };
                    let kept = if d.remember { "Remembered" } else { "Until it is left unused" };
                    view! {
                        <tr>
                            <Cell label="Device">{d.device}</Cell>
                            <Cell label="Address">{d.ip.unwrap_or_else(|| "unknown".to_owned())}</Cell>
                            <Cell label="Signed in"><When at=d.created_at /></Cell>
                            <Cell label="Last used"><When at=d.last_seen_at /></Cell>
                            <Cell label="Kept">{kept}</Cell>
                            <Cell label="">{end}</Cell>
                        </tr>
                    }
                })
                .collect_view();
            let all = others.then(|| {
                view! {
                    <div class="mt-4">
                        <ButtonForm action="/settings/devices/revoke-others" kind=ButtonKind::Secondary>
                            "Sign out all other devices"
                        </ButtonForm>
                    </div>
                }
            });
            view! {
                <Tabs label="Settings" tabs=tabs(SettingsTab::Devices) />
                <Table caption="Devices on which you are signed in">
                    <thead>
                        <tr>
                            <th scope="col">"Device"</th>
                            <th scope="col">"Address"</th>
                            <th scope="col">"Signed in"</th>
                            <th scope="col">"Last used"</th>
                            <th scope="col">"Kept"</th>
                            <th scope="col"><span class="sr-only">"Action"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
                {all}
            }
        })
        .await
}

pub(super) async fn revoke(
    State(app): State<App>,
    person: Viewer,
    Path(id): Path<String>,
) -> Answer {
    let id = id.parse().map_err(|_| PageError::not_found())?;
    let request = person.request.clone();
    sessions::revoke(&app.platform, &person.member, Revoke::One(id), request).await?;
    Ok(Flash::success("The device is signed out.").then("/settings/devices"))
}

pub(super) async fn revoke_others(State(app): State<App>, person: Viewer) -> Answer {
    let all = Revoke::AllBut(person.member.session);
    let ended =
        sessions::revoke(&app.platform, &person.member, all, person.request.clone()).await?;
    let said = match ended {
        0 => "No other device was signed in.".to_owned(),
        1 => "One other device is signed out.".to_owned(),
        n => format!("{n} other devices are signed out."),
    };
    Ok(Flash::success(said).then("/settings/devices"))
}
