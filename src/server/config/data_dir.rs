//! Where data is kept when nothing is said.

use std::path::PathBuf;

/// `/var/lib/voxlink` for root, the user's data folder otherwise. Root's own home is closed to the
/// user that PostgreSQL runs as.
pub fn default_data_dir(look_up: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name: &str| look_up(name).filter(|value| !value.is_empty());
    let home = set("HOME").unwrap_or_default();
    if home.is_empty() || home == "/root" || home == "/" {
        return PathBuf::from("/var/lib/voxlink");
    }
    set("XDG_DATA_HOME")
        .map_or_else(|| PathBuf::from(home).join(".local/share"), PathBuf::from)
        .join("voxlink")
}
