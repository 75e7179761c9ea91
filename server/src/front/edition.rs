//! All built-in files under one name: what a browser has loaded once it need not ask for again, and never mixes with another build's.
//!
//! ```text
//!   every built-in file ─► EDITION (a hash of all of them)
//!   a page as it is sent    src="/game/main.js"  ─►  src="/@EDITION/game/main.js"      whose imports are relative: they stay in it
//!                           and a <link rel="modulepreload"> for each module that these lead to
//! ```
//!
//! A path with an edition never changes what it stands for, so it is kept for good; the page itself is asked for each time and names
//! the newest. Without the list of modules a browser would learn of them one import after the other, eleven round trips deep.
//!
//! Never here: which file stands for a path (see `pages`), how it is answered (see `document`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::LazyLock;

use xxhash_rust::xxh3::Xxh3Default;

use super::built_in::FILES;

/// What stands in front of the edition.
const MARK: char = '@';

/// How a page's HTML names something of this server.
const OWN: [&str; 2] = ["src=\"/", "href=\"/"];

/// What is asked for anew each time, and so has no edition.
const LIVE: &str = "api/";

/// The name of all built-in files together.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Xxh3Default::new();
    for (path, _, bytes) in FILES {
        for part in [path.as_bytes(), *bytes] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    format!("{MARK}{:016x}", hash.digest())
});

/// The path of the built-in file that is meant, if it is one of this edition. A page has none: it names the edition.
pub(super) fn path_in_edition(path: &str) -> Option<&str> {
    let (edition, path) = path.split_once('/')?;
    (edition == *EDITION && !path.ends_with(".html")).then_some(path)
}

/// A page as it is sent: all it loads is of this edition, and it says at once which modules that will be.
pub(super) fn page_in_edition(page: &str) -> String {
    let mut own = page.to_owned();
    for attribute in OWN {
        let parts = own.split(attribute).enumerate().map(|(at, part)| match at {
            0 => part.to_owned(),
            _ if part.starts_with(LIVE) => format!("{attribute}{part}"),
            _ => format!("{attribute}{}/{part}", *EDITION),
        });
        own = parts.collect();
    }
    let preloads: String = modules_of(page)
        .iter()
        .map(|path| format!("  <link rel=\"modulepreload\" href=\"/{}/{path}\">\n", *EDITION))
        .collect();
    own.replacen("</head>", &format!("{preloads}</head>"), 1)
}

/// The built-in modules that a page leads to, the nearest first.
fn modules_of(page: &str) -> Vec<&'static str> {
    let scripts: BTreeMap<&str, &str> = FILES
        .iter()
        .filter(|(path, ..)| path.ends_with(".js"))
        .filter_map(|(path, _, bytes)| Some((*path, str::from_utf8(bytes).ok()?)))
        .collect();
    let begins = page.split("src=\"/").skip(1).filter_map(|rest| rest.split('"').next());
    let mut next: VecDeque<&'static str> =
        begins.filter_map(|path| scripts.get_key_value(path).map(|(path, _)| *path)).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(module) = next.pop_front() {
        if seen.insert(module) {
            found.push(module);
            let imported = imports_of(scripts[module]).filter_map(|target| resolved(module, target));
            next.extend(imported.filter_map(|path| scripts.get_key_value(&*path).map(|(path, _)| *path)));
        }
    }
    found
}

/// What a module imports, as it says it. What only looks like an import is loaded early for nothing, if there is such a file.
fn imports_of(script: &str) -> impl Iterator<Item = &str> {
    let after = |word| script.split(word).skip(1).filter_map(|rest: &str| rest.split('"').next());
    after("from \"").chain(after("import \""))
}

/// The path from the top that a module means by a relative one.
fn resolved(module: &str, target: &str) -> Option<String> {
    let mut path: Vec<&str> = module.split('/').collect();
    path.pop();
    for name in target.split('/') {
        match name {
            "." => {}
            ".." => _ = path.pop()?,
            name => path.push(name),
        }
    }
    target.starts_with('.').then(|| path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_loads_what_is_of_this_edition_and_asks_live_questions_as_ever() {
        let page = "<head><link href=\"/game/a.css\"></head><a href=\"/api/rooms\"></a><a href=\"#x\"></a>";
        let sent = page_in_edition(page);
        assert_eq!(
            sent,
            format!(
                "<head><link href=\"/{}/game/a.css\"></head><a href=\"/api/rooms\"></a><a href=\"#x\"></a>",
                *EDITION
            )
        );
        assert_eq!(path_in_edition(&format!("{}/game/a.css", *EDITION)), Some("game/a.css"));
        for other in ["game/a.css", "@0000000000000000/game/a.css", "@", ""] {
            assert_eq!(path_in_edition(other), None, "{other}");
        }
        assert_eq!(
            path_in_edition(&format!("{}/index.html", *EDITION)),
            None,
            "a page names the edition and is of none"
        );
    }

    #[test]
    fn a_page_names_every_module_that_its_first_leads_to_once() {
        let page = FILES.iter().find(|(path, ..)| *path == "index.html").expect("the game's");
        let modules = modules_of(str::from_utf8(page.2).expect("UTF-8"));
        assert_eq!(modules.first(), Some(&"game/main.js"));
        let once: BTreeSet<_> = modules.iter().collect();
        assert_eq!(once.len(), modules.len());
        assert!(modules.len() > 100, "{}", modules.len());
        // Whatever one of them imports is among them: a browser finds nothing that it was not told of.
        for module in &modules {
            let (.., bytes) = FILES.iter().find(|(path, ..)| path == module).expect("built in");
            let script = str::from_utf8(bytes).expect("UTF-8");
            for line in script.lines().filter(|line| line.starts_with("import ") || line.starts_with("} from ")) {
                let Some(target) = line.split('"').nth(1) else { continue };
                let path = resolved(module, target).expect("relative");
                assert!(once.contains(&&*path), "{module} imports {target}");
            }
        }
    }

    #[test]
    fn a_relative_path_is_followed_from_where_it_stands() {
        assert_eq!(resolved("a/b/c.js", "./d.js").as_deref(), Some("a/b/d.js"));
        assert_eq!(resolved("a/b/c.js", "../../d.js").as_deref(), Some("d.js"));
        assert_eq!(resolved("a/c.js", "../../d.js"), None, "it leads out");
        assert_eq!(resolved("a/c.js", "ws"), None, "a package is none of ours");
    }
}
