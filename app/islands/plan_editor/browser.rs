//! What the editor does in the browser.

use super::{Desk, Preview};
use chrono::NaiveDate;
use leptos::{ev, html::Div, prelude::*, task::spawn_local};
use std::time::Duration;
use voxlink_types::routing::{Plan, edit, read_form};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, RequestInit, Response};

/// How long the fields rest before the server is asked.
const REST: Duration = Duration::from_millis(300);

/// What does not change while somebody edits.
#[derive(Debug, Clone)]
pub(super) struct Number {
    /// The first free day for a holiday.
    pub today: NaiveDate,
    /// The number's zone.
    pub zone: String,
    /// Where a [`Preview`] is had.
    pub ask: String,
    /// The person may change the plan.
    pub editable: bool,
}

/// An editor on its page.
#[derive(Clone, Copy)]
struct Editor {
    root: NodeRef<Div>,
    desk: Desk,
    number: StoredValue<Number>,
    /// Counts the questions, so that an answer that comes late is known.
    asked: StoredValue<u32>,
    /// The form is being sent.
    leaving: StoredValue<bool>,
}

/// Listens to the form around the editor.
pub(super) fn wake(root: NodeRef<Div>, desk: Desk, number: Number) {
    let editor = Editor {
        root,
        desk,
        number: StoredValue::new(number),
        asked: StoredValue::new(0),
        leaving: StoredValue::new(false),
    };
    let inputs = window_event_listener(ev::input, move |event| {
        if editor.owns(event.target()).is_some() {
            editor.read();
            editor.ask_soon(REST);
        }
    });
    let changes = window_event_listener(ev::change, move |event| {
        let Some(target) = editor.owns(event.target()) else { return };
        editor.remember();
        if target.has_attribute("data-branch") {
            let typed = editor.desk.typed.get_untracked();
            editor.draw(typed, &[format!("[name='{}']", attribute(&target, "name"))]);
        }
        editor.ask_soon(Duration::ZERO);
    });
    let clicks = window_event_listener(ev::click, move |event| {
        let Some(target) = editor.owns(event.target()) else { return };
        let Ok(Some(button)) = target.closest("button[name=op]") else { return };
        let op = attribute(&button, "value");
        if op == "simulate" {
            event.prevent_default();
            editor.ask_soon(Duration::ZERO);
        } else if op.contains(':') {
            event.prevent_default();
            editor.press(&op, &attribute(&button, "aria-label"));
        }
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
        // In a text field the browser's own undo is meant.
        let typing = target
            .is_some_and(|t| t.matches("input:not([type=checkbox]),textarea").unwrap_or(false));
        if typing || !(event.ctrl_key() || event.meta_key()) {
            return;
        }
        match (event.key().to_lowercase().as_str(), event.shift_key()) {
            ("z", false) => travel(root, desk, true),
            ("y", _) | ("z", true) => travel(root, desk, false),
            _ => return,
        }
        event.prevent_default();
    });
    let submits = window_event_listener(ev::submit, move |event| {
        if editor.owns(event.target()).is_some() && !event.default_prevented() {
            editor.leaving.set_value(true);
        }
    });
    let shown = window_event_listener(ev::pageshow, move |_| editor.leaving.set_value(false));
    let leaves = window_event_listener(ev::beforeunload, move |event| {
        if editor.desk.unsaved() && !editor.leaving.get_value() {
            event.prevent_default();
        }
    });
    on_cleanup(move || {
        inputs.remove();
        changes.remove();
        clicks.remove();
        keys.remove();
        submits.remove();
        shown.remove();
        leaves.remove();
    });
    // What was typed before the page was awake, or kept by the browser over a reload.
    request_animation_frame(move || {
        editor.read();
        if desk.typed.with_untracked(|typed| desk.drawn.with_untracked(|drawn| typed != drawn)) {
            editor.ask_soon(REST);
        }
    });
}

/// Takes the last change back, or does it again.
pub(super) fn travel(root: NodeRef<Div>, desk: Desk, back: bool) {
    let Some(now) = form(root).map(|_| desk.typed.get_untracked()) else { return };
    let (from, to) = if back { (desk.past, desk.future) } else { (desk.future, desk.past) };
    let mut found = None;
    from.update(|list| found = list.pop());
    let Some(plan) = found else { return };
    to.update(|list| list.push(now));
    show(root, desk, plan, &[]);
    desk.said.set(if back { "Undone" } else { "Done again" }.to_owned());
    // The fields were replaced: the listener asks the server as after any change.
    let bubbles = web_sys::EventInit::new();
    bubbles.set_bubbles(true);
    if let Some(form) = form(root)
        && let Ok(event) = web_sys::Event::new_with_event_init_dict("input", &bubbles)
    {
        request_animation_frame(move || {
            let _ = form.dispatch_event(&event);
        });
    }
}

impl Editor {
    /// The element, if it is in the editor's form.
    fn owns(self, target: Option<web_sys::EventTarget>) -> Option<Element> {
        let element = target?.dyn_into::<Element>().ok()?;
        form(self.root)?.contains(Some(&element)).then_some(element)
    }

    /// Reads the fields.
    fn read(self) {
        if !self.number.with_value(|n| n.editable) {
            return;
        }
        let Some(fields) = form(self.root).and_then(|f| posted(&f)) else { return };
        let plan = self.number.with_value(|n| read_form(&fields, &n.zone));
        if self.desk.typed.with_untracked(|typed| *typed != plan) {
            self.desk.typed.set(plan);
        }
    }

    /// Keeps the plan from before the fields were changed, for undo.
    fn remember(self) {
        let before = self.desk.drawn.get_untracked();
        self.read();
        let typed = self.desk.typed.get_untracked();
        if typed != before {
            self.desk.past.update(|past| past.push(before));
            self.desk.future.set(Vec::new());
            // Not drawn anew: the fields show it already.
            self.desk.drawn.set(typed);
        }
    }

    /// A button of the picture.
    fn press(self, op: &str, label: &str) {
        self.remember();
        let before = self.desk.typed.get_untracked();
        let mut plan = before.clone();
        edit(&mut plan, op, self.number.with_value(|n| n.today));
        if plan == before {
            return;
        }
        let old: Vec<String> = before.fields().into_iter().map(|(name, _)| name).collect();
        let fresh = plan.fields().into_iter().map(|(name, _)| name);
        let fresh = fresh
            .filter(|name| !old.contains(name) && name.rsplit('.').next() != Some("next"))
            .map(|name| format!("[name='{name}']"))
            .next();
        let node = op.split(':').nth(1).unwrap_or_default();
        let wanted: Vec<String> = fresh
            .into_iter()
            .chain([
                format!("button[value='{op}']"),
                format!("[name='n.{node}.title']"),
                "[name=entry]".to_owned(),
            ])
            .collect();
        self.desk.past.update(|past| past.push(before));
        self.desk.future.set(Vec::new());
        self.draw(plan, &wanted);
        self.desk.said.set(format!("{label}: done"));
        self.ask_soon(Duration::ZERO);
    }

    fn draw(self, plan: Plan, focus: &[String]) {
        show(self.root, self.desk, plan, focus);
    }

    /// Asks the server what it says of the fields, once they rest.
    fn ask_soon(self, rest: Duration) {
        self.asked.update_value(|count| *count = count.wrapping_add(1));
        let mine = self.asked.get_value();
        let current = move || self.asked.try_get_value() == Some(mine);
        set_timeout(
            move || {
                let Some(form) = form(self.root).filter(|_| current()) else { return };
                let Some(body) = posted(&form).map(|fields| encoded(&fields)) else { return };
                let address = self.number.with_value(|n| n.ask.clone());
                spawn_local(async move {
                    let answer = fetch(&address, &body).await;
                    if current() {
                        self.hear(answer);
                    }
                });
            },
            rest,
        );
    }

    fn hear(self, answer: Option<Preview>) {
        let Some(preview) = answer else {
            put("way", "<p>The server could not be asked: press “Play the call” to try again.</p>");
            return;
        };
        self.desk.lit.set(preview.lit.into_iter().collect());
        self.desk.say_problems(preview.problems);
        for (id, html) in &preview.parts {
            put(id, html);
        }
    }
}

/// Draws the fields anew and gives the focus to the first selector that finds something.
fn show(root: NodeRef<Div>, desk: Desk, plan: Plan, focus: &[String]) {
    desk.focus.set_value(None);
    desk.typed.set(plan.clone());
    desk.drawn.set(plan);
    desk.drawing.update(|count| *count = count.wrapping_add(1));
    let focus = focus.to_vec();
    request_animation_frame(move || {
        let Some(form) = form(root) else { return };
        let found = focus.iter().find_map(|s| form.query_selector(s).ok().flatten());
        if let Some(element) = found.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

fn form(root: NodeRef<Div>) -> Option<HtmlFormElement> {
    root.get_untracked()?.closest("form").ok()??.dyn_into().ok()
}

/// What the form would post; without its key, so that each question is its own.
fn posted(form: &HtmlFormElement) -> Option<Vec<(String, String)>> {
    let data = FormData::new_with_form(form).ok()?;
    let mut fields = Vec::new();
    for entry in data.entries().into_iter().flatten() {
        let pair = js_sys::Array::from(&entry);
        if let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string())
            && name != "_key"
        {
            fields.push((name, value));
        }
    }
    Some(fields)
}

fn encoded(fields: &[(String, String)]) -> String {
    let part = |text: &str| String::from(js_sys::encode_uri_component(text));
    let all: Vec<_> = fields.iter().map(|(n, v)| format!("{}={}", part(n), part(v))).collect();
    all.join("&")
}

async fn fetch(address: &str, body: &str) -> Option<Preview> {
    let headers = js_sys::Object::new();
    for (name, value) in
        [("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")]
    {
        js_sys::Reflect::set(&headers, &name.into(), &value.into()).ok()?;
    }
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(&JsValue::from_str(body));
    let promise = window().fetch_with_str_and_init(address, &request);
    let response: Response = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    serde_json::from_str(&text.as_string()?).ok()
}

/// Replaces what stands in an element; the field in it that had the focus keeps it.
fn put(id: &str, html: &str) {
    let Some(element) = document().get_element_by_id(id) else { return };
    if element.inner_html() == html {
        return;
    }
    let held = document().active_element().filter(|e| element.contains(Some(e))).map(|e| e.id());
    element.set_inner_html(html);
    let held = held.filter(|id| !id.is_empty()).and_then(|id| document().get_element_by_id(&id));
    if let Some(held) = held.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = held.focus();
    }
}

fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}
