//! A file that the operator names and that is read again while the server runs: whole, no further than a bound, and never waiting for
//! somebody to write it.
//!
//! Never here: what is in it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The file's bytes, but no more than one beyond `most`: that one tells that it is too large.
///
/// # Errors
/// It cannot be read, or is a pipe or a device: these may never begin, or never end.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Before it is opened: opening a pipe waits for who writes.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::process::Command;

    #[test]
    fn a_pipe_is_refused_without_waiting_and_a_file_is_read_to_its_bound() {
        let folder = Scratch::new("plain");
        let (pipe, file) = (folder.path().join("pipe"), folder.path().join("file"));
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("a pipe").success());
        assert!(read(&pipe, 10).unwrap_err().to_string().contains("no plain file"));
        assert!(read(Path::new("/dev/zero"), 10).is_err() && read(folder.path(), 10).is_err());
        fs::write(&file, b"12345").expect("written");
        assert_eq!((read(&file, 9).unwrap(), read(&file, 3).unwrap()), (b"12345".to_vec(), b"1234".to_vec()));
    }
}
