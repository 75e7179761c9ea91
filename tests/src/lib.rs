//! The harness: real rooms and real client sessions on one thread, over a virtual link, in virtual time.
