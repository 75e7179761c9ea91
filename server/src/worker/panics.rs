//! A panic costs what it happened in, never the worker: a room, or a connection.
//!
//! The worker's thread owns many rooms and their sockets. A bug in a game's rule, or one that a peer's bytes find in a
//! library, must not take the others along; so whatever runs foreign code is run through [`caught`].
//!
//! Never here: what ends because of it (see `hosted`, `read_pass`).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` returns, or what it said when it panicked. Whoever calls this throws away all that `work` had in its
/// hands, so that nothing half-done is seen again: that is why unwinding is safe here.
pub(super) fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    if let Some(words) = panic.downcast_ref::<&str>() {
        (*words).to_owned()
    } else if let Some(words) = panic.downcast_ref::<String>() {
        words.clone()
    } else {
        "a panic without words".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_words_and_a_result_passes_through() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| -> u8 { panic!("the rule of {}", "gravity") }), Err("the rule of gravity".to_owned()));
        assert_eq!(caught(|| -> u8 { panic!("plain") }), Err("plain".to_owned()));
        assert_eq!(caught(|| -> u8 { std::panic::panic_any(3) }), Err("a panic without words".to_owned()));
    }
}
