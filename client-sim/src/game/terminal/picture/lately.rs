//! What happened lately and is shown for a while: who killed whom, what was said, shots and bursts. Bounded, oldest out first.
//!
//! Never here: who is where (see `scene_builder`).

use super::scene::{Burst, ChatLine, KillLine, Trace};
use crate::plain_text::Plain;
use std::collections::VecDeque;

/// Kills that are remembered.
const KILLS: usize = 6;
/// Milliseconds for which a kill is shown.
const KILL_MS: f64 = 6_000.0;
/// Lines of chat that are remembered.
const CHAT: usize = 8;
/// Milliseconds for which a line of chat is shown while none is typed.
const CHAT_MS: f64 = 12_000.0;
/// Milliseconds for which the line of a shot glows.
const TRACE_MS: f64 = 140.0;
/// Milliseconds that a burst takes.
const BURST_MS: f64 = 350.0;
/// Lines that wait for who reads lines.
const NEWS: usize = 256;
/// Shots and bursts that are remembered.
const FLASHES: usize = 64;

/// What happened lately, each thing with the moment in which it began.
#[derive(Clone, Debug, Default)]
pub(super) struct Lately {
    kills: VecDeque<(f64, KillLine)>,
    chat: VecDeque<(f64, ChatLine)>,
    traces: VecDeque<(f64, ([f64; 2], [f64; 2]))>,
    bursts: VecDeque<(f64, [f64; 2])>,
    /// The same in words, for who reads lines; whoever does not take them loses the oldest.
    news: VecDeque<String>,
}

impl Lately {
    pub(super) fn kill(&mut self, line: KillLine, now_ms: f64) {
        let victim = &line.victim.0;
        self.tell(match &line.killer {
            Some((killer, _)) => format!("{killer} killed {victim}"),
            None => format!("{victim} died"),
        });
        keep(&mut self.kills, KILLS, line, now_ms);
    }

    pub(super) fn say(&mut self, line: ChatLine, now_ms: f64) {
        self.tell(match &line.name {
            Some(name) => format!("{name}{}: {}", if line.team { " (team)" } else { "" }, line.text),
            None => line.text.to_string(),
        });
        keep(&mut self.chat, CHAT, line, now_ms);
    }

    /// Something for who reads lines.
    pub(super) fn tell(&mut self, words: String) {
        if self.news.len() == NEWS {
            self.news.pop_front();
        }
        self.news.push_back(words);
    }

    pub(super) fn take_news(&mut self) -> Vec<String> {
        self.news.drain(..).collect()
    }

    /// This program has something to say. What it said last is not said again, but stays for longer.
    pub(super) fn note(&mut self, text: &str, now_ms: f64) {
        let line = ChatLine { name: None, team: false, text: Plain::of(text) };
        match self.chat.back_mut() {
            Some((said_ms, last)) if *last == line && now_ms - *said_ms < CHAT_MS => *said_ms = now_ms,
            _ => self.say(line, now_ms),
        }
    }

    pub(super) fn trace(&mut self, from: [f64; 2], to: [f64; 2], now_ms: f64) {
        keep(&mut self.traces, FLASHES, (from, to), now_ms);
    }

    pub(super) fn burst(&mut self, at: [f64; 2], now_ms: f64) {
        keep(&mut self.bursts, FLASHES, at, now_ms);
    }

    pub(super) fn kills(&self, now_ms: f64) -> Vec<KillLine> {
        young(&self.kills, KILL_MS, now_ms).map(|(_, line)| line.clone()).collect()
    }

    /// What was said; all that is remembered while somebody types.
    pub(super) fn chat(&self, types: bool, now_ms: f64) -> Vec<ChatLine> {
        let for_ms = if types { f64::INFINITY } else { CHAT_MS };
        young(&self.chat, for_ms, now_ms).map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn traces(&self, now_ms: f64) -> Vec<Trace> {
        young(&self.traces, TRACE_MS, now_ms).map(|(age, &(from, to))| Trace { from, to, age }).collect()
    }

    pub(super) fn bursts(&self, now_ms: f64) -> Vec<Burst> {
        young(&self.bursts, BURST_MS, now_ms).map(|(age, &at)| Burst { at, age }).collect()
    }
}

fn keep<T>(begun: &mut VecDeque<(f64, T)>, most: usize, what: T, now_ms: f64) {
    if begun.len() == most {
        begun.pop_front();
    }
    begun.push_back((now_ms, what));
}

/// What is younger than `for_ms`, with how much of that time is over.
fn young<T>(begun: &VecDeque<(f64, T)>, for_ms: f64, now_ms: f64) -> impl Iterator<Item = (f64, &T)> {
    begun.iter().map(move |(at_ms, what)| ((now_ms - at_ms) / for_ms, what)).filter(|(age, _)| *age < 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_fades_and_is_there_again_for_who_types() {
        let mut lately = Lately::default();
        (0..20).for_each(|line| lately.note(&format!("line {line}"), 0.0));
        assert_eq!(lately.chat(false, 1.0).len(), CHAT);
        assert_eq!(lately.chat(false, CHAT_MS), []);
        assert_eq!(lately.chat(true, CHAT_MS).last().map(|line| line.text.to_string()), Some("line 19".to_owned()));
    }

    #[test]
    fn a_note_that_is_repeated_is_one_line_that_stays_for_longer() {
        let mut lately = Lately::default();
        (0..8).for_each(|at| lately.note("wait a little", f64::from(at) * 1_000.0));
        assert_eq!((lately.chat(false, CHAT_MS + 5_000.0).len(), lately.take_news().len()), (1, 1));
        lately.note("something else", 9_000.0);
        lately.note("wait a little", 10_000.0);
        assert_eq!(lately.chat(true, 10_000.0).len(), 3);
    }
}
