//! The operator's own telephony: the SIP servers at its edge and the trunks that lead out of it.

use crate::text_enum;

text_enum! {
    /// Which program an edge runs. Each asks us in its own way and is answered in its own language.
    EdgeKind {
        /// A proxy: puts calls through and refuses them, but neither reads texts nor hears keys.
        Kamailio = "kamailio",
        /// Reads texts, hears keys, records.
        Freeswitch = "freeswitch",
        /// Reads texts, hears keys, records.
        Asterisk = "asterisk",
    }
}

impl EdgeKind {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kamailio => "Kamailio",
            Self::Freeswitch => "FreeSWITCH",
            Self::Asterisk => "Asterisk",
        }
    }

    /// Whether it can do what needs a voice or an ear.
    pub const fn has_media(self) -> bool {
        !matches!(self, Self::Kamailio)
    }
}

text_enum! {
    /// How SIP travels to a host (RFC 3261, section 18).
    Transport {
        /// Datagrams.
        Udp = "udp",
        /// A connection.
        Tcp = "tcp",
        /// A connection under TLS.
        Tls = "tls",
    }
}

text_enum! {
    /// How a trunk knows that it is us.
    TrunkAuth {
        /// By the address that we send from.
        Address = "address",
        /// By a name and a password (RFC 3261, section 22).
        Digest = "digest",
    }
}

text_enum! {
    /// Which way calls go over a trunk.
    Carries {
        /// To us.
        Inbound = "inbound",
        /// From us.
        Outbound = "outbound",
        /// Both.
        Both = "both",
    }
}

impl Carries {
    /// Whether calls come in over it.
    pub const fn comes_in(self) -> bool {
        matches!(self, Self::Inbound | Self::Both)
    }

    /// Whether calls go out over it.
    pub const fn goes_out(self) -> bool {
        matches!(self, Self::Outbound | Self::Both)
    }
}
