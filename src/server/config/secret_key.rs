//! The installation's key: given, or made once and kept.

use super::{
    ConfigError,
    read::{Reader, wrong},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretBox;
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

pub(super) fn read(r: &Reader<'_>, data_dir: &Path) -> Result<SecretBox<[u8; 32]>, ConfigError> {
    if let Some(given) = r.checked_opt("SECRET_KEY", decode)? {
        return Ok(given);
    }
    let path = data_dir.join("secret.key");
    let kept = keep(&path).map_err(|e| {
        wrong("DATA_DIR", format!("{} cannot be read or made ({e})", path.display()))
    })?;
    decode(&kept).map_err(|e| wrong("SECRET_KEY", format!("in {}, {e}", path.display())))
}

fn decode(text: &str) -> Result<SecretBox<[u8; 32]>, String> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| "it is not base64".to_owned())?;
    let key: [u8; 32] =
        bytes.try_into().map_err(|b: Vec<u8>| format!("it has {} bytes, not 32", b.len()))?;
    Ok(SecretBox::new(Box::new(key)))
}

/// Reads the kept key, or makes it; of two that start at once, one makes it and both read it.
fn keep(path: &Path) -> std::io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => return other,
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(STANDARD.encode(rand::random::<[u8; 32]>()).as_bytes())?;
    file.sync_all()?;
    // A link, unlike a rename, does not replace what a twin has just made.
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(path),
    }
}
