//! One trunk: changed, or removed after its name was typed.

use super::{Confirmed, HERE, Typed, confirmed, fields};
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Admin,
    layout::Place,
    ui::{Button, ButtonKind, Card, Form, TypedConfirmation},
};
use axum::extract::{Form as Sent, Path, State};
use leptos::prelude::*;
use voxlink_domain::trunks;

pub(in crate::pages::admin) async fn show(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Answer {
    page(&app, &admin, &id, None, Wrong::nothing(), Wrong::nothing()).await
}

pub(in crate::pages::admin) async fn save(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    Sent(typed): Sent<Typed>,
) -> Answer {
    let new = match typed.read() {
        Ok(new) => new,
        Err(wrong) => {
            return page(&app, &admin, &id, Some(typed), wrong, Wrong::nothing()).await;
        }
    };
    let mut cx = admin.begin(&app.platform).await?;
    match trunks::edit_trunk(&app.platform, &mut cx, &id, &new).await {
        Ok(()) => {
            cx.commit().await?;
            trunks::follow(&app.platform).await?;
            let said = "Saved. Give the edges their configuration again, so that they know of it.";
            Ok(Flash::success(said).then(HERE))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            page(&app, &admin, &id, Some(typed), wrong, Wrong::nothing()).await
        }
    }
}

pub(in crate::pages::admin) async fn remove(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    Sent(typed): Sent<Confirmed>,
) -> Answer {
    if let Err(wrong) = confirmed(&typed.confirm, &id) {
        return page(&app, &admin, &id, None, Wrong::nothing(), wrong).await;
    }
    let mut cx = admin.begin(&app.platform).await?;
    trunks::remove_trunk(&mut cx, &id).await?;
    cx.commit().await?;
    trunks::follow(&app.platform).await?;
    let said = "Removed. No call goes out over it; give the edges their configuration again, so that they take none from it.";
    Ok(Flash::success(said).then(HERE))
}

async fn page(
    app: &App,
    admin: &Admin,
    name: &str,
    typed: Option<Typed>,
    wrong: Wrong,
    wrong_remove: Wrong,
) -> Answer {
    let mut cx = admin.begin(&app.platform).await?;
    let trunk = trunks::trunk(&mut cx, name).await?;
    drop(cx);
    let typed = typed.unwrap_or_else(|| Typed::of(&trunk));
    let status =
        if wrong_remove.summary().is_some() { wrong_remove.status() } else { wrong.status() };
    let (save_at, remove_at) =
        (format!("{HERE}/{}", trunk.name), format!("{HERE}/{}/remove", trunk.name));
    let word = trunk.name.clone();
    Screen::new(format!("Trunk {}", trunk.name))
        .at(Place::AdminTrunks)
        .under("Own trunks", HERE)
        .status(status)
        .render(app, admin, move || {
            view! {
                <div class="grid items-start gap-6 lg:grid-cols-2">
                    <Card title="Change the trunk">
                        <Form action=save_at wrong=wrong>
                            {fields(typed, "Leave it empty to keep the one of before; no page shows it.")}
                            <div><Button kind=ButtonKind::Primary>"Save the trunk"</Button></div>
                        </Form>
                    </Card>
                    <Card title="Remove the trunk" danger=true>
                        <Form action=remove_at wrong=wrong_remove>
                            <p class="text-muted">
                                "No call goes out over it any more, and its password is forgotten."
                            </p>
                            <TypedConfirmation word=word />
                            <div><Button kind=ButtonKind::Danger>"Remove this trunk"</Button></div>
                        </Form>
                    </Card>
                </div>
            }
        })
        .await
}
