//! What may break a rule, and why it may. An entry that is no longer needed is an error.

use crate::rule::Exception;

/// The list. `what` is the finding's word, function or "file".
pub(crate) const EXCEPTIONS: &[Exception] = &[];
