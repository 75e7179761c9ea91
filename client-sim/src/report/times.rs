//! How times are spread: collected as they happen, told in percentiles.

use hdrhistogram::Histogram;
use serde::Serialize;

/// How times are spread, in milliseconds; `null` where there were none.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Percentiles {
    /// Half are below.
    pub p50: Option<f64>,
    /// 9 of 10 are below.
    pub p90: Option<f64>,
    /// 99 of 100 are below.
    pub p99: Option<f64>,
    /// 999 of 1000 are below.
    pub p999: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

/// Times, collected as they happen: exact to a thousandth, up to ten minutes.
#[derive(Clone, Debug)]
pub struct Times {
    microseconds: Histogram<u64>,
}

impl Default for Times {
    fn default() -> Self {
        Self::new()
    }
}

impl Times {
    /// No times yet.
    ///
    /// # Panics
    /// Never: the bounds are constants that the histogram accepts.
    #[must_use]
    pub fn new() -> Self {
        Self {
            microseconds: Histogram::new_with_bounds(1, 600_000_000, 3).expect("1 µs to 10 min with three digits fit"),
        }
    }

    /// Takes in one time; what is longer than ten minutes counts as that.
    pub fn record(&mut self, ms: f64) {
        self.microseconds.saturating_record((ms * 1_000.0).max(0.0) as u64);
    }

    /// How they are spread.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        if self.microseconds.is_empty() {
            return Percentiles::default();
        }
        let at = |quantile| Some(self.microseconds.value_at_quantile(quantile) as f64 / 1_000.0);
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}
