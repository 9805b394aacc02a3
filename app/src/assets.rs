//! The files a page loads, by the names the build gave them. `hash.txt` beside the binary is read
//! once: the binary and its wasm are shipped together. Where that list is missing, or names files
//! that are not there, the names are taken from the site's folder.

use std::{path::Path, sync::OnceLock};

static ASSETS: OnceLock<Assets> = OnceLock::new();

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
    /// Finds out the names once and for all; `site` is the folder that is served. Call it before
    /// the first page.
    pub fn settle(site: &Path) -> &'static Self {
        ASSETS.get_or_init(|| {
            let there = std::fs::read_dir(site.join("pkg"))
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|file| file.file_name().into_string().ok())
                .collect::<Vec<_>>();
            Self::found(&list(), &there)
        })
    }

    /// The files of the running build.
    pub fn of_this_build() -> &'static Self {
        ASSETS.get_or_init(|| Self::from_list(&list()))
    }

    /// The listed names if their style sheet is there; else those of the files that are there, as
    /// far as there is one of a kind.
    fn found(list: &str, there: &[String]) -> Self {
        let listed = Self::from_list(list);
        if there.iter().any(|name| listed.css.strip_prefix("/pkg/") == Some(name.as_str())) {
            return listed;
        }
        let only = |kind: &str, listed: String| {
            let mut fitting = there.iter().filter(|name| {
                name.starts_with("voxlink.")
                    && Path::new(name).extension().is_some_and(|ending| ending == kind)
            });
            match (fitting.next(), fitting.next()) {
                (Some(name), None) => format!("/pkg/{name}"),
                _ => listed,
            }
        };
        Self {
            css: only("css", listed.css),
            js: only("js", listed.js),
            wasm: only("wasm", listed.wasm),
        }
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

/// What stands in `hash.txt` beside the binary.
fn list() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|exe| std::fs::read_to_string(exe.with_file_name("hash.txt")).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "js: abc\nwasm: def\ncss: ghi\n";

    #[test]
    fn hashed_names_are_read_and_plain_ones_stand_in() {
        let listed = Assets::from_list(LIST);
        assert_eq!(listed.wasm, "/pkg/voxlink.def.wasm");
        assert_eq!(listed.css, "/pkg/voxlink.ghi.css");
        assert_eq!(Assets::from_list("").js, "/pkg/voxlink.js");
    }

    #[test]
    fn without_a_list_the_files_that_are_there_give_the_names() {
        let there = ["voxlink.xyz.css", "voxlink.xyz.css.br", "voxlink.d.xyz.ts", "voxlink.uvw.js"]
            .map(str::to_owned);
        let found = Assets::found("", &there);
        assert_eq!(found.css, "/pkg/voxlink.xyz.css");
        assert_eq!(found.js, "/pkg/voxlink.uvw.js");
        assert_eq!(found.wasm, "/pkg/voxlink.wasm", "there is none");
        // A list of another build is no help.
        assert_eq!(Assets::found(LIST, &there).css, found.css);
    }

    #[test]
    fn among_several_builds_only_the_list_tells() {
        let there = ["voxlink.ghi.css", "voxlink.old.css"].map(str::to_owned);
        assert_eq!(Assets::found(LIST, &there).css, "/pkg/voxlink.ghi.css");
        assert_eq!(Assets::found("", &there).css, "/pkg/voxlink.css");
    }
}
