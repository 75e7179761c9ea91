//! What the tool shows while it works: a bar on a terminal, else nothing. On standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// Shows how far the work is.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A bar, if there is a terminal.
    #[must_use]
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style)
        });
        Self { bar }
    }

    /// Shows nothing.
    #[must_use]
    pub const fn silent() -> Self {
        Self { bar: None }
    }

    /// Something else is done now, in so many steps.
    pub(super) fn begin(&self, what: &'static str, steps: usize) {
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(steps as u64);
            bar.set_message(what);
        }
    }

    /// One step of it is done.
    pub(super) fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// All is done.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
