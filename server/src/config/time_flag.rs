//! How long something is, as flags say it: a number and a unit.
//!
//! Never here: moments (see `utc`), times of the configuration file (their keys end in their unit).

use std::time::Duration;

/// The longest that a flag may ask for: ten years.
const SECONDS_MAX: u64 = 315_360_000;

/// `90s`, `30m`, `2h`, `7d`: never nothing, ten years at most.
///
/// # Errors
/// The user's: what a time looks like.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number and s, m, h or d: 90s, 30m, 2h, 7d; ten years at most".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit_s = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_s));
    seconds.filter(|seconds| (1..=SECONDS_MAX).contains(seconds)).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        let seconds = |text| duration(text).map(|time| time.as_secs()).ok();
        assert_eq!(
            ["90s", "30m", "2h", "7d", "3650d"].map(seconds),
            [90, 1_800, 7_200, 604_800, SECONDS_MAX].map(Some)
        );
        for bad in ["", "s", "7", "7w", "-1d", "0s", "1.5h", "7 d", "3651d", "99999999999999999d", "7ä", "ä"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
