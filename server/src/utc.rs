//! A moment as files, answers and people write it: `2031-05-04T12:00:00Z`, to the second.
//!
//! Never here: what the tick counts (see `shared::ids`), how long something takes.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second of the year 9999, beyond which the form has no years.
const LAST: u64 = 253_402_300_799;

/// Whole seconds since the beginning of 1970, UTC, up to the end of the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utc(u64);

/// A text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written like 2031-05-04T12:00:00Z, or with an offset in place of Z, and is not before 1970")]
pub struct NotATime;

impl Utc {
    /// Now, by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// So much later.
    #[must_use]
    pub fn after(self, more: Duration) -> Self {
        Self(self.0.saturating_add(more.as_secs()).min(LAST))
    }

    /// Whole seconds since the beginning of 1970.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl From<SystemTime> for Utc {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).min(LAST))
    }
}

impl Display for Utc {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0).unwrap_or(i64::MAX);
        let text = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
        to.write_str(text.as_deref().unwrap_or("the end of time"))
    }
}

impl FromStr for Utc {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NotATime)?;
        u64::try_from(time.unix_timestamp()).map(|seconds| Self(seconds.min(LAST))).map_err(|_| NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_is_written() {
        for (text, seconds) in
            [("1970-01-01T00:00:00Z", 0), ("2031-05-04T12:00:00Z", 1_935_662_400), ("9999-12-31T23:59:59Z", LAST)]
        {
            assert_eq!(text.parse(), Ok(Utc(seconds)));
            assert_eq!(Utc(seconds).to_string(), text);
        }
        assert_eq!(
            "2031-05-04T14:00:00.9+02:00".parse(),
            Ok(Utc(1_935_662_400)),
            "another offset, and parts of seconds"
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "tomorrow", "2031-05-04", "2031-13-04T12:00:00Z", "2031-05-04 12:00", "1969-12-31T23:59:59Z"] {
            assert_eq!(text.parse::<Utc>(), Err(NotATime), "{text:?}");
        }
    }

    #[test]
    fn no_moment_is_beyond_what_can_be_written() {
        assert_eq!(Utc(0).after(Duration::MAX), Utc(LAST));
        assert_eq!(Utc::from(UNIX_EPOCH - Duration::from_secs(1)), Utc(0));
    }
}
