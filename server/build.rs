//! Finds the files of the pages when the server is built, so that none has to be listed.
//!
//! ```text
//!   assets/web/** ─► belongs to a page? (src/front/page_files.rs) ─► OUT_DIR/built_in.rs ─► front/built_in.rs
//! ```
//!
//! Never here: what is answered (see `front::pages`).

// As what a file is sent.
#[path = "src/front/file_type.rs"]
mod file_type;

// What belongs to a page.
#[path = "src/front/page_files.rs"]
mod page_files;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let web = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../assets/web");
    println!("cargo::rerun-if-changed={}", web.display());
    let mut files = Vec::new();
    walk(&web, "", &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for (path, content_type) in &files {
        let file = web.join(path).canonicalize()?;
        let _ = writeln!(list, "    ({path:?}, {content_type:?}, include_bytes!({:?})),", file.display().to_string());
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("built_in.rs"), list)
}

/// Every file below that belongs to a page: its path from the top, with `/`, and its type.
fn walk(folder: &Path, below: &str, files: &mut Vec<(String, &'static str)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is no text can stand in no page.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && page_files::may_hold_pages(&path) {
            walk(&entry.path(), &path, files)?;
        } else if kind.is_file()
            && let Some(content_type) = page_files::belonging_to_a_page(&path)
        {
            files.push((path, content_type));
        }
    }
    Ok(())
}
