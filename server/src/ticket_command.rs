//! `tickwire-server ticket`: tickets and keys by hand, for development and tests.
//!
//! ```text
//!   ticket key --algorithm eddsa --out keys/dev.pem ─► keys/dev.pem (signs; keep it), keys/dev.pub (verifies; the server's)
//!   ticket --key keys/dev.pem --player anna ─────────► a ticket on standard output
//! ```
//!
//! Never here: how tickets are signed (see `tickets`).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::cli::{KeyAlgorithm, KeyArgs, MintArgs, TicketArgs, TicketWhat};
use crate::identity::{KeyId, NAME_BYTES_MAX, PlayerKey, ROOMS_ALLOWED_MAX, RoomPattern, TicketId};
use crate::tickets::claims::{Audience, Claims, seconds};
use crate::tickets::key_file::{KeyFile, KeyFileError, Material};
use crate::tickets::mint::{MintError, mint};

/// Why there is no ticket, or no key.
#[derive(Debug, thiserror::Error)]
pub enum TicketCommandError {
    /// The key's file is none.
    #[error("--key: {0}")]
    Key(#[from] KeyFileError),
    /// The key cannot sign.
    #[error("--key {}: {why}", path.display())]
    Signing {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What the ticket should say is nothing that a server would take.
    #[error("{flag}: {why}")]
    Wrong {
        /// The flag.
        flag: &'static str,
        /// What it may be.
        why: &'static str,
    },
    /// A key cannot be written.
    #[error("{}: {source}{}", path.display(), there_already(source))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
}

fn there_already(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AlreadyExists => ": a key is never overwritten; choose another name, or remove it",
        _ => "",
    }
}

/// Does what is asked; gives what is to be said.
///
/// # Errors
/// The user's: see [`TicketCommandError`].
pub fn obey(asked: &TicketArgs) -> Result<String, TicketCommandError> {
    match (&asked.what, &asked.mint) {
        (Some(TicketWhat::Key(asked)), _) => make_key(asked),
        (None, asked) => make_ticket(asked, SystemTime::now()),
    }
}

fn make_ticket(asked: &MintArgs, now: SystemTime) -> Result<String, TicketCommandError> {
    let wrong = |flag, why| TicketCommandError::Wrong { flag, why };
    let path = asked.key.as_deref().ok_or_else(|| wrong("--key", "name the key's file"))?;
    let mut key = read_key(path)?;
    if let Some(kid) = &asked.kid {
        key.id = KeyId::new(kid).ok_or_else(|| wrong("--kid", "at most 64 of visible ASCII"))?;
    }
    let player = asked.player.as_deref().unwrap_or_default();
    if PlayerKey::new(player).is_none_or(|player| player.is_guest()) {
        return Err(wrong("--player", "1 to 64 of visible ASCII, not beginning with guest:"));
    }
    if asked.room.iter().any(|room| RoomPattern::new(room).is_none()) {
        return Err(wrong("--room", "1 to 32 of a-z, 0-9, - and _, perhaps with a star behind it"));
    }
    if asked.room.len() > ROOMS_ALLOWED_MAX {
        return Err(wrong("--room", "at most 32 rooms; a star stands for all that begin alike"));
    }
    if asked.id.as_ref().is_some_and(|id| TicketId::new(id).is_none()) {
        return Err(wrong("--id", "1 to 64 of visible ASCII"));
    }
    if asked.name.as_ref().is_some_and(|name| !(1..=NAME_BYTES_MAX).contains(&name.len())) {
        return Err(wrong("--name", "1 to 32 bytes"));
    }
    let expires = now + asked.ttl;
    let claims = Claims {
        iss: asked.issuer.clone(),
        aud: asked.audience.clone().map(Audience::One),
        exp: seconds(expires),
        sub: player.to_owned(),
        name: asked.name.clone(),
        rooms: (!asked.room.is_empty()).then(|| asked.room.clone()),
        role: asked.role,
        jti: asked.id.clone(),
        nbf: None,
    };
    let ticket = mint(&claims, &key).map_err(|error: MintError| {
        let why = error.to_string();
        TicketCommandError::Signing { path: path.to_owned(), why }
    })?;
    if !asked.json {
        return Ok(format!("{ticket}\n"));
    }
    let expires_s = asked.ttl.as_secs();
    let kid = key.id.as_str();
    Ok(format!("{}\n", serde_json::json!({ "ticket": ticket, "player": player, "kid": kid, "expires_s": expires_s })))
}

fn read_key(path: &Path) -> Result<KeyFile, TicketCommandError> {
    let path = path.to_owned();
    let why = "a key's file is called NAME.pem or NAME.hs256; tickwire-server ticket key makes one";
    KeyFile::read(&path)?.ok_or(TicketCommandError::Key(KeyFileError::Unfit { path, why }))
}

fn make_key(asked: &KeyArgs) -> Result<String, TicketCommandError> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| TicketCommandError::NoRandomness)?;
    let out = &asked.out;
    let kind = if asked.algorithm == KeyAlgorithm::Eddsa { "pem" } else { "hs256" };
    let kid = out.file_stem().and_then(|stem| stem.to_str()).and_then(KeyId::new);
    let (Some(kid), true) = (kid, out.extension().is_some_and(|extension| extension == kind)) else {
        let why = "NAME.pem for eddsa, NAME.hs256 for hs256; NAME is what tickets call the key";
        return Err(TicketCommandError::Wrong { flag: "--out", why });
    };
    if asked.algorithm == KeyAlgorithm::Hs256 {
        let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        write_key(out, &Material::Secret(secret.into_bytes()).to_text(), true)?;
        return Ok(format!(
            "{} (kid {kid}): the secret that your backend signs tickets with, and the server verifies them with; keep it secret\n",
            out.display()
        ));
    }
    let private = Material::new_ed25519(&random);
    let public = out.with_extension("pub");
    write_key(out, &private.to_text(), true)?;
    if let Err(error) = write_key(&public, &private.public().to_text(), false) {
        // A private key beside the public one of another would be taken for its half.
        let _ = fs::remove_file(out);
        return Err(error);
    }
    Ok(format!(
        "{} (kid {kid}): signs tickets; your backend's, keep it secret\n{}: verifies them; the server's (tickets.keys)\n",
        out.display(),
        public.display()
    ))
}

fn write_key(path: &Path, text: &str, is_secret: bool) -> Result<(), TicketCommandError> {
    let unwritable = |source| TicketCommandError::Unwritable { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = is_secret;
    let mut file = options.open(path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TicketsConfig;
    use crate::config::cli::{Command, CommandLine};
    use crate::scratch::Scratch;
    use crate::tickets::Tickets;
    use clap::Parser;

    fn say(words: &[&str]) -> Result<String, TicketCommandError> {
        let line = CommandLine::try_parse_from(["tickwire-server", "ticket"].iter().chain(words));
        let Some(Command::Ticket(asked)) = line.expect("understood").command else { panic!("not of tickets") };
        obey(&asked)
    }

    #[test]
    fn a_key_that_was_made_mints_tickets_that_its_other_half_verifies() {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-ticket-command", std::process::id()));
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        for (algorithm, own, servers) in [("eddsa", "ed.pem", "ed.pub"), ("hs256", "secret.hs256", "secret.hs256")] {
            say(&["key", "--algorithm", algorithm, "--out", &file(own)]).expect("made");
            let again = say(&["key", "--algorithm", algorithm, "--out", &file(own)]).expect_err("there already");
            assert!(again.to_string().contains("never overwritten"), "{again}");
            let asked = [
                "--key",
                &file(own),
                "--player",
                "anna",
                "--name",
                "Anna",
                "--room",
                "main",
                "--role",
                "spectator",
                "--ttl",
                "1h",
            ];
            let ticket = say(&asked).expect("minted");
            let config = TicketsConfig {
                keys: vec![folder.join(servers)],
                ..crate::config::Config::local(folder.clone()).tickets
            };
            let tickets = Tickets::new(&config, &[0; 32]).expect("a key");
            let who = tickets.verify(ticket.trim(), [127, 0, 0, 1].into(), SystemTime::now()).expect("good");
            assert_eq!((who.player.as_str(), who.name.as_deref()), ("anna", Some("Anna")));
            assert!(!who.role.may_play() && who.expires.is_some_and(|end| end > SystemTime::now()));
        }
        let public = say(&["--key", &file("ed.pub"), "--player", "anna"]).expect_err("it cannot sign");
        assert!(public.to_string().contains("private half"), "{public}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(file("ed.pem")).expect("there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "nobody else reads it");
        }
        let _ = fs::remove_dir_all(folder);
    }

    #[test]
    fn what_no_server_would_take_is_not_minted() {
        for (words, flag) in [
            (["--key", "no/such.pem", "--player", "anna"], "--key"),
            (["--key", "no/such.txt", "--player", "anna"], "--key"),
        ] {
            assert!(say(&words).expect_err("refused").to_string().contains(flag));
        }
        let folder = Scratch::new("unminted");
        let key = folder.path().join("dev.pem").to_string_lossy().into_owned();
        say(&["key", "--out", &key]).expect("made");
        let rooms = vec!["--room=a"; ROOMS_ALLOWED_MAX + 1];
        let cases: [(&[&str], &str); 6] = [
            (&["--player", "guest:1"], "--player"),
            (&["--player", "anna", "--id", "a b"], "--id"),
            (&["--player", "anna", "--id", ""], "--id"),
            (&["--player", "anna", "--room", "A"], "--room"),
            (&[&["--player", "anna"], &rooms[..]].concat(), "--room"),
            (&["--player", "anna", "--name", ""], "--name"),
        ];
        for (words, flag) in cases {
            let refused = say(&[&["--key", &key], words].concat()).expect_err("refused").to_string();
            assert!(refused.starts_with(flag), "{words:?}: {refused}");
        }
        let bad = say(&["key", "--algorithm", "eddsa", "--out", "x.hs256"]).expect_err("the wrong name");
        assert!(bad.to_string().contains("--out"), "{bad}");
    }

    #[test]
    fn no_half_of_a_key_is_ever_put_beside_the_half_of_another() {
        let folder = Scratch::new("halves");
        let file = |name: &str| folder.path().join(name);
        let out = file("dev.pem").to_string_lossy().into_owned();
        for (there, other) in [("dev.pem", "dev.pub"), ("dev.pub", "dev.pem")] {
            fs::write(file(there), "the half of another").expect("written");
            let refused = say(&["key", "--out", &out]).expect_err("one half is there").to_string();
            assert!(refused.contains("never overwritten") && !file(other).exists(), "{refused}");
            assert_eq!(fs::read_to_string(file(there)).expect("there"), "the half of another");
            fs::remove_file(file(there)).expect("there");
        }
    }
}
