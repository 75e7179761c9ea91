//! Who may depend on whom, under which licence, from where.
//!
//! Read from `cargo metadata`, so that a feature or a renamed dependency can not slip past. It looks at what is built on
//! this machine; `Cargo.lock` is looked at as a whole.

use crate::repository::{File, Finding, METADATA, Repository};
use crate::rule::{Check, Rule};
use serde_json::Value;

/// Our crates, and all that each may depend on beyond what any program may: `*` for the rims.
const MAY_DEPEND: &[(&str, &[&str], &[&str])] = &[
    (
        "tickwire-shared",
        &["tickwire-derive", "bevy_ecs", "bincode", "serde", "glam", "thiserror", "xxhash-rust", "tiled", "quick-xml"],
        &["proptest"],
    ),
    ("tickwire-derive", &["syn", "quote", "proc-macro2"], &["tickwire-shared", "glam"]),
];

/// Pairs that must not meet: who, and whom it must not know.
const STRANGERS: &[(&str, &str)] = &[
    ("tickwire-server", "client-sim"),
    ("client-sim", "tickwire-server"),
    ("client-sim", "bevy_ecs"),
    ("tickwire-server", "tests"),
    ("client-sim", "tests"),
];

/// The nine licences that ask for no more than a notice.
const LICENCES: &[&str] =
    &["MIT", "Apache-2.0", "Zlib", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BSL-1.0", "Unicode-3.0"];

/// Crates that must not be built in: TLS is rustls with ring, and nothing else.
const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "schannel"];

/// The registry that everything comes from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

const MANIFEST: &str = "Cargo.toml";

/// The rules of this file.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "dependencies of shared",
        why: "what both sides must agree on is pure: a new dependency of shared or derive needs an entry here, and a reason",
        check: Check::Sight(allow_lists),
        fires: &[&[(
            METADATA,
            r#"{"packages":[{"name":"tickwire-shared","dependencies":[{"name":"tokio","kind":null}]}]}"#,
        )]],
        quiet: &[&[(
            METADATA,
            r#"{"packages":[{"name":"tickwire-shared","dependencies":[{"name":"serde","kind":null},{"name":"proptest","kind":"dev"}]}]}"#,
        )]],
    },
    Rule {
        name: "strangers",
        why: "server and client-sim meet in shared and in tests only; nobody knows tests; clients carry no ECS",
        check: Check::Sight(strangers),
        fires: &[&[(
            METADATA,
            r#"{"packages":[{"name":"client-sim","dependencies":[{"name":"tickwire-server","kind":"dev"}]}]}"#,
        )]],
        quiet: &[&[(
            METADATA,
            r#"{"packages":[{"name":"tests","dependencies":[{"name":"tickwire-server","kind":null}]}]}"#,
        )]],
    },
    Rule {
        name: "licences",
        why: "only licences that ask for no more than a notice: whoever ships a game with this must be able to",
        check: Check::Sight(licences),
        fires: &[
            &[(METADATA, r#"{"packages":[{"name":"a","version":"1.0.0","license":"GPL-3.0"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"a","version":"1.0.0","license":"(MIT OR ISC) AND GPL-3.0"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"a","version":"1.0.0","license":null}]}"#)],
        ],
        quiet: &[&[(
            METADATA,
            r#"{"packages":[{"name":"a","license":"GPL-3.0 OR MIT"},{"name":"b","license":"MIT/Apache-2.0"},{"name":"c","license":"(MIT OR Apache-2.0) AND Unicode-3.0"}]}"#,
        )]],
    },
    Rule {
        name: "sources",
        why: "crates come from the one registry, by version: no git, no other registry, no path outside",
        check: Check::Sight(sources),
        fires: &[
            &[(METADATA, r#"{"packages":[{"name":"a","source":"git+https://example.org/a"}]}"#)],
            &[("Cargo.lock", "[[package]]\nname = \"a\"\nsource = \"git+https://example.org/a\"\n")],
        ],
        quiet: &[&[(
            "Cargo.lock",
            "[[package]]\nname = \"a\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
        )]],
    },
    Rule {
        name: "bans",
        why: "TLS is rustls with ring and nothing else; bincode is 2.0.1 exactly, because 3.0.0 is an empty shell",
        check: Check::Sight(bans),
        fires: &[
            &[(METADATA, r#"{"packages":[{"name":"openssl-sys","version":"0.9.0"}]}"#)],
            &[(METADATA, r#"{"packages":[{"name":"bincode","version":"3.0.0"}]}"#)],
        ],
        quiet: &[&[(METADATA, r#"{"packages":[{"name":"bincode","version":"2.0.1"}]}"#)]],
    },
    Rule {
        name: "workspace table",
        why: "few crates, each named once in the workspace table with the one reason why it is here, each used",
        check: Check::Sight(workspace_table),
        fires: &[
            &[
                (MANIFEST, "[workspace.dependencies]\nserde = \"1\"\n"),
                ("server/Cargo.toml", "[dependencies]\nserde.workspace = true\n"),
            ],
            &[
                (MANIFEST, "[workspace.dependencies]\nserde = \"1\" # reports\n"),
                ("server/Cargo.toml", "[dependencies]\n"),
            ],
            &[("server/Cargo.toml", "[dependencies]\nserde = \"1\"\n")],
        ],
        quiet: &[&[
            (
                MANIFEST,
                "[workspace.dependencies]\n# Reports.\nserde = \"1\" # reports\nshared = { path = \"shared\" }\n\n[profile.dev]\nx = 1\n",
            ),
            (
                "server/Cargo.toml",
                "[dependencies]\nserde.workspace = true\n[dev-dependencies]\nshared = { workspace = true, features = [] }\n",
            ),
            ("tests/outside/Cargo.toml", "[dependencies]\nserde = \"1\"\n\n[workspace]\n"),
        ]],
    },
    Rule {
        name: "lint table",
        why: "the workspace's lints are what reviewers no longer have to look for: none is dropped, every crate inherits them",
        check: Check::Sight(lint_table),
        fires: &[
            &[(MANIFEST, "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n")],
            &[("server/Cargo.toml", "[package]\nname = \"server\"\n")],
        ],
        quiet: &[&[("server/Cargo.toml", "[package]\n[lints]\nworkspace = true\n")]],
    },
];

const LINTS: &[&str] = &[
    "unsafe_code = \"forbid\"",
    "missing_docs = ",
    "unreachable_pub = ",
    "unused_qualifications = ",
    "use_self = ",
    "manual_let_else = ",
    "or_fun_call = ",
    "dbg_macro = ",
    "todo = ",
];

fn packages(repository: &Repository) -> &[Value] {
    repository.metadata["packages"].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

/// What `package` depends on: the name, and whether only its tests do.
fn dependencies(package: &Value) -> impl Iterator<Item = (&str, bool)> {
    let all = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().map(|dependency| (text(dependency, "name"), text(dependency, "kind") == "dev"))
}

fn allow_lists(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, always, in_tests) in MAY_DEPEND {
        for package in packages(repository).iter().filter(|package| text(package, "name") == *name) {
            let strange =
                dependencies(package).filter(|(on, test)| !(always.contains(on) || *test && in_tests.contains(on)));
            found.extend(strange.map(|(on, _)| Finding::new(name, 1, on)));
        }
    }
    found
}

fn strangers(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (who, whom) in STRANGERS {
        for package in packages(repository).iter().filter(|package| text(package, "name") == *who) {
            found.extend(dependencies(package).filter(|(on, _)| on == whom).map(|(on, _)| Finding::new(who, 1, on)));
        }
    }
    found
}

/// Whether an SPDX expression can be met with the licences we allow.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let allowed = any_of(&words, &mut at);
    allowed && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= all_of(words, at);
    }
    allowed
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at);
    }
    allowed
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let word = words.get(*at).copied().unwrap_or("");
    *at += 1;
    if word == "(" {
        let allowed = any_of(words, at);
        *at += 1;
        return allowed;
    }
    if words.get(*at) == Some(&"WITH") {
        // An exception only gives more.
        *at += 2;
    }
    LICENCES.contains(&word)
}

fn licences(repository: &Repository) -> Vec<Finding> {
    let strange = packages(repository).iter().filter(|package| !is_allowed(text(package, "license")));
    strange
        .map(|package| Finding::new(text(package, "name"), 1, format!("licence {:?}", text(package, "license"))))
        .collect()
}

fn sources(repository: &Repository) -> Vec<Finding> {
    let strange = packages(repository).iter().filter(|package| !matches!(text(package, "source"), "" | REGISTRY));
    let mut found: Vec<Finding> =
        strange.map(|package| Finding::new(text(package, "name"), 1, text(package, "source"))).collect();
    if let Some(lock) = repository.file("Cargo.lock") {
        let strange = lock.lines_where(|line| line.starts_with("source = ") && !line.contains(REGISTRY));
        found.extend(strange.into_iter().map(|line| Finding::new("Cargo.lock", line, "source")));
    }
    found
}

fn bans(repository: &Repository) -> Vec<Finding> {
    let banned = packages(repository).iter().filter(|package| {
        let (name, version) = (text(package, "name"), text(package, "version"));
        BANNED.contains(&name) || (name == "bincode" && version != "2.0.1")
    });
    banned.map(|package| Finding::new(text(package, "name"), 1, text(package, "version"))).collect()
}

/// The lines of one table of a manifest that set something: number, key, whole line.
fn entries<'a>(manifest: &'a str, wanted: &'a str) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
    let mut table = "";
    manifest.lines().zip(1..).filter_map(move |(line, number)| {
        if line.starts_with('[') {
            table = line.trim();
        }
        let key = line.split(['=', '.']).next().unwrap_or("").trim();
        (table == wanted && line.contains('=') && !line.starts_with('#')).then_some((number, key, line))
    })
}

const TABLES: &[&str] = &["[dependencies]", "[dev-dependencies]", "[build-dependencies]"];

fn workspace_table(repository: &Repository) -> Vec<Finding> {
    let members: Vec<_> = repository.files.iter().filter(|file| is_member(file)).collect();
    let mut found = Vec::new();
    let mut used = Vec::new();
    for member in &members {
        for (number, key, line) in TABLES.iter().flat_map(|table| entries(&member.text, table)) {
            used.push(key);
            if !line.contains("workspace = true") {
                found.push(Finding::new(&member.path, number, key));
            }
        }
    }
    let table = repository.file(MANIFEST).map_or("", |file| file.text.as_str());
    for (number, key, line) in entries(table, "[workspace.dependencies]") {
        let ours = line.contains("path = ");
        if (!ours && !line.contains(" # ")) || !used.contains(&key) {
            found.push(Finding::new(MANIFEST, number, key));
        }
    }
    found
}

/// A crate of this repository, and not one that only lies in it to be copied out: such a one is a workspace of its own.
fn is_member(file: &File) -> bool {
    file.path.ends_with("/Cargo.toml") && !file.text.lines().any(|line| line == "[workspace]")
}

fn lint_table(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| file.path == MANIFEST || is_member(file)) {
        if file.path == MANIFEST {
            let missing = LINTS.iter().filter(|lint| !file.text.lines().any(|line| line.starts_with(*lint)));
            found.extend(missing.map(|lint| Finding::new(MANIFEST, 1, *lint)));
        } else if !file.text.contains("[lints]\nworkspace = true") {
            found.push(Finding::new(&file.path, 1, "[lints] workspace = true"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_expression_means_what_spdx_says() {
        for allowed in
            ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND ISC", "Apache-2.0 WITH LLVM-exception"]
        {
            assert!(is_allowed(allowed), "{allowed}");
        }
        for refused in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR AGPL-3.0) AND MIT", "MIT )"] {
            assert!(!is_allowed(refused), "{refused}");
        }
    }
}
