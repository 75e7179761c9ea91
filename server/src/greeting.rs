//! What a person reads who has just started a server: where to play, how to trust it, how to send bots.
//!
//! Never here: what it serves (see `app`).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What there is to be told.
pub(crate) struct Greeting {
    /// The game port.
    pub(crate) addr: SocketAddr,
    /// The admin port.
    pub(crate) admin: SocketAddr,
    /// The path of the page to play on.
    pub(crate) page: &'static str,
    /// Without TLS.
    pub(crate) plain: bool,
    /// The file to trust, if the certificate is one of ours.
    pub(crate) authority: Option<PathBuf>,
}

impl Greeting {
    /// The text, for who stands in this folder.
    pub(crate) fn text(&self, folder: &Path) -> String {
        let Self { addr, admin, page, plain, .. } = self;
        let (version, client) = (env!("CARGO_PKG_VERSION"), client_in(folder));
        let (without, https, wss) =
            if *plain { (", without TLS (--plain)", "http", "ws") } else { ("", "https", "wss") };
        // What the client takes for granted need not be said.
        let url = if *plain || addr.port() != 4433 { format!(" --url {wss}://{addr}") } else { String::new() };
        format!(
            "Tickwire {version}{without}\n\n  \
             page     {https}://{addr}{page}\n  game     {wss}://{addr}/play\n  admin    http://{admin}/metrics\n{}\n  \
             play     {client} play{url}\n  \
             bots     {client} swarm --bots 20{url}\n  \
             end      Ctrl-C\n\n",
            self.certificate()
        )
    }

    /// How to trust a certificate of ours; nothing where there is none.
    fn certificate(&self) -> String {
        let Some(authority) = &self.authority else { return String::new() };
        let authority = authority.canonicalize().unwrap_or_else(|_| authority.clone());
        format!(
            "\n  The certificate was made on this machine, so a browser warns that the connection is not private\n  \
             (\"Your connection is not private\", \"Potential security risk ahead\"). Choose \"Advanced\" and proceed:\n  \
             it is your own server. To get rid of the warning, import this authority into the browser or\n  \
             system as trusted for websites; it can vouch for nothing but this machine:\n    {}\n",
            authority.display()
        )
    }
}

/// How the client is started in a folder: built there if that is Tickwire's own, else by its name.
fn client_in(folder: &Path) -> &'static str {
    if folder.join("client-sim/Cargo.toml").is_file() { "cargo run --release -p client-sim --" } else { "client-sim" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(plain: bool, port: u16) -> Greeting {
        let addr = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Greeting { addr: addr(port), admin: addr(4480), page: "/", plain, authority: None }
    }

    #[test]
    fn the_client_is_built_where_its_source_is_and_called_by_its_name_elsewhere() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = greeting(false, 4433).text(&repository);
        assert!(text.contains("play     cargo run --release -p client-sim -- play\n"), "{text}");
        let text = greeting(false, 4433).text(Path::new("/nowhere"));
        assert!(text.contains("play     client-sim play\n") && !text.contains("cargo"), "{text}");
    }

    #[test]
    fn commands_name_the_server_where_it_is_not_the_usual_one() {
        for (plain, port, url) in
            [(false, 4433, ""), (false, 9, " --url wss://127.0.0.1:9"), (true, 4433, " --url ws://127.0.0.1:4433")]
        {
            let text = greeting(plain, port).text(Path::new("/nowhere"));
            for line in [format!("client-sim play{url}\n"), format!("client-sim swarm --bots 20{url}\n")] {
                assert!(text.contains(&line), "{line} {text}");
            }
        }
    }
}
