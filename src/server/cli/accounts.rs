//! People, made from the shell.

use voxlink_domain::{
    Platform,
    accounts::{NewPerson, create_staff},
};
use voxlink_types::role::{PlatformRole, TenantRole};

/// A password that is shown once: 100 bits, without letters that are mistaken for others.
pub(crate) fn once_made() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let bytes = rand::random::<[u8; 20]>();
    let letters: Vec<u8> = bytes.iter().map(|b| LETTERS[usize::from(b % 32)]).collect();
    letters.chunks(5).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// Makes somebody who works here; their password.
pub(crate) async fn add_staff(
    platform: &Platform,
    email: &str,
    name: &str,
    role: &str,
) -> anyhow::Result<String> {
    let role: PlatformRole = role.parse()?;
    anyhow::ensure!(
        role != PlatformRole::User,
        "the role user is no staff: choose support, developer, admin or super_admin"
    );
    let password = once_made();
    let mut cx = platform.work("cli").await?;
    create_staff(
        &mut cx,
        &NewPerson {
            full_name: name.to_owned(),
            email: email.to_owned(),
            password: password.clone(),
            time_zone: "UTC".to_owned(),
            tenant_role: TenantRole::Owner,
            platform_role: role,
            wants_news: false,
        },
    )
    .await?;
    cx.commit().await?;
    Ok(password)
}
