//! `swarm --audit` over real wss: an honest server has no leak, a rule broken on purpose is found, and nobody audits who may not.

use client_sim::report::{AuditReport, Report};
use client_sim::swarm::options::{Mode, Rooms, SwarmOptions};
use client_sim::swarm::progress::Progress;
use client_sim::swarm::{self, SwarmError};
use client_sim::trust::Trust;
use server::config::Config;
use server::replicate::replicator::Leak;
use server::sim::ViewRadii;
use tests::loopback::{Loopback, run};
use tests::player::fighters;

/// Twelve bots fight in two rooms of a server, for two seconds.
fn audited(change: impl Fn(&mut Config) + Send + Sync + 'static) -> Result<Report, SwarmError> {
    let server = Loopback::start_as(change);
    let trust = Trust::choose(Some(&server.authority()), false).expect("there is an authority");
    let options = SwarmOptions {
        cuts_s: Vec::new(),
        tickets: None,
        url: server.url(),
        tls: Some(trust.tls().expect("a certificate")),
        bots: 12,
        settle_seconds: 0.0,
        seconds: 2.0,
        ramp_per_second: 1_000.0,
        mode: Mode::Play(fighters()),
        behaviour: "fight".to_owned(),
        rooms: Rooms::Spread(2),
        link: None,
        link_share: 1.0,
        from: None,
        seed: 1,
        full_digest: false,
        audit: true,
        share: true,
        twins: None,
    };
    run(swarm::run(options, Progress::silent(), std::future::pending()))
}

fn audit_of(report: &Report) -> &AuditReport {
    report.audit.as_ref().expect("it was audited")
}

#[test]
fn no_bot_sees_what_it_may_not_and_every_one_was_looked_at() {
    let report = audited(|config| config.allow_audit = true).expect("auditors are let in");
    let audit = audit_of(&report);
    assert_eq!((audit.leaks, audit.bots), (0, 12), "{:?}", audit.findings);
    assert!(audit.facets_checked > 1_000 && audit.frames_checked > 100, "{audit:?}");
    assert_eq!(report.failures, Vec::<String>::new());
}

#[test]
fn no_bot_sees_what_is_too_far_away_and_a_server_that_shows_it_is_found_out() {
    // The Arena is larger than that, so somebody is always out of sight.
    let near = |config: &mut Config| {
        config.allow_audit = true;
        config.rooms.view = ViewRadii::new(6, 10);
    };
    let report = audited(near).expect("auditors are let in");
    let audit = audit_of(&report);
    assert_eq!((audit.leaks, audit.bots), (0, 12), "{:?}", audit.findings);
    assert_eq!(report.failures, Vec::<String>::new());
    let report = audited(move |config| {
        near(config);
        config.leak = Some(Leak::Distance);
    });
    let report = report.expect("auditors are let in");
    let audit = audit_of(&report);
    assert!(audit.leaks > 0, "{audit:?}");
    assert!(audit.findings.iter().all(|found| found.contains("is out of sight and held")), "{audit:?}");
}

#[test]
fn a_server_that_shows_each_what_is_for_others_is_found_out() {
    let report = audited(|config| (config.allow_audit, config.leak) = (true, Some(Leak::Owners)));
    let report = report.expect("auditors are let in");
    let audit = audit_of(&report);
    assert!(audit.leaks > 0, "{audit:?}");
    assert!(audit.findings.iter().all(|found| found.contains("is for another player and held")), "{audit:?}");
    assert!(report.failures.iter().any(|failure| failure.contains("leaks")), "{:?}", report.failures);
    assert_eq!(report.digest_mismatches, 0, "the digest proves what was sent, not that it may be");
}

#[test]
fn a_server_that_lets_no_auditor_in_cannot_be_audited() {
    let refused = audited(|config| config.allow_audit = false).expect_err("nobody is let in");
    assert!(refused.to_string().contains("--allow-audit"), "{refused}");
}
