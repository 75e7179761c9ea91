//! What is neither Rust nor a crate: the top level, links, markup, keys, what only one machine knows.
//!
//! Words that this file looks for would find themselves here, so they are put together from halves.

use crate::repository::{File, Finding, Repository};
use crate::rule::{Check, Rule};

/// All that a visitor sees first. Everything else begins with a dot.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "README.md",
    "server",
    "shared",
    "client-sim",
    "tests",
    "assets",
];

const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

const MACHINE_PATHS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/"), concat!("C:", "\\")];

const MARKUP: &[&str] = &[
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "srcdoc",
    "eval(",
    "new Function",
    "createContextualFragment",
];

const PROTOCOL: &str = "shared/PROTOCOL.md";

/// The rules of this file.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "top level",
        why: "what a visitor sees first is fixed: crates, assets, licences, README; tool files begin with a dot",
        check: Check::Sight(top_level),
        fires: &[&[("Makefile", "")], &[("scripts/a.sh", "")], &[("Cargo.toml", ""), ("server/Cargo.toml", "")]],
        quiet: &[&[
            ("Cargo.toml", ""),
            ("Cargo.lock", ""),
            ("LICENSE-MIT", ""),
            ("LICENSE-APACHE", ""),
            ("README.md", ""),
            (".ci/run", ""),
            ("server/a", ""),
            ("shared/a", ""),
            ("client-sim/a", ""),
            ("tests/a", ""),
            ("assets/a", ""),
        ]],
    },
    Rule {
        name: "unfinished",
        why: "what is not finished is an issue, not a note: do it or delete it",
        check: Check::Sight(unfinished),
        fires: &[
            &[("server/src/a.rs", concat!("// TO", "DO: later\n"))],
            &[("assets/web/a.js", concat!("/* FIX", "ME */"))],
            &[("README.md", concat!("XX", "X\n"))],
            &[("README.md", "## Figures\n\nFIGURES\n")],
        ],
        quiet: &[&[("server/src/a.rs", concat!("// TO", "DOS is an operating system, XX", "XX is not\n"))]],
    },
    Rule {
        name: "machine paths",
        why: "a path that exists on one machine only means nothing to anybody else",
        check: Check::Sight(machine_paths),
        fires: &[&[("tests/run", concat!("cd /ho", "me/somebody\n"))], &[("a.md", concat!("(/wo", "rk/x)"))]],
        quiet: &[&[("a.md", concat!("https://example.org/ho", "me/ and server/ro", "ot/"))]],
    },
    Rule {
        name: "private keys",
        why: "a key that was committed once is public for ever: keys are made on first start, in the data directory",
        check: Check::Sight(private_keys),
        fires: &[&[("assets/dev.pem", concat!("-----BEGIN EC PRIVATE", " KEY-----\n"))]],
        quiet: &[&[("assets/ca.pem", "-----BEGIN CERTIFICATE-----\n")]],
    },
    Rule {
        name: "markup",
        why: "text from a player never reaches a page as markup, and a page never runs text: set textContent",
        check: Check::Sight(markup),
        fires: &[
            &[("assets/web/a.js", "x.innerHTML = name")],
            &[("assets/web/index.html", "<script>eval('1')</script>")],
            &[("server/src/front/admin/page.rs", "const PAGE: &str = \"x.outerHTML = name\";")],
        ],
        quiet: &[&[("assets/web/a.js", "x.textContent = name; evaluate(x)")]],
    },
    Rule {
        name: "links",
        why: "a page stays true because it is checked: every link and every path it names is there",
        check: Check::Sight(links),
        fires: &[
            &[("README.md", "See [the wire](shared/NOWHERE.md).")],
            &[("README.md", "See `server/src/nowhere.rs`.")],
            &[("README.md", "```text\nserver/   the server\n  src/nowhere.rs   not there\n```\n"), ("server/a", "")],
            &[("shared/PROTOCOL.md", "[up](../nowhere.md)")],
            &[("README.md", "```sh\ncargo run --release --example nowhere -- --help\n```")],
        ],
        quiet: &[&[
            (
                "README.md",
                "[w](shared/PROTOCOL.md#ticks), [s](https://example.org), `server/src/*.rs`, `shared/`\n```text\nshared/  x\n  PROTOCOL.md  y\n    src/{a,b}.rs  z\n```\n",
            ),
            ("shared/PROTOCOL.md", "[up](../README.md) [here](#there)"),
        ]],
    },
    Rule {
        name: "chapters",
        why: "who is sent to a chapter of PROTOCOL.md must find it",
        check: Check::Sight(chapters),
        fires: &[&[
            ("shared/PROTOCOL.md", "## Codes\n"),
            ("shared/src/a.rs", concat!("//! PROTOCOL", ".md, \"Tables\".")),
        ]],
        quiet: &[&[
            ("shared/PROTOCOL.md", "## Codes\n### Pieces\n"),
            ("shared/src/a.rs", concat!("//! PROTOCOL", ".md, \"Codes\".\n//! PROTOCOL", ".md, \"Pieces\".")),
        ]],
    },
    Rule {
        name: "golden bytes",
        why: "a wire change touches PROTOCOL.md, the golden bytes and the version together: the page names every golden \
              file, and every golden file it names is there",
        check: Check::Sight(golden_bytes),
        fires: &[&[(PROTOCOL, "nothing"), ("tests/golden/hello.hex", "00")], &[(PROTOCOL, "see `golden/hello.hex`")]],
        quiet: &[&[(PROTOCOL, "see `golden/hello.hex`"), ("tests/golden/hello.hex", "00")]],
    },
];

fn top_level(repository: &Repository) -> Vec<Finding> {
    let top = |file: &File| file.path.split('/').next().unwrap_or("").to_owned();
    let strange =
        repository.files.iter().map(top).filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str()));
    let mut found: Vec<Finding> = strange.map(|name| Finding::new(&name, 1, name.clone())).collect();
    // Only a whole repository misses something.
    if repository.file("Cargo.toml").is_some() {
        let missing = TOP.iter().filter(|name| !repository.has(name));
        found.extend(missing.map(|name| Finding::new(name, 1, "missing")));
    }
    found
}

fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Where `word` stands in `line` with nothing of a word right before it and, if it ends like a word, right after.
fn stands_alone(line: &str, word: &str, also_not_before: &[char]) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends_open = !word.ends_with(is_word_letter);
        !before.is_some_and(|letter| is_word_letter(letter) || also_not_before.contains(&letter))
            && (ends_open || !after.is_some_and(is_word_letter))
    })
}

fn said(repository: &Repository, covers: impl Fn(&File) -> bool, words: &[&str], not_before: &[char]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| covers(file)) {
        for word in words {
            let lines = file.lines_where(|line| stands_alone(line, word, not_before));
            found.extend(lines.into_iter().map(|line| Finding::new(&file.path, line, *word)));
        }
    }
    found
}

fn unfinished(repository: &Repository) -> Vec<Finding> {
    let mut found =
        said(repository, |file| !file.path.starts_with("LICENSE") && file.path != "Cargo.lock", UNFINISHED, &[]);
    // A page in which a word in capitals stands for what is to come.
    let placeholder =
        |line: &str| line.len() > 4 && line.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    for page in repository.files.iter().filter(|file| file.path.ends_with(".md")) {
        found.extend(
            page.lines_where(placeholder).into_iter().map(|line| Finding::new(&page.path, line, "placeholder")),
        );
    }
    found
}

fn machine_paths(repository: &Repository) -> Vec<Finding> {
    said(repository, |_| true, MACHINE_PATHS, &['.', '-', '~', '}', '/', '*'])
}

fn private_keys(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &repository.files {
        let lines = file.lines_where(|line| line.contains("BEGIN") && line.contains(concat!("PRIVATE", " KEY")));
        found.extend(lines.into_iter().map(|line| Finding::new(&file.path, line, "key")));
    }
    found
}

fn markup(repository: &Repository) -> Vec<Finding> {
    let page = |file: &File| {
        file.is_in(&["assets/", "server/src/front/"])
            && [".js", ".mjs", ".html", ".svg", ".rs"].iter().any(|end| file.path.ends_with(end))
    };
    said(repository, page, MARKUP, &[])
}

/// `folder/../x` without the detour.
fn joined(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn links(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for page in repository.files.iter().filter(|file| file.path.ends_with(".md")) {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut missing = |line: usize, named: &str, target: String| {
            if !repository.has(&target) {
                found.push(Finding::new(&page.path, line, named));
            }
        };
        let mut fenced = false;
        let mut base = String::new();
        for (line, number) in page.text.lines().zip(1..) {
            let examples = line.split("--example ").skip(1).filter_map(|rest| {
                rest.split(|letter: char| !is_word_letter(letter) && letter != '-')
                    .next()
                    .filter(|name| !name.is_empty())
            });
            for name in examples {
                let homes = ["server", "client-sim", "tests"].map(|member| format!("{member}/examples/{name}"));
                let homes: Vec<String> =
                    homes.iter().flat_map(|home| [format!("{home}.rs"), format!("{home}/main.rs")]).collect();
                let home = homes.iter().find(|home| repository.has(home)).unwrap_or(&homes[0]);
                missing(number, name, home.clone());
            }
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
                base.clear();
            } else if fenced {
                if page.path == "README.md" {
                    map_line(repository, line, &mut base, |named, target| missing(number, named, target));
                }
            } else {
                for target in link_targets(line) {
                    missing(number, target, joined(folder, target));
                }
                for path in quoted_paths(line) {
                    missing(number, path, path.trim_end_matches('/').to_owned());
                }
            }
        }
    }
    found
}

/// One line of a file map: at its left edge a folder of the top level, below it, indented, what lies in that folder.
fn map_line(repository: &Repository, line: &str, base: &mut String, mut named: impl FnMut(&str, String)) {
    let name = line.split_whitespace().next().unwrap_or("");
    let is_path = name.ends_with('/') || [".rs", ".md", ".toml", ".js", ".html"].iter().any(|end| name.ends_with(end));
    let plain = name.chars().all(|letter| is_word_letter(letter) || "./-".contains(letter));
    if !line.starts_with(' ') {
        base.clear();
        if is_path && plain && repository.has(name) {
            base.push_str(name.trim_end_matches('/'));
        }
    } else if is_path && plain && !base.is_empty() {
        named(name, joined(base, name));
    }
}

/// The targets of `[text](target)` that lie in the repository.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', '#', ' ']).next().unwrap_or("");
        (!target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")).then_some(target)
    })
}

/// What stands in backquotes and looks like a path from the root.
fn quoted_paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|quoted| {
        let from_the_top = TOP.iter().any(|top| quoted.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')));
        from_the_top && quoted.chars().all(|letter| is_word_letter(letter) || "./-".contains(letter))
    })
}

fn golden_bytes(repository: &Repository) -> Vec<Finding> {
    let Some(protocol) = repository.file(PROTOCOL) else { return Vec::new() };
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".hex")) {
        if let Some(name) = file.path.strip_prefix("tests/golden/")
            && !protocol.text.contains(name)
        {
            found.push(Finding::new(&file.path, 1, "not in PROTOCOL.md"));
        }
    }
    for (line, number) in protocol.text.lines().zip(1..) {
        let names = line.split(|letter: char| !is_word_letter(letter) && !"./-".contains(letter));
        for name in names.filter(|word| word.ends_with(".hex")) {
            let name = name.rsplit('/').next().unwrap_or(name);
            if !repository.has(&format!("tests/golden/{name}")) {
                found.push(Finding::new(PROTOCOL, number, name));
            }
        }
    }
    found
}

fn chapters(repository: &Repository) -> Vec<Finding> {
    const NAMED: &str = concat!("PROTOCOL", ".md, \"");
    let Some(protocol) = repository.file(PROTOCOL) else { return Vec::new() };
    let is_there = |chapter: &str| {
        let mut headings = protocol.text.lines().filter(|line| line.starts_with('#'));
        headings.any(|heading| heading.trim_start_matches('#').trim() == chapter)
    };
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".rs")) {
        for (line, number) in file.text.lines().zip(1..) {
            let chapters = line.split(NAMED).skip(1).filter_map(|rest| rest.split('"').next());
            for chapter in chapters.filter(|chapter| !is_there(chapter)) {
                found.push(Finding::new(&file.path, number, chapter));
            }
        }
    }
    found
}
