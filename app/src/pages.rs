//! The pages by area; each area lists its own rows of the route table.

pub mod accounts;
pub mod admin;
pub mod billing;
pub mod calls;
pub mod campaigns;
pub mod cart;
pub mod help;
pub mod home;
pub mod notifications;
pub mod numbers;
pub mod orders;
pub mod routing;
pub mod search;
pub mod style_guide;
