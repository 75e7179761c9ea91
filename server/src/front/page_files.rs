//! Which files of the source tree belong to the pages and are built in. `build.rs` asks; here the tests do.
//!
//! What stands beside the pages for those who write them (tests, what npm and tsc are told, texts to read) is no part of them.
//!
//! Never here: as what a file is sent (see `file_type`).

use super::file_type::type_of;

/// Folders that belong to no page.
const BESIDE: &[&str] = &["node_modules", "test", "tests", "coverage"];

/// Beginnings of files' names that are told to tools.
const TOLD_TO_TOOLS: &[&str] = &["package.", "package-lock.", "tsconfig.", "jsconfig."];

/// Whether files of that folder can belong to a page.
pub(crate) fn may_hold_pages(folder: &str) -> bool {
    folder.split('/').all(|name| !name.starts_with('.') && !BESIDE.contains(&name))
}

/// As what a file of a page is sent, by its path from the top; none if it belongs to no page.
pub(crate) fn belonging_to_a_page(path: &str) -> Option<&'static str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, ending) = name.rsplit_once('.')?;
    let is_test = [".test", ".spec"].iter().any(|mark| stem.ends_with(mark));
    let is_told_to_tools = ending == "json" && TOLD_TO_TOOLS.iter().any(|begin| name.starts_with(begin));
    let is_beside =
        name.starts_with('.') || is_test || is_told_to_tools || !(folder.is_empty() || may_hold_pages(folder));
    type_of(name).filter(|_| !is_beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_loads_belongs_to_a_page_and_what_stands_beside_it_does_not() {
        for (path, content_type) in [
            ("index.html", "text/html; charset=utf-8"),
            ("sdk/wire/server_message.js", "text/javascript; charset=utf-8"),
            ("game/style.css", "text/css; charset=utf-8"),
            ("game/words.json", "application/json"),
            ("game/testing_ground.js", "text/javascript; charset=utf-8"),
        ] {
            assert_eq!(belonging_to_a_page(path), Some(content_type), "{path}");
        }
        for path in [
            "sdk/node_modules/a/index.js",
            "sdk/package.json",
            "sdk/package-lock.json",
            "sdk/tsconfig.build.json",
            "sdk/README.md",
            "sdk/index.d.ts",
            "sdk/bits/reader.test.js",
            "sdk/tests/reader.js",
            ".npmrc",
            "sdk/.hidden.js",
            ".git/a.js",
            "sdk/LICENSE",
        ] {
            assert_eq!(belonging_to_a_page(path), None, "{path}");
        }
    }
}
