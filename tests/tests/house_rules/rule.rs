//! What a rule is, and how it is held against a repository.
//!
//! ```text
//!   table (main) ─► Rule ─► Repository ─► findings ─► minus exceptions ─► "file:line: what, because why"
//! ```

use crate::repository::{File, Finding, Repository};
use crate::source::{Code, fragment, is_word};

/// Files by path and text, planted to see whether a rule fires.
pub(crate) type Planted = &'static [(&'static str, &'static str)];

/// A never-rule.
pub(crate) struct Rule {
    /// How exceptions call it.
    pub(crate) name: &'static str,
    /// What is printed when it is broken.
    pub(crate) why: &'static str,
    pub(crate) check: Check,
    /// Repositories that break it. Words plant themselves, each in each place; what stands here comes on top.
    pub(crate) fires: &'static [Planted],
    /// Repositories that look like it and don't.
    pub(crate) quiet: &'static [Planted],
}

/// How a rule looks.
pub(crate) enum Check {
    /// Words that must not be said in some places.
    Words(Words),
    /// Anything else.
    Sight(fn(&Repository) -> Vec<Finding>),
}

/// Forbidden words, in code: not in comments, not in strings, and not in test modules unless `tests_too`.
///
/// `a::b` is a path, found also through `use` trees and renamed imports; `game::` is any path that goes through `game`;
/// everything else is a run of tokens (`async fn`, `dbg!`, `Changed<`).
pub(crate) struct Words {
    /// Folders (with a `/` at the end) or files; none means everywhere.
    pub(crate) places: &'static [&'static str],
    pub(crate) but_not: &'static [&'static str],
    pub(crate) words: &'static [&'static str],
    pub(crate) tests_too: bool,
}

/// Something that may break a rule, and why it may.
pub(crate) struct Exception {
    pub(crate) rule: &'static str,
    pub(crate) path: &'static str,
    /// The finding's `what`: a word, a function's name, or "file".
    pub(crate) what: &'static str,
    /// Printed by nobody; written for whoever wants to delete the exception.
    pub(crate) reason: &'static str,
}

impl Rule {
    /// Where `repository` breaks this rule.
    pub(crate) fn findings(&self, repository: &Repository) -> Vec<Finding> {
        let mut found = match &self.check {
            Check::Words(words) => words.findings(repository),
            Check::Sight(look) => look(repository),
        };
        found.sort();
        found.dedup();
        found
    }
}

impl Words {
    fn covers(&self, file: &File) -> bool {
        (self.places.is_empty() || file.is_in(self.places)) && !file.is_in(self.but_not)
    }

    fn findings(&self, repository: &Repository) -> Vec<Finding> {
        let mut found = Vec::new();
        for (file, code) in repository.rust().filter(|(file, _)| self.covers(file)) {
            for word in self.words {
                let lines = lines_with(code, word, self.tests_too);
                found.extend(lines.into_iter().map(|line| Finding::new(&file.path, line, *word)));
            }
        }
        found
    }

    /// One planted file for each word in each place.
    pub(crate) fn plants(&self) -> impl Iterator<Item = (String, &'static str)> {
        let everywhere: &[&str] = if self.places.is_empty() { &["server/src/", "tests/tests/"] } else { self.places };
        everywhere.iter().flat_map(|place| {
            let path = if place.ends_with('/') { format!("{place}planted.rs") } else { (*place).to_owned() };
            self.words.iter().map(move |word| (path.clone(), *word))
        })
    }
}

fn lines_with(code: &Code, word: &str, tests_too: bool) -> Vec<usize> {
    let through = word.strip_suffix("::");
    let pattern: Vec<String> = fragment(word);
    let is_path = through.is_none() && pattern.len() > 1 && pattern.iter().all(|part| part == "::" || is_word(part));
    if through.is_none() && !(is_path && pattern.iter().any(|part| part == "::")) {
        return code.lines_of(&pattern, tests_too);
    }
    let names: Vec<&str> = pattern.iter().map(String::as_str).filter(|part| *part != "::").collect();
    let paths = code.paths.iter().filter(|path| tests_too || !path.test);
    let hits = paths.filter(|path| match through {
        Some(folder) => path.segments.len() > 1 && path.segments.iter().any(|segment| segment == folder),
        None => goes_through(&path.segments, &names),
    });
    hits.map(|path| path.line).collect()
}

/// Whether `names` stand in `path` one after the other, or may be meant by its final `*`.
fn goes_through(path: &[String], names: &[&str]) -> bool {
    let named = path.windows(names.len()).any(|window| window.iter().zip(names).all(|(have, wanted)| have == wanted));
    let meant = path.split_last().is_some_and(|(last, parents)| {
        last == "*"
            && names.len() == parents.len() + 1
            && parents.iter().zip(names).all(|(have, wanted)| have == wanted)
    });
    named || meant
}
