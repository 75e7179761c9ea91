//! Looks after the certificates while the server runs: new files are taken, ends are counted down and warned about.
//!
//! Never here: what is in the files (see `tls`).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::Front;
use super::tls::{Look, Tls};

/// How often it is looked how long certificates are good for.
const COUNT_EVERY: Duration = Duration::from_secs(60);
/// A look is not put off to the next waking for so little.
const AS_GOOD_AS_DUE: Duration = Duration::from_millis(100);
/// How often a certificate is warned about.
const WARN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks until it is aborted.
pub(crate) async fn watch(front: Arc<Front>) {
    let Some(tls) = front.tls() else { return };
    let (watch, begin) = (tls.watch(), Instant::now());
    let (mut warn_at, mut count_at, mut look_at) = (begin, begin, begin);
    loop {
        let now = Instant::now();
        if now >= count_at {
            count_at = now + COUNT_EVERY;
            let warns = now >= warn_at;
            if warns {
                warn_at = now + WARN_EVERY;
            }
            tell_remaining(&front, warns);
        }
        sleep(watch.unwrap_or(COUNT_EVERY).min(COUNT_EVERY)).await;
        tls.forget_strays();
        let Some(every) = watch.filter(|_| Instant::now() >= look_at) else { continue };
        look_at = Instant::now() + every.saturating_sub(AS_GOOD_AS_DUE);
        // Files may lie on a disk that takes its time.
        let looking = front.clone();
        let look = tokio::task::spawn_blocking(move || looking.tls().map_or(Look::Same, Tls::look));
        match look.await {
            Ok(Look::Taken) => {
                front.metrics.reloads.increment(1);
                tracing::info!("the certificate files changed: certificates reloaded");
                (count_at, warn_at) = (Instant::now(), Instant::now());
            }
            Ok(Look::Refused(error)) => {
                front.metrics.reloads_failed.increment(1);
                tracing::error!(%error, "the certificate files changed and cannot be used; the old certificates stay");
            }
            Ok(Look::Same) | Err(_) => {}
        }
    }
}

/// Sets the gauges, and warns of what ends soon.
fn tell_remaining(front: &Front, warns: bool) {
    for (name, left, is_short) in front.tls().map(|tls| tls.remaining(SystemTime::now())).unwrap_or_default() {
        front.metrics.certificate_remaining(&name, left);
        if is_short && warns {
            let days = left.as_secs() / (24 * 60 * 60);
            if left.is_zero() {
                tracing::error!(certificate = name, "this certificate has ended: nobody who checks it comes in");
            } else {
                tracing::warn!(certificate = name, days, "this certificate ends soon: renew it");
            }
        }
    }
}
