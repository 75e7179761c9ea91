//! Golden files and the page that shows them: read, compared, and written anew where that is asked for.

use crate::messages::{Example, examples};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn hex(bytes: &[u8]) -> String {
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    bytes.chunks(32).map(line).collect::<Vec<_>>().join("\n")
}

/// The bytes of a golden file or a block of the page: `#` begins a comment.
pub(crate) fn bytes_of(text: &str) -> Vec<u8> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal")).collect()
}

pub(crate) fn file_text(example: &Example) -> String {
    format!("# {}\n# {}\n{}\n", example.name, example.says, hex(&example.bytes))
}

/// Where the page's examples begin.
pub(crate) const EXAMPLES: &str = "\n## Examples\n";

fn examples_text(all: &[Example]) -> String {
    let mut text = format!(
        "{EXAMPLES}\nEach is a file of `tests/golden`, in hexadecimal, of one game: its schema is schema.hex. All are written by \
         `UPDATE_GOLDEN=1 cargo test -p tests --test wire_golden`.\n"
    );
    for Example { name, says, bytes } in all {
        _ = write!(text, "\n### {name}.hex\n\n{says}\n\n```hex\n{}\n```\n", hex(bytes));
    }
    text
}

/// The page and the golden files, read after they were written anew, if that was asked for.
pub(crate) static READ: LazyLock<(String, BTreeMap<String, String>)> = LazyLock::new(|| {
    let (folder, page_path) = (repository("tests/golden"), repository("shared/PROTOCOL.md"));
    let mut page = std::fs::read_to_string(&page_path).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let all = examples();
        std::fs::create_dir_all(&folder).unwrap();
        for path in hex_files(&folder) {
            std::fs::remove_file(path).unwrap();
        }
        for example in &all {
            std::fs::write(folder.join(format!("{}.hex", example.name)), file_text(example)).unwrap();
        }
        page.truncate(page.find(EXAMPLES).expect("the page has examples"));
        page.push_str(&examples_text(&all));
        std::fs::write(&page_path, &page).unwrap();
    }
    let mut files = BTreeMap::new();
    for path in hex_files(&folder) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        files.insert(name, std::fs::read_to_string(&path).unwrap());
    }
    (page, files)
});

/// What is not in hexadecimal is no message (see `golden_numbers`).
fn hex_files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "hex")).collect()
}

/// The cells of the rows of the table under a heading of the page, its first two lines aside.
pub(crate) fn table(heading: &str) -> Vec<Vec<String>> {
    let section = READ.0.split(&format!("\n## {heading}\n")).nth(1).expect(heading);
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// FNV-1a (Fowler, Noll and Vo), 64 bits, over all names and bytes: enough to see a change.
pub(crate) fn golden_hash(all: &[Example]) -> String {
    let mut sorted: Vec<&Example> = all.iter().collect();
    sorted.sort_by_key(|example| example.name);
    let bytes = sorted.iter().flat_map(|example| example.name.bytes().chain([0]).chain(example.bytes.iter().copied()));
    let hash =
        bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    format!("{hash:016x}")
}
