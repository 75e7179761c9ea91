//! What a decoder may take of memory: a few bytes must not ask for many.

/// Runs `work` and gives what it gave.
///
/// # Panics
/// If at any moment it held more than `bytes_max` bytes of memory that it asked for.
pub fn within<T>(bytes_max: usize, work: impl FnOnce() -> T) -> T {
    let mut done = None;
    let taken = allocation_counter::measure(|| done = Some(work()));
    assert!(taken.bytes_max <= bytes_max as u64, "{} bytes of memory, allowed are {bytes_max}", taken.bytes_max);
    done.expect("it was run")
}

/// What a decoder may take for a message of `length` bytes: a fixed multiple, and a little for the first element of each list.
#[must_use]
pub const fn per_byte(length: usize) -> usize {
    64 * length + 16 * 1024
}
