//! People and companies: registration, sign-in, sessions, roles, suspension.
//!
//! Who a person is comes first (register, sign in, sessions, devices), then what they may change
//! about themselves (profile, password, letters), then what staff may do to accounts (`admin`).

pub mod admin;
mod error;
mod invitations;
mod letters;
mod members;
pub mod password;
mod people;
mod postage;
mod probing;
mod profile;
mod register;
pub mod sessions;
mod sign_in;
mod visitor;

pub use error::AccountError;
pub use invitations::{
    Acceptance, Invitation, InvitationLetter, Invited, Via, accept, invitations, invite, invited,
    renew, withdraw,
};
pub use letters::{
    AccountLetter, LetterError, Purpose, ask_for_reset, ask_for_verification, reset, reset_link,
    verify,
};
pub use members::{Colleague, change_role, colleague, colleagues, may_manage, remove};
pub use people::{NewPerson, add_member, create_staff};
pub use profile::{LANGUAGES, Profile, Theme, change_password, profile, save_profile};
pub use register::{Registered, Registration, TERMS_VERSION, register};
pub use sign_in::{Credentials, SignedIn, sign_in, sign_out};
pub use visitor::{Member, Visitor};
