//! `cargo run -p tests --bin ws-echo -- --listen 127.0.0.1:9001`: hears and repeats, so that suites which test WebSocket and TLS can be
//! pointed at what we ship. Connect to `/play` with the sub-protocol `tickwire.v1`; how the Autobahn suite is run: README.md, "Conformance".
//!
//! Ends by itself when its standard input does, if that was asked for; else when it is told to.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use server::config::{RawConfig, Waits, check};
use server::error::StartupError;
use server::worker::{PeerLimits, Rates};

/// What the connection says besides the largest message: frames on the way out, and what comes while that is sent.
const UNSENT_BESIDES: usize = 320 * 1024;

/// Our listener, TLS, upgrade and connection; what is heard is said again.
#[derive(Parser)]
#[command(name = "ws-echo")]
struct Arguments {
    /// Where to listen; port 0 takes a free one. Without TLS only a loopback address.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: SocketAddr,
    /// ws, without TLS.
    #[arg(long)]
    plain: bool,
    /// Bytes of the largest message.
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    max_message: usize,
    /// Whether peers may only send as fast as players may.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    rates: Switch,
    /// Where the development certificate is kept.
    #[arg(long, default_value = "./data")]
    data: PathBuf,
    /// Ends when standard input does: for whoever starts it and might die.
    #[arg(long)]
    until_eof: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let echoing = match start(&arguments) {
        Ok(echoing) => echoing,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(error.exit_code());
        }
    };
    let scheme = if arguments.plain { "ws" } else { "wss" };
    println!("{scheme}://{}/play", echoing.addr());
    if arguments.until_eof {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        return ExitCode::SUCCESS;
    }
    loop {
        std::thread::park();
    }
}

fn start(arguments: &Arguments) -> Result<server::app::echo::Echoing, StartupError> {
    let mut raw = RawConfig::default();
    raw.server.listen = arguments.listen;
    raw.server.plain = arguments.plain;
    raw.server.data.clone_from(&arguments.data);
    // It has nothing to hide and nothing to keep.
    (raw.server.guests, raw.tls.development_anywhere) = (true, true);
    let limits = PeerLimits {
        message_bytes_max: arguments.max_message,
        unsent_bytes_max: arguments.max_message + UNSENT_BESIDES,
        waits: Waits::default(),
        rates: if arguments.rates == Switch::On { Rates::Limited } else { Rates::Unlimited },
    };
    server::app::echo::start(&check::check(raw)?, limits)
}
