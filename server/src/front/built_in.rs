//! The files of the pages that are compiled in, so that the lone binary has them: everything under assets/web that belongs to a page.
//!
//! Never here: which those are (see `file_type`, and `build.rs`, which finds them).

/// A file's path below assets/web, its type and its bytes; by path.
pub(super) const FILES: &[(&str, &str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
