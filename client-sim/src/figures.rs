//! Numbers as a command line says them.

use crate::link::{LinkSpecError, milliseconds};

/// A rate per second: `100/s`, or `100`.
///
/// # Errors
/// What to say instead.
pub fn per_second(text: &str) -> Result<f64, String> {
    positive(text.strip_suffix("/s").unwrap_or(text)).map_err(|_| "say a number per second: 100/s".to_owned())
}

/// A share from 0 to 1: `20%`.
///
/// # Errors
/// What to say instead.
pub fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    match number {
        Some(number) if (0.0..=100.0).contains(&number) => Ok(number / 100.0),
        _ => Err("say a percentage: 20%".to_owned()),
    }
}

/// Seconds: `10s`, `500ms`.
///
/// # Errors
/// What to say instead.
pub fn seconds(text: &str) -> Result<f64, LinkSpecError> {
    milliseconds(text).map(|ms| ms / 1_000.0)
}

/// A number above 0.
///
/// # Errors
/// What to say instead.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("say a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_their_units_and_nonsense_is_refused() {
        assert_eq!((per_second("100/s"), per_second("2.5"), percent("20%")), (Ok(100.0), Ok(2.5), Ok(0.2)));
        assert_eq!((seconds("10s"), seconds("500ms"), positive("0.5")), (Ok(10.0), Ok(0.5), Ok(0.5)));
        for nonsense in ["", "-1", "0", "x", "NaN", "inf"] {
            assert!(per_second(nonsense).is_err() && positive(nonsense).is_err() && seconds(nonsense).is_err());
        }
        assert!(percent("101%").is_err() && percent("20").is_err());
    }
}
