//! The client without a screen: the reference implementation, and load.
//!
//! A client is a state machine with no socket in it: frames and a clock go in, frames and events come out. The same
//! [`session`] plays over wss ([`transport`]), over the tests' virtual link, and a thousand times in a [`swarm`].

/// What the server says we hold, and the proof that we do.
pub mod replica;
