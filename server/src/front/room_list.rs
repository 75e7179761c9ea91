//! The list of rooms as it is told: made anew at most once a second, however many ask.
//!
//! Never here: which rooms there are (see `directory`).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// How old it may be. A few hundred rooms are tens of kilobytes to gather and write down.
const AGE_MAX: Duration = Duration::from_secs(1);

/// The list as it was last made, and when.
#[derive(Debug, Default)]
pub(super) struct RoomList(Mutex<Option<(Instant, Bytes)>>);

impl RoomList {
    /// The list as JSON; `list` makes it anew if it is too old by `now`.
    pub(super) fn json(&self, now: Instant, list: impl FnOnce() -> serde_json::Value) -> Bytes {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((made, json)) if now.saturating_duration_since(*made) < AGE_MAX => json.clone(),
            _ => {
                let json = Bytes::from(format!("{}\n", list()));
                *kept = Some((now, json.clone()));
                json
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_rooms_is_made_once_a_second_however_many_ask() {
        let list = RoomList::default();
        let start = Instant::now();
        let told = |after_ms: u64, rooms: u32| {
            let json = list.json(start + Duration::from_millis(after_ms), || serde_json::json!({ "rooms": rooms }));
            String::from_utf8_lossy(&json).into_owned()
        };
        assert_eq!([told(0, 1), told(1, 2), told(999, 3)], ["{\"rooms\":1}\n"; 3]);
        assert_eq!(told(1000, 4), "{\"rooms\":4}\n");
    }
}
