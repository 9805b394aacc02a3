//! The one filter language of searches over all carriers.

use crate::text_enum;

text_enum! {
    /// A condition of a search for numbers, apart from country and kind, which every carrier knows.
    Filter {
        /// The area code.
        AreaCode = "area_code",
        /// Digits that it contains.
        Contains = "contains",
        /// Digits that it must not contain.
        Exclude = "exclude",
        /// The town.
        Locality = "locality",
        /// The state or province.
        Region = "region",
        /// The postal code.
        PostalCode = "postal_code",
        /// The rate centre.
        RateCentre = "rate_centre",
        /// The LATA.
        Lata = "lata",
        /// A distance from a place.
        Near = "near",
        /// What it must be able to do.
        Capabilities = "capabilities",
        /// Whether it must want no papers.
        NoPapers = "no_papers",
    }
}
