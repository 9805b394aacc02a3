//! The files a page loads, by the names the build gave them. `hash.txt` beside the binary is read
//! once: the binary and its wasm are shipped together.

use std::sync::OnceLock;

/// The paths of a build's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The script that wraps the wasm.
    pub js: String,
    /// The islands.
    pub wasm: String,
}

impl Assets {
    /// The files of the running build.
    pub fn of_this_build() -> &'static Self {
        static ASSETS: OnceLock<Assets> = OnceLock::new();
        ASSETS.get_or_init(|| {
            let listed = std::env::current_exe()
                .ok()
                .and_then(|exe| std::fs::read_to_string(exe.with_file_name("hash.txt")).ok());
            Self::from_list(listed.as_deref().unwrap_or_default())
        })
    }

    /// Reads lines such as `css: 3NzQ…`; a kind that is not listed keeps its plain name.
    fn from_list(list: &str) -> Self {
        let named = |kind: &str| {
            let hash = list
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| key.trim() == kind)
                .map(|(_, hash)| format!(".{}", hash.trim()));
            format!("/pkg/voxlink{}.{kind}", hash.unwrap_or_default())
        };
        Self { css: named("css"), js: named("js"), wasm: named("wasm") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_read_and_plain_ones_stand_in() {
        let listed = Assets::from_list("js: abc\nwasm: def\ncss: ghi\n");
        assert_eq!(listed.wasm, "/pkg/voxlink.def.wasm");
        assert_eq!(listed.css, "/pkg/voxlink.ghi.css");
        assert_eq!(Assets::from_list("").js, "/pkg/voxlink.js");
    }
}
