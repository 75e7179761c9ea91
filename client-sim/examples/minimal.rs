//! The smallest client: joins, plays by chance whatever the server plays, and prints what it sees.
//!
//! `cargo run -p client-sim --example minimal [wss://HOST:PORT]` beside a server, in the folder where the server keeps its `data`.

use client_sim::behaviour::{AtRandom, Behaviour};
use client_sim::session::{Session, SessionConfig, SessionEvent};
use client_sim::transport::{Arrival, Epoch, Target};
use client_sim::trust::Trust;
use shared::schema::Schema;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Message;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).unwrap_or_else(|| "wss://127.0.0.1:4433".to_owned());
    let tls = url.starts_with("wss").then(|| or_stop(or_stop(Trust::choose(None, false)).tls()));
    let mut socket = or_stop(or_stop(Target::resolve(&url, tls).await).connect("/play", None).await);

    // The session knows the protocol and nothing of sockets. The behaviour decides what we do; here: valid inputs by chance.
    let by_chance = |_: &Schema, seed: u64| -> Box<dyn Behaviour> { Box::new(AtRandom::new(seed)) };
    let mut session =
        Session::new(SessionConfig { behaviours: Some(Arc::new(by_chance)), ..SessionConfig::named("minimal") });
    let clock = Epoch::begin();

    loop {
        // What is due: the Hello, then an input for every tick. If sending fails, `receive` below says how it ended.
        session.handle_tick(clock.now_ms());
        while let Some(frame) = session.poll_frame() {
            let _ = socket.feed(Message::Binary(frame.into())).await;
        }
        let _ = socket.flush().await;

        while let Some(event) = session.poll_event() {
            match event {
                SessionEvent::Complete => println!("we are in"),
                SessionEvent::Frame(applied) if applied.tick.0 % 30 == 0 => {
                    let Some(replica) = session.replica() else { continue };
                    let things = replica.anchors().count();
                    println!("tick {}: {things} things in sight, we are {:?}", applied.tick, replica.me());
                }
                SessionEvent::Failed(error) => return println!("{error}"),
                _ => {}
            }
        }

        // Sleep until something comes or something is due.
        tokio::select! {
            arrival = socket.receive() => match arrival {
                Arrival::Message(bytes) => session.handle_frame(&bytes, clock.now_ms()),
                Arrival::Nothing => {}
                Arrival::End(ended) => return println!("the end: {ended:?}"),
            },
            () = tokio::time::sleep_until(clock.at(session.next_wake_ms(clock.now_ms()))) => {}
        }
    }
}

fn or_stop<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}
