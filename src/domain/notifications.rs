//! Notices to people: in the page and by letter.
