//! The kit that pages are built from. `/style-guide` shows every part in use: copy from there.
//!
//! Forms: [`Form`] around [`Field`], [`TextArea`], [`Select`], [`Checkbox`], [`AddressFields`]; the
//! form carries an idempotency key and gives its [`crate::Wrong`] to the fields. Lists: [`Table`]
//! with [`SortHeader`], [`Pager`], [`FilterBar`], [`Export`], [`EmptyState`]. Values: [`Number`],
//! [`Amount`], [`Rate`], [`When`], [`Badge`].

mod blocks;
mod button;
mod chart;
mod country;
mod fields;
mod form;
mod list;
mod postal;
mod radios;
mod values;
pub(crate) mod words;

pub use blocks::{Card, EmptyState, Fact, Facts, Fold, Notice, Stat, Tab, Tabs};
pub use button::{Button, ButtonKind, LinkButton};
pub use chart::{Bar, BarChart};
pub use country::Flag;
pub use fields::{Checkbox, Choice, Field, FileField, Select, TextArea, TypedConfirmation};
pub use form::{ButtonForm, Form, IDEMPOTENCY_FIELD};
pub(crate) use list::grouped;
pub use list::{Cell, Export, FilterBar, MorePager, Pager, SortHeader, Table};
pub use postal::AddressFields;
pub use radios::{Radios, Way};
pub use values::{Amount, Badge, CopyButton, Number, Rate, Stateful, When, WhenStyle};
pub use voxlink_types::country::country_name;
