//! The frame that all lists of administration have: filters, export, table or empty state, pages.

use crate::ui::{EmptyState, Export, FilterBar, Pager, Table};
use leptos::prelude::*;
use voxlink_types::Page;

/// What differs between the lists.
pub(super) struct Listing {
    /// The list's address.
    pub action: &'static str,
    /// What the search box is for.
    pub search: &'static str,
    /// What the table is, for those who cannot see it.
    pub caption: &'static str,
    /// The headings; true sets one to the right, as figures are. An empty one is for actions.
    pub headings: &'static [(&'static str, bool)],
    /// Title and icon of the empty list.
    pub empty: (&'static str, &'static str),
    /// What to do when it is empty.
    pub advice: &'static str,
    /// One and many.
    pub of: (&'static str, &'static str),
    /// Where the list is had as CSV, for those who may.
    pub export: Option<String>,
}

impl Listing {
    /// Draws a page of the list; `line` draws a row.
    pub fn show<T: Clone + Send + 'static, V: IntoView + 'static>(
        self,
        filters: impl IntoView + 'static,
        found: Page<T>,
        line: impl Fn(T) -> V,
    ) -> AnyView {
        let table = if found.rows.is_empty() {
            let (title, icon) = self.empty;
            view! { <EmptyState title=title text=self.advice icon=icon /> }.into_any()
        } else {
            let headings =
                self.headings.iter().map(|&(text, amount)| heading(text, amount)).collect_view();
            let rows = found.rows.iter().cloned().map(line).collect_view();
            view! {
                <Table caption=self.caption>
                    <thead>
                        <tr>{headings}</tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
            }
            .into_any()
        };
        let export = self.export.map(|href| view! { <Export href=href /> });
        let filters = filters.into_any();
        view! {
            <FilterBar action=self.action search=self.search>
                {filters}
            </FilterBar>
            {export}
            {table}
            <Pager page=found of=self.of />
        }
        .into_any()
    }
}

fn heading(text: &'static str, amount: bool) -> AnyView {
    if text.is_empty() {
        view! { <th scope="col"><span class="sr-only">"Action"</span></th> }.into_any()
    } else {
        view! { <th scope="col" class=amount.then_some("amount")>{text}</th> }.into_any()
    }
}
