//! What a carrier's adapter needs to appear before the judge: a file of its own here, a `mod` line
//! and a place in the list of `judge.rs`.

use url::Url;
use voxlink_adapters::wire::Wire;
use voxlink_gateways::{Carrier, carrier::Papers};
use voxlink_types::number::NumberType;

/// An adapter and what it is asked with.
pub struct Stand {
    /// The carrier's key.
    pub key: &'static str,
    /// How its paths begin, and the specification that such paths belong to.
    pub specifications: &'static [(&'static str, &'static str)],
    /// How paths begin that the carrier has and these specifications leave out: what is sent there
    /// is noted and not judged.
    pub unspecified: &'static [&'static str],
    /// Requests (“METHOD path”) that the mock is told how to answer, by a `Prefer` header: where
    /// the usual example would lead the adapter away from what is to be judged.
    pub preferred: &'static [(&'static str, &'static str)],
    /// The adapter, with every address of the carrier at the one given.
    pub adapter: fn(&Url, Wire) -> Box<dyn Carrier>,
    /// Ids as this carrier writes them.
    pub ids: Ids,
    /// Countries besides the US that are searched, and for which kind.
    pub abroad: &'static [(&'static str, NumberType)],
    /// Methods that succeed without asking anybody. Any other must send something.
    pub silent: &'static [&'static str],
    /// Words of requests ("METHOD address body") that must occur: every resource, filter and
    /// option that the adapter knows. Without them a parameter that is no longer sent would pass.
    pub sends: &'static [&'static str],
}

/// Ids of things at the carrier. They exist nowhere, only their form counts.
pub struct Ids {
    /// A number of ours.
    pub number: &'static str,
    /// A hold.
    pub hold: &'static str,
    /// A call.
    pub call: &'static str,
    /// [`Papers::address`].
    pub address: &'static str,
    /// [`Papers::bundle`].
    pub bundle: &'static str,
    /// [`Papers::identity`].
    pub identity: &'static str,
    /// [`Papers::emergency_address`].
    pub emergency_address: &'static str,
    /// [`Papers::trunk`].
    pub trunk: &'static str,
    /// A cursor of `list_owned`.
    pub owned_cursor: &'static str,
    /// A cursor of `subaccounts`.
    pub subaccounts_cursor: &'static str,
}

impl Ids {
    /// Papers to buy with: none, each alone, all.
    pub fn papers(&self) -> Vec<(&'static str, Papers)> {
        let id = |id: &str| Some(id.to_owned());
        let all = Papers {
            address: id(self.address),
            bundle: id(self.bundle),
            identity: id(self.identity),
            emergency_address: id(self.emergency_address),
            trunk: id(self.trunk),
        };
        let none = Papers::default;
        vec![
            ("no papers", none()),
            ("an address", Papers { address: all.address.clone(), ..none() }),
            ("a bundle", Papers { bundle: all.bundle.clone(), ..none() }),
            ("an identity", Papers { identity: all.identity.clone(), ..none() }),
            (
                "an emergency address",
                Papers { emergency_address: all.emergency_address.clone(), ..none() },
            ),
            ("a trunk", Papers { trunk: all.trunk.clone(), ..none() }),
            ("all papers", all),
        ]
    }
}
