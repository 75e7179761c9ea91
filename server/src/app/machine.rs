//! What a server asks of its machine: open files for every connection, and that who plays goes before who comes.
//!
//! The machine may refuse both; the server runs all the same, and says so.

/// How much nicer the front's threads are than the workers': under load they get a tenth of what a worker gets.
const FRONT_NICENESS: i32 = 10;

/// Who plays goes before who comes: a flood of handshakes must not make a tick late. Where a processor is free it makes no difference.
pub(super) fn yield_to_workers() {
    #[cfg(target_os = "linux")]
    if rustix::process::setpriority_process(None, FRONT_NICENESS).is_err() {
        tracing::debug!("the front's threads cannot be made nicer");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = FRONT_NICENESS;
}

/// Each connection is a file descriptor, and the usual limit of 1024 is for interactive programs.
pub(super) fn raise_file_limit(wanted: u64) {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
        let raised = wanted.min(hard);
        if soft < raised && setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_err() || raised < wanted {
            tracing::warn!(wanted, hard, "the limit on open files is below limits.connections_max");
        }
    }
    #[cfg(not(unix))]
    let _ = wanted;
}
