//! `--fail-if 'KEY>NUMBER'`: a condition on the report that turns a run red.
//!
//! KEY is a key of the JSON report, its parts joined by dots: `frame_interval_ms.p99>50`, `disconnects.1006>0`. A key that
//! the report does not have is a mistake and is refused before the run; a number that was not measured fails the run, for a
//! guard that did not look must not say that all is well.
//!
//! Never here: where the report comes from (see `report`).

use crate::report::Report;
use serde_json::Value;
use std::str::FromStr;

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    key: String,
    above: bool,
    number: f64,
}

/// Why a condition makes no sense. The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailIfError {
    /// It does not read `KEY>NUMBER`.
    #[error("{text:?}: say KEY>NUMBER or KEY<NUMBER")]
    Form {
        /// What was said.
        text: String,
    },
    /// There is no such key.
    #[error("the report has no number called {key:?}")]
    Key {
        /// What was said.
        key: String,
    },
}

impl FromStr for FailIf {
    type Err = FailIfError;

    fn from_str(text: &str) -> Result<Self, FailIfError> {
        let form = || FailIfError::Form { text: text.to_owned() };
        let at = text.find(['>', '<']).ok_or_else(form)?;
        let (key, rest) = text.split_at(at);
        let number = rest.get(1..).and_then(|number| number.trim().parse::<f64>().ok()).ok_or_else(form)?;
        let key = key.trim().to_owned();
        if !number.is_finite() {
            return Err(form());
        }
        if !exists(&Report::default().to_value(), &key) {
            return Err(FailIfError::Key { key });
        }
        Ok(Self { key, above: rest.starts_with('>'), number })
    }
}

impl FailIf {
    /// Why the run fails by this condition, if it does.
    #[must_use]
    pub fn verdict(&self, report: &Value) -> Option<String> {
        let Self { key, above, number } = self;
        let sign = if *above { '>' } else { '<' };
        let value = match find(report, key) {
            // An entry of a map by code or cause: what never happened is not there.
            None => 0.0,
            Some(value) => match value.as_f64() {
                Some(value) => value,
                None => return Some(format!("{key} was not measured, so {key}{sign}{number} cannot be ruled out")),
            },
        };
        let holds = if *above { value > *number } else { value < *number };
        holds.then(|| format!("{key} is {value}: {key}{sign}{number}"))
    }
}

fn find<'a>(report: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(report, |value, part| value.get(part))
}

/// Whether a report could have a number there: a leaf, or an entry of a map that is empty so far.
fn exists(empty_report: &Value, key: &str) -> bool {
    match find(empty_report, key) {
        Some(value) => !(value.is_object() || value.is_array() || value.is_string()),
        None => match key.split_once('.') {
            Some((parent, rest)) => {
                !rest.is_empty()
                    && empty_report.get(parent).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
            }
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(condition: &str, report: &Report) -> Option<String> {
        condition.parse::<FailIf>().unwrap().verdict(&report.to_value())
    }

    #[test]
    fn a_condition_that_holds_fails_the_run_and_says_why() {
        let report = Report { resyncs: 3, bots_connected: 9, ..Report::default() };
        assert_eq!(verdict("resyncs>2", &report).unwrap(), "resyncs is 3: resyncs>2");
        assert_eq!(verdict("resyncs>3", &report), None);
        assert!(verdict(" bots_connected < 10", &report).is_some());
    }

    #[test]
    fn dots_reach_into_parts_and_maps() {
        let mut report = Report::default();
        report.input_to_state_ms.p99 = Some(80.5);
        report.disconnects.insert("1006".to_owned(), 2);
        assert!(verdict("input_to_state_ms.p99>80", &report).is_some());
        assert!(verdict("disconnects.1006>1", &report).is_some());
        assert_eq!(verdict("disconnects.4003>0", &report), None);
    }

    #[test]
    fn what_was_not_measured_fails_the_run() {
        assert!(verdict("frame_interval_ms.p99>50", &Report::default()).unwrap().contains("not measured"));
    }

    #[test]
    fn nonsense_is_refused_before_the_run() {
        for text in ["resyncs", "resyncs>", "resyncs>many", "resyncs>inf", ">3"] {
            assert!(text.parse::<FailIf>().is_err(), "{text}");
        }
        for key in ["frame_interval", "frame_interval_ms", "frame_interval_ms.p98", "disconnects", "failures", "game.x"]
        {
            assert!(format!("{key}>1").parse::<FailIf>().is_err(), "{key}");
        }
    }
}
