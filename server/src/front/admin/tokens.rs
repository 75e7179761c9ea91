//! The secrets that operators show to the admin port, and what each is called in the audit log.
//!
//! ```text
//!   admin.token_file    a token alone on its line is called `admin`; `NAME TOKEN` is called NAME; `#` begins a remark
//!   none given          data/admin.token, made at the first start, for its owner alone
//! ```
//!
//! SIGHUP reads it again; a file that cannot be used is refused and the old tokens stay.
//!
//! Never here: how often one may be guessed (see `attempts`).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use subtle::{Choice, ConstantTimeEq};

use crate::error::TokenError;
use crate::plain_file;

/// Bytes of a token at least: fewer can be guessed.
const BYTES_MIN: usize = 24;
/// Bytes of a token or its name at most.
const BYTES_MAX: usize = 256;
/// Tokens at most.
const TOKENS_MAX: usize = 64;
/// Bytes of the file at most. Over it: refused.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Random bytes of a token that we make.
const MADE_BYTES: usize = 32;
/// The file in the data directory.
const FILE: &str = "admin.token";

/// A token and what it is called. Never printed.
struct Token {
    name: Arc<str>,
    secret: Box<[u8]>,
}

/// All tokens.
pub(crate) struct Tokens {
    path: PathBuf,
    all: RwLock<Vec<Token>>,
}

impl Tokens {
    /// Reads the operator's file, or ours, which is made if it is not there.
    ///
    /// # Errors
    /// The operator's: the file cannot be used, or the data directory not written.
    pub(crate) fn open(given: Option<&Path>, data: &Path) -> Result<Self, TokenError> {
        let path = given.map_or_else(|| data.join(FILE), Path::to_owned);
        if given.is_none() && !path.exists() {
            make(&path).map_err(|source| TokenError::File { path: path.clone(), source })?;
            tracing::info!(file = %path.display(), "a token for the admin port was made");
        }
        let all = read(&path)?;
        Ok(Self { path, all: RwLock::new(all) })
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// It cannot be used; the old tokens stay.
    pub(crate) fn reload(&self) -> Result<(), TokenError> {
        let all = read(&self.path)?;
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(())
    }

    /// What a token is called. Takes as long for one that is nearly right as for one that is not: how much of it was right does not show.
    pub(super) fn name_of(&self, shown: &[u8]) -> Option<Arc<str>> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for token in &*all {
            let same: Choice = token.secret.ct_eq(shown);
            if same.into() {
                found = Some(token.name.clone());
            }
        }
        found
    }
}

fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut random = [0; MADE_BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Vec<Token>, TokenError> {
    let wrong = |source| TokenError::File { path: path.to_owned(), source };
    let bytes = plain_file::read(path, FILE_BYTES_MAX).map_err(wrong)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).map_err(wrong)?);
        if mode & 0o077 != 0 {
            tracing::warn!(file = %path.display(), mode = format!("{:o}", mode & 0o777), "others can read the admin port's tokens");
        }
    }
    // A token that is cut off at the bound would be another, shorter one.
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(TokenError::TooLarge { path: path.to_owned() });
    }
    let not_text = |_| wrong(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"));
    let text = String::from_utf8(bytes).map_err(not_text)?;
    let mut tokens = Vec::new();
    for (at, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.split_whitespace();
        let (name, secret) = match (words.next(), words.next(), words.next()) {
            (Some(secret), None, _) => ("admin", secret),
            (Some(name), Some(secret), None) => (name, secret),
            _ => return Err(TokenError::Line { path: path.to_owned(), line: at }),
        };
        let is_token = |byte: u8| byte.is_ascii_graphic();
        let fits = (BYTES_MIN..=BYTES_MAX).contains(&secret.len()) && secret.bytes().all(is_token);
        if !fits || name.len() > BYTES_MAX || !name.bytes().all(is_token) || tokens.len() == TOKENS_MAX {
            return Err(TokenError::Line { path: path.to_owned(), line: at });
        }
        tokens.push(Token { name: name.into(), secret: secret.as_bytes().into() });
    }
    if tokens.is_empty() {
        return Err(TokenError::None { path: path.to_owned() });
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const ANNA: &str = "anna-anna-anna-anna-anna";
    const BERT: &str = "bert-bert-bert-bert-bert";

    fn given(folder: &Scratch, text: &str) -> Result<Tokens, TokenError> {
        let path = folder.path().join("tokens");
        fs::write(&path, text).expect("written");
        Tokens::open(Some(&path), folder.path())
    }

    #[test]
    fn a_token_is_made_once_for_its_owner_alone() {
        let folder = Scratch::new("token");
        let tokens = Tokens::open(None, &folder.path().join("data")).expect("made");
        let path = folder.path().join("data").join(FILE);
        let text = fs::read_to_string(&path).expect("there");
        assert_eq!(text.trim().len(), 2 * MADE_BYTES);
        assert_eq!(tokens.name_of(text.trim().as_bytes()).as_deref(), Some("admin"));
        assert!(Tokens::open(None, &folder.path().join("data")).is_ok());
        assert_eq!(fs::read_to_string(&path).expect("there"), text, "the second start takes the same");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn each_token_has_its_name_and_no_part_of_one_is_taken() {
        let folder = Scratch::new("tokens");
        let tokens = given(&folder, &format!("# who may\n\nanna {ANNA}\n  {BERT}  \n")).expect("good");
        assert_eq!(tokens.name_of(ANNA.as_bytes()).as_deref(), Some("anna"));
        assert_eq!(tokens.name_of(BERT.as_bytes()).as_deref(), Some("admin"));
        for wrong in ["", "anna", &ANNA[1..], &format!("{ANNA}x"), "#", "# who may"] {
            assert_eq!(tokens.name_of(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_and_the_old_tokens_stay() {
        let folder = Scratch::new("bad-tokens");
        for text in
            ["", "# nobody\n", "short\n", "a b c\n", &format!("anna {ANNA} x"), "anna \u{202e}annaannaannaannaannaanna"]
        {
            assert!(given(&folder, text).is_err(), "{text:?}");
        }
        let cut_off = format!("#{}\n{ANNA}{BERT}\n", "x".repeat(FILE_BYTES_MAX as usize - ANNA.len() - 2));
        assert!(matches!(given(&folder, &cut_off), Err(TokenError::TooLarge { .. })), "or half a token were one");
        let tokens = given(&folder, ANNA).expect("good");
        fs::write(folder.path().join("tokens"), "short").expect("written");
        assert!(tokens.reload().is_err() && tokens.name_of(ANNA.as_bytes()).is_some());
        fs::write(folder.path().join("tokens"), BERT).expect("written");
        assert!(tokens.reload().is_ok() && tokens.name_of(ANNA.as_bytes()).is_none());
    }
}
