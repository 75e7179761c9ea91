//! A key as a file: what it holds decides what it may be used for, and its name is what tickets call it.
//!
//! | file | holds | tickets are |
//! |---|---|---|
//! | `NAME.pub`, `NAME.pem` | an Ed25519 public key, PEM (`BEGIN PUBLIC KEY`) | `EdDSA` |
//! | the same | its private half: to mint with; a server needs the public one only | `EdDSA` |
//! | `NAME.hs256` | a text of 32 bytes or more, the same on both sides; white space around it is none of it | `HS256` |
//!
//! Never here: which keys there are (see `key_ring`).

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use super::GUEST_KEY;
use super::key_ring::FILES_MAX;
use crate::identity::KeyId;
use crate::plain_file;

/// Bytes of a key's file at most.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// Bytes of a secret at least: as many as HMAC with SHA-256 gives.
const SECRET_BYTES_MIN: usize = 32;

/// What stands before the 32 bytes of an Ed25519 public key in DER (RFC 8410).
const PUBLIC_DER: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The same for the 32 bytes of a private one.
const PRIVATE_DER: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Why a key's file cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no key, or of a kind that tickets are not signed with.
    #[error("{}: {why}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: &'static str,
    },
    /// Two files are called alike and hold different keys.
    #[error("{}: another file holds another key of the same name: tickets could not say which", path.display())]
    Twice {
        /// The second file.
        path: PathBuf,
    },
    /// A folder that is not for keys alone.
    #[error("{}: it has more than {FILES_MAX} files: give keys a folder of their own", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// No folder or file holds a key.
    #[error("no key is in any of the places that tickets.keys names: tickwire-server ticket key makes one")]
    None,
}

/// What a key's file holds.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Material {
    /// An Ed25519 public key, as it is.
    Public([u8; 32]),
    /// An Ed25519 private key in PKCS#8, and its public one.
    Private(Vec<u8>, [u8; 32]),
    /// A secret for HMAC.
    Secret(Vec<u8>),
}

/// A key, and what tickets call it.
#[derive(Clone)]
pub(crate) struct KeyFile {
    pub(crate) id: KeyId,
    pub(crate) material: Material,
}

impl Material {
    /// The one algorithm that the key is for.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Public(_) | Self::Private(..) => Algorithm::EdDSA,
            Self::Secret(_) => Algorithm::HS256,
        }
    }

    /// To verify with.
    pub(crate) fn decoding(&self) -> DecodingKey {
        match self {
            Self::Public(public) | Self::Private(_, public) => DecodingKey::from_ed_der(public),
            Self::Secret(secret) => DecodingKey::from_secret(secret),
        }
    }

    /// To sign with; none: it is a public key.
    pub(crate) fn encoding(&self) -> Option<EncodingKey> {
        match self {
            Self::Public(_) => None,
            Self::Private(private, _) => Some(EncodingKey::from_ed_der(private)),
            Self::Secret(secret) => Some(EncodingKey::from_secret(secret)),
        }
    }

    /// Whether both verify the same tickets.
    pub(crate) fn verifies_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Secret(one), Self::Secret(two)) => one == two,
            (Self::Public(one) | Self::Private(_, one), Self::Public(two) | Self::Private(_, two)) => one == two,
            _ => false,
        }
    }

    /// The half of it that only verifies; a secret has none.
    pub(crate) fn public(&self) -> Self {
        match self {
            Self::Private(_, public) => Self::Public(*public),
            other => other.clone(),
        }
    }

    /// A new Ed25519 key.
    pub(crate) fn new_ed25519(seed: &[u8; 32]) -> Self {
        let pkcs8 = [PRIVATE_DER, seed].concat();
        let public = public_of(&pkcs8).expect("32 bytes are a seed, and this is how RFC 8410 writes it");
        Self::Private(pkcs8, public)
    }

    /// What its file says: the private key, or the secret.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Public(public) => pem("PUBLIC KEY", &[PUBLIC_DER, public].concat()),
            Self::Private(private, _) => pem("PRIVATE KEY", private),
            Self::Secret(secret) => format!("{}\n", String::from_utf8_lossy(secret)),
        }
    }

    /// Of what a file says. Inverse of [`Material::to_text`].
    ///
    /// # Errors
    /// Why it is no key.
    pub(crate) fn from_text(text: &str, is_secret: bool) -> Result<Self, &'static str> {
        if is_secret {
            let text = text.trim();
            if text.starts_with('\u{feff}') {
                return Err("it begins with a byte order mark, which no ticket's signature knows: save it without one");
            }
            if is_key(text) {
                return Err(
                    "a secret for HS256 is no key: a public key that is used as one could be forged with by anybody",
                );
            }
            let secret = text.as_bytes();
            return if secret.len() < SECRET_BYTES_MIN {
                Err("a secret has 32 bytes or more")
            } else {
                Ok(Self::Secret(secret.to_vec()))
            };
        }
        let unfit = "it holds no Ed25519 key, neither a public nor a private one, as PEM";
        if let Ok(public) = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()) {
            let bytes = public.strip_prefix(PUBLIC_DER).ok_or(unfit)?;
            return bytes.try_into().map(Self::Public).map_err(|_| unfit);
        }
        let private = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| unfit)?;
        let pkcs8 = private.secret_pkcs8_der().to_vec();
        let public = public_of(&pkcs8).ok_or(unfit)?;
        Ok(Self::Private(pkcs8, public))
    }
}

impl KeyFile {
    /// Reads one. None: files of that name hold no keys.
    ///
    /// # Errors
    /// It should be a key and is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, KeyFileError> {
        let text = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
        let (Some(stem), Some(kind)) = (text(path.file_stem()), text(path.extension())) else { return Ok(None) };
        let is_secret = match kind.as_str() {
            "pem" | "pub" => false,
            "hs256" => true,
            _ => return Ok(None),
        };
        let unfit = |why| KeyFileError::Unfit { path: path.to_owned(), why };
        let id =
            KeyId::new(&stem).ok_or_else(|| unfit("its name is what tickets call it: at most 64 of visible ASCII"))?;
        if id.as_str() == GUEST_KEY {
            return Err(unfit("guest is what the server calls a key of its own: rename it"));
        }
        let unreadable = |source| KeyFileError::Unreadable { path: path.to_owned(), source };
        let bytes = plain_file::read(path, FILE_BYTES_MAX).map_err(unreadable)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(unfit("it is larger than any key"));
        }
        let text = String::from_utf8(bytes).map_err(|_| unfit("it is not text"))?;
        let material = Material::from_text(&text, is_secret).map_err(unfit)?;
        Ok(Some(Self { id, material }))
    }
}

/// Whether a text is written as keys for signing are: PEM, OpenSSH's, JWK, or DER in base64.
fn is_key(text: &str) -> bool {
    let der = STANDARD.decode(text).unwrap_or_default();
    let is_der = der.starts_with(PUBLIC_DER) || der.starts_with(PRIVATE_DER);
    is_der || ["-----BEGIN", "ssh-", "{"].iter().any(|beginning| text.starts_with(beginning))
}

fn public_of(pkcs8: &[u8]) -> Option<[u8; 32]> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
    pair.public_key().as_ref().try_into().ok()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_and_its_public_half_verifies_the_same() {
        let made = Material::new_ed25519(&[7; 32]);
        let Material::Private(_, public) = &made else { panic!("a private key") };
        let public = Material::Public(*public);
        for material in [&made, &public] {
            let read = Material::from_text(&material.to_text(), false).expect("a key");
            assert!(read == *material && read.verifies_like(&made) && read.algorithm() == Algorithm::EdDSA);
        }
        assert!(public.encoding().is_none() && made.encoding().is_some());
        let secret = Material::Secret(b"0123456789abcdef0123456789abcdef".to_vec());
        assert!(Material::from_text(&secret.to_text(), true).expect("a secret") == secret);
        assert!(!secret.verifies_like(&made) && secret.algorithm() == Algorithm::HS256);
    }

    const PRIVATE_EXAMPLE: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

    #[test]
    fn what_openssl_writes_is_read() {
        // RFC 8410's example, whose private half everybody knows.
        let private = pem(concat!("PRIVATE", " KEY"), &STANDARD.decode(PRIVATE_EXAMPLE).expect("base64"));
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let (private, public) = (Material::from_text(&private, false), Material::from_text(public, false));
        assert!(private.expect("RFC 8410's").verifies_like(&public.expect("RFC 8410's")));
    }

    #[test]
    fn what_is_no_key_for_tickets_is_refused_and_says_why() {
        let ed = Material::new_ed25519(&[7; 32]);
        let rsa = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL8=\n-----END PUBLIC KEY-----\n";
        for text in ["", "x", rsa, "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"] {
            assert!(Material::from_text(text, false).err().expect("no key").contains("Ed25519"), "{text}");
        }
        assert!(Material::from_text("short", true).err().expect("no secret").contains("32"));
        let Material::Public(public) = ed.public() else { panic!("it has one") };
        let bare = STANDARD.encode([PUBLIC_DER, &public].concat());
        for key in [
            &ed.to_text(),
            &bare,
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAY"}"#,
        ] {
            assert!(Material::from_text(key, true).err().expect("confused").contains("forged"), "{key}");
        }
        assert!(
            Material::from_text(&format!("\u{feff}{}", "s".repeat(40)), true).err().expect("a mark").contains("mark")
        );
    }
}
