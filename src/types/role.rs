//! Roles: what a person may do inside a tenant, and above tenants.

use crate::text_enum;

text_enum! {
    /// Standing inside a tenant, weakest first: comparing roles is comparing rights.
    TenantRole {
        /// Sees, changes nothing.
        Viewer = "viewer",
        /// Buys, configures and pays.
        Manager = "manager",
        /// Also manages members and the account.
        Owner = "owner",
    }
}

text_enum! {
    /// Standing above tenants, weakest first: comparing roles is comparing rights.
    PlatformRole {
        /// A customer.
        User = "user",
        /// Sees accounts to help them.
        Support = "support",
        /// Also sees jobs.
        Developer = "developer",
        /// Changes accounts.
        Admin = "admin",
        /// Changes administrators.
        SuperAdmin = "super_admin",
    }
}

impl PlatformRole {
    /// True for those who work for the installation.
    pub fn is_staff(self) -> bool {
        self > Self::User
    }
}
