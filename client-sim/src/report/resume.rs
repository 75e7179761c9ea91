//! What cuts came to: who came back, how soon, as whom, and what it cost beside a first join.

use super::Percentiles;
use serde::Serialize;

/// What connections that were lost came to, whether they were cut on purpose or not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResumeReport {
    /// Cuts of bots that were in and whole.
    pub cut: u64,
    /// Of these, those after which a bot was in and whole again.
    pub back: u64,
    /// Of these, as somebody else: the server did not give the seat back.
    pub refused: u64,
    /// Attempts that brought no connection.
    pub attempts_failed: u64,
    /// From the cut to the world that is whole again, pauses before attempts included.
    pub within_ms: Percentiles,
    /// Who was back as the same player, in the same life of the room.
    pub same_seat: u64,
    /// Who was back with the same entity: the same slot, all that is constant the same.
    pub same_entity: u64,
    /// Who had lost nothing of its score (the game's component `Score`).
    pub same_score: u64,
    /// Of whom an input was used afterwards, named behind all that were sent before the cut.
    pub inputs_go_on: u64,
    /// Digests that differed between a cut and the whole world after it.
    pub digest_mismatches: u64,
    /// Whose TLS went on as well: no certificate, no signature.
    pub tls_resumed: u64,
    /// Bytes out of the socket, TLS and all, until the world was whole again.
    pub wire_bytes_per_resume: Option<f64>,
    /// The same of first connections.
    pub wire_bytes_per_join: Option<f64>,
    /// Bytes of messages until the world was whole again.
    pub message_bytes_per_resume: Option<f64>,
    /// The same of first connections.
    pub message_bytes_per_join: Option<f64>,
}
