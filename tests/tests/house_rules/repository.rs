//! The files that rules look at: the real ones, or a few planted to see whether a rule fires.
//!
//! Never here: what is allowed (see `main` and its neighbours).

use crate::source::Code;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a rule is broken, and by what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// The word, function or file that is at fault: what an exception names.
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    /// Empty for what is not UTF-8.
    pub(crate) text: String,
    /// Present for `.rs`.
    pub(crate) code: Option<Code>,
}

impl File {
    fn new(path: String, text: String) -> Self {
        let code = path.ends_with(".rs").then(|| Code::read(&path, &text));
        Self { path, text, code }
    }

    /// Whether the file lies in one of `places`: folders end in `/`, everything else is a file's whole name.
    pub(crate) fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| match place.strip_suffix('/') {
            Some(_) => self.path.starts_with(place),
            None => self.path == *place,
        })
    }

    /// The lines that hold something `wanted` says yes to, counted from 1.
    pub(crate) fn lines_where(&self, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
        self.text.lines().zip(1..).filter(|(line, _)| wanted(line)).map(|(_, number)| number).collect()
    }
}

/// Files, and what cargo says of the crates.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) files: Vec<File>,
    /// `cargo metadata`, with dependencies resolved for this machine.
    pub(crate) metadata: Value,
}

impl Repository {
    /// The repository that this test stands in.
    pub(crate) fn here() -> Self {
        // Asked when it runs, not when it is built: the same binary can look at another checkout.
        let tests = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let root = Path::new(&tests).parent().expect("tests/ lies in the repository");
        let mut names = Vec::new();
        walk(root, &PathBuf::new(), &mut names);
        names.sort();
        let files = names
            .into_iter()
            .map(|name| {
                let bytes = std::fs::read(root.join(&name)).unwrap_or_default();
                File::new(name, String::from_utf8(bytes).unwrap_or_default())
            })
            .collect();
        Self { files: with_test_files_marked(files), metadata: metadata(root) }
    }

    /// A repository of just these files.
    pub(crate) fn planted(files: &[(&str, &str)]) -> Self {
        let metadata = files
            .iter()
            .find(|(path, _)| *path == METADATA)
            .map_or(Value::Null, |(_, text)| serde_json::from_str(text).expect("a planted metadata.json is JSON"));
        let files = files.iter().map(|(path, text)| File::new((*path).to_owned(), (*text).to_owned())).collect();
        Self { files: with_test_files_marked(files), metadata }
    }

    /// The file of that name.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or folder of that name is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// All Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &Code)> {
        self.files.iter().filter_map(|file| file.code.as_ref().map(|code| (file, code)))
    }
}

/// Files that exist only under `#[cfg(test)] mod name;` are test code from end to end.
fn with_test_files_marked(mut files: Vec<File>) -> Vec<File> {
    let mut places = Vec::new();
    for file in &files {
        let folder = file.path.trim_end_matches("/mod.rs").trim_end_matches("/lib.rs").trim_end_matches("/main.rs");
        let folder = folder.trim_end_matches(".rs");
        for name in file.code.iter().flat_map(Code::test_modules) {
            places.extend([format!("{folder}/{name}.rs"), format!("{folder}/{name}/")]);
        }
    }
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    for file in files.iter_mut().filter(|file| file.is_in(&places)) {
        let lines = file.text.lines().count();
        if let Some(code) = &mut file.code {
            code.mark_as_test(lines);
        }
    }
    files
}

/// The name under which a planted repository brings what cargo would say.
pub(crate) const METADATA: &str = "metadata.json";

/// What building, running and editing leave behind; the same as `.gitignore`.
fn is_left_behind(name: &str, top: bool) -> bool {
    matches!(name, ".git" | "target" | "node_modules" | "__pycache__" | ".idea" | ".vscode" | ".DS_Store")
        || (top && name == "data")
        || name.ends_with(".log")
        || name.ends_with(".swp")
        || name.ends_with('~')
}

fn walk(root: &Path, below: &Path, names: &mut Vec<String>) {
    let entries = std::fs::read_dir(root.join(below)).expect("a folder of the repository can be read");
    for entry in entries {
        let entry = entry.expect("a folder of the repository can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_left_behind(&name, below.as_os_str().is_empty()) {
            continue;
        }
        let path = below.join(&name);
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(root, &path, names);
        } else {
            names.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
}

fn metadata(root: &Path) -> Value {
    // Only for this machine: otherwise cargo fetches every crate of every system first.
    let version = said_by("rustc", &["-vV"], root);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let arguments = ["metadata", "--format-version", "1", "--locked", "--filter-platform", host];
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    serde_json::from_str(&said_by(&cargo, &arguments, root)).expect("cargo metadata is JSON")
}

fn said_by(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().expect("the toolchain is there");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the toolchain speaks UTF-8")
}
