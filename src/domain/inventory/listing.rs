//! A carrier's numbers as a stream of pages: one page is in memory at a time, however many there
//! are.

use super::InventoryError;
use futures::stream::{self, Stream};
use std::{collections::HashSet, sync::Arc};
use voxlink_gateways::{Carrier, carrier::OwnedNumber};

enum Next {
    Page(Option<String>),
    End,
}

/// All pages of [`Carrier::list_owned`], each asked for when the one before has been taken. A
/// cursor that comes a second time would go round for ever: that is an error.
pub fn owned_pages(
    carrier: Arc<dyn Carrier>,
) -> impl Stream<Item = Result<Vec<OwnedNumber>, InventoryError>> {
    let begin = (carrier, Next::Page(None), HashSet::new());
    stream::try_unfold(begin, |(carrier, next, mut asked)| async move {
        let Next::Page(cursor) = next else { return Ok(None) };
        let (page, cursor) = carrier.list_owned(cursor).await?;
        let next = match cursor {
            None => Next::End,
            Some(cursor) => {
                if !asked.insert(cursor.clone()) {
                    return Err(InventoryError::EndlessList);
                }
                Next::Page(Some(cursor))
            }
        };
        Ok(Some((page, (carrier, next, asked))))
    })
}
