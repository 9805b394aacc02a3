//! The kit that pages are built from. `/style-guide` shows every part in use: copy from there.
//!
//! Forms: [`Form`] around [`Field`], [`TextArea`], [`Select`], [`Checkbox`]; the form carries an
//! idempotency key and gives its [`crate::Wrong`] to the fields. Lists: [`Table`] with
//! [`SortHeader`], [`Pager`], [`FilterBar`], [`EmptyState`]. Values: [`Number`], [`Amount`],
//! [`Rate`], [`When`], [`Badge`].

mod blocks;
mod button;
mod chart;
mod country;
mod fields;
mod form;
mod list;
mod radios;
mod values;

pub use blocks::{Card, EmptyState, Fact, Facts, Fold, Notice, Stat, Tab, Tabs};
pub use button::{Button, ButtonKind, LinkButton};
pub use chart::{Bar, BarChart};
pub use country::{Flag, country_name};
pub use fields::{Checkbox, Choice, Field, Select, TextArea, TypedConfirmation};
pub use form::{ButtonForm, Form, IDEMPOTENCY_FIELD};
pub(crate) use list::grouped;
pub use list::{Cell, FilterBar, Pager, SortHeader, Table};
pub use radios::{Radios, Way};
pub use values::{Amount, Badge, CopyButton, Number, Rate, Stateful, When, WhenStyle};
