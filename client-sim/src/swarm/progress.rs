//! What a run shows while it runs: a bar on a terminal, one plain line per second otherwise. Always on standard error, so that
//! standard output can be the report.
//!
//! Never here: what is measured.

use super::{Live, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::atomic::Ordering;

/// Shows how far a run is.
pub struct Progress {
    bar: Option<ProgressBar>,
    silent: bool,
    bots: usize,
    frames: u64,
    shown_ms: f64,
    warned: bool,
}

impl Progress {
    /// A display for a run of `bots` bots.
    #[must_use]
    pub fn new(bots: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(1_000).with_style(style)
        });
        Self { bar, silent: false, bots, frames: 0, shown_ms: 0.0, warned: false }
    }

    /// Shows nothing: whoever runs several swarms says what is going on.
    #[must_use]
    pub const fn silent() -> Self {
        Self { bar: None, silent: true, bots: 0, frames: 0, shown_ms: 0.0, warned: false }
    }

    /// Shows where the run stands; `part` is how much of the window has passed, 0 to 1. Call it about once per second.
    pub(super) fn show(&mut self, live: &Live, stage: Stage, part: f64, now_ms: f64) {
        if self.silent {
            return;
        }
        if let Some(why) = live.unpredicted.get().filter(|_| !self.warned) {
            self.warned = true;
            self.say(&format!("warning: {why}"));
        }
        let frames = live.frames.load(Ordering::Relaxed);
        let seconds = ((now_ms - self.shown_ms) / 1_000.0).max(0.001);
        let rate = (frames - self.frames) as f64 / seconds;
        (self.frames, self.shown_ms) = (frames, now_ms);
        let inside = live.inside.load(Ordering::Relaxed);
        let lost = live.lost.load(Ordering::Relaxed);
        let attempts = live.attempts.load(Ordering::Relaxed);
        let what = match stage {
            Stage::Filling => "coming in",
            Stage::Measuring => "measuring",
            Stage::Ending => "leaving",
        };
        let mut line = format!("{what}: {inside}/{} in, {rate:.0} frames/s, {lost} wrong", self.bots);
        if attempts > 0 {
            line.push_str(&format!(", {attempts} attempts"));
        }
        match &self.bar {
            Some(bar) => {
                bar.set_position((part * 1_000.0) as u64);
                bar.set_message(line);
            }
            None => eprintln!("{:6.1} s  {line}", now_ms / 1_000.0),
        }
    }

    /// A line of its own, above the bar.
    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    /// The run is over.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
