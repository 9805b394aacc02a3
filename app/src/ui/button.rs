//! Buttons, and links that look like them.

use leptos::prelude::*;

/// How strongly a button asks to be pressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do on a page.
    #[default]
    Primary,
    /// Anything else.
    Secondary,
    /// In tables and bars: as high as the others, less bold.
    Quiet,
    /// What destroys or costs.
    Danger,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Secondary => "btn btn-outline border-line",
            Self::Quiet => "btn btn-outline border-base-300 px-3 font-medium",
            Self::Danger => "btn btn-error",
        }
    }
}

/// A button that sends its form. `name` and `value` tell several buttons of a form apart;
/// `action` sends the form's fields to another address.
#[component]
pub fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional, into)] name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(optional, into)] action: Option<String>,
    #[prop(optional)] disabled: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <button type="submit" class=kind.class() name=name value=value formaction=action disabled=disabled>
            {children()}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: ButtonKind,
    children: Children,
) -> impl IntoView {
    view! { <a class=kind.class() href=href>{children()}</a> }
}
