//! A shooter with 200 ms of round trip hits what it sees: the server looks back, so far and no farther.
//!
//! ```text
//!   room ─► link, 100 ms ─► replica ─► two frames, shared::interpolation ─► aim at what is drawn ─► input ─► link, 100 ms ─► room
//! ```
//!
//! The room is the real one, with the built-in game on a field of our own: the story says where bodies stand in every tick, and that nobody
//! dies of it. The shooter is a peer whose every byte the story decides; what it holds it knows from its frames alone.

// Who stands where, and what lies between.
#[path = "lag_compensation/story.rs"]
mod story;

use crate::story::{Act, IDLE, LEG, OPEN, PATH, ROUND, RUN, SHOOTER, Story, angle_to, hides, is_far, strafes};
use shared::game::constants::{REWIND_MS_MAX, RIFLE_RANGE};
use shared::game::geometry::distance_squared;
use shared::game::input::ArenaInput;
use shared::ids::Tick;
use shared::limits::INTERPOLATION_MS_MAX;
use shared::schema::Replicated;
use shared::wire::client_message::ViewTick;
use shared::wire::{ClientMessage, CloseCode, Input};

/// A hundred shots at a strafing target, each at another place of its lane; `aim` says where to and what is claimed.
fn hundred_shots(story: &mut Story, aim: impl Fn(&Story) -> Act) {
    for shot in 0..100 {
        // In the middle of a leg, so that where it is drawn and where it is are far apart: turning back it may cross itself.
        story.wait_for(13 + shot % 2 * 11 + shot / 2 % 6, LEG);
        let act = aim(story);
        story.step(act);
        story.settle();
    }
}

/// Ticks that the past reaches at 30 Hz: what the page states.
const REACH: u32 = ((REWIND_MS_MAX + INTERPOLATION_MS_MAX) * 30).div_ceil(1_000);

#[test]
fn at_200_ms_a_strafing_target_is_hit_where_it_is_drawn_and_not_where_it_is() {
    let mut story = Story::new(strafes);
    hundred_shots(&mut story, |story| Act { aim: story.drawn(), ..IDLE });
    assert_eq!((story.shots, story.hits), (100, 100), "aimed where it is drawn");
    story.forget();
    hundred_shots(&mut story, |story| Act { aim: Some((story.path)(story.next())), ..IDLE });
    assert_eq!((story.shots, story.hits), (100, 0), "aimed where it is");
    let counts = story.arena.room.counts();
    assert_eq!((counts.views_too_old, counts.views_not_sent), (0, 0));
}

/// The control: it is looking back that makes the difference.
#[test]
fn who_says_nothing_plausible_of_what_it_saw_hits_what_is_there_now() {
    let long_ago = Some(ViewTick { older: Tick(3), span: 1, sixteenths: 5 });
    let mut story = Story::new(strafes);
    hundred_shots(&mut story, |story| Act { aim: story.drawn(), claims: long_ago, ..IDLE });
    assert_eq!((story.shots, story.hits), (100, 0), "aimed where it is drawn");
    assert_eq!(story.arena.room.counts().views_too_old, 100);
    story.forget();
    hundred_shots(&mut story, |story| Act { aim: Some((story.path)(story.next())), claims: long_ago, ..IDLE });
    assert_eq!((story.shots, story.hits), (100, 100), "aimed where it is");
}

#[test]
fn a_victim_that_has_just_reached_cover_is_hit_and_one_that_is_there_longer_than_the_bound_never() {
    let mut story = Story::new(hides);
    for _ in 0..100 {
        // Drawn in the open for the last time, about; when the shot arrives it is behind the wall.
        story.wait_for(OPEN + RUN + 1, ROUND);
        let aim = story.drawn();
        story.step(Act { aim, ..IDLE });
    }
    story.settle();
    assert_eq!((story.shots, story.hits), (100, 100), "within the bound");
    story.forget();
    // In cover since the end of its run, by the latest; what is drawn is the wall, so who cheats names what was before.
    for shot in 0..100 {
        story.wait_for(OPEN + RUN + REACH + 1 + shot % 9, ROUND);
        let now = story.next();
        let in_the_open = Tick(now.0 - now.0 % ROUND + OPEN - 2);
        let oldest = Tick(now.0 - REACH);
        let older = if shot % 2 == 0 { in_the_open } else { oldest };
        let claims = Some(ViewTick { older, span: 1, sixteenths: 1 });
        story.step(Act { aim: Some(hides(in_the_open)), claims, ..IDLE });
        story.settle();
    }
    assert_eq!((story.shots, story.hits), (100, 0), "longer than the bound");
    assert_eq!(story.arena.room.counts().views_too_old, 50);
}

#[test]
fn a_view_of_frames_that_were_not_sent_changes_nothing_and_is_counted() {
    let mut story = Story::new(strafes);
    let stranger = story.shooter;
    for shot in 0..20 {
        story.wait_for(LEG - 8, LEG);
        story.arena.strangers[stranger].busy = true;
        story.step(IDLE);
        let skipped = story.arena.tick();
        story.arena.strangers[stranger].busy = false;
        for _ in 0..PATH + 1 {
            story.step(IDLE);
        }
        let older = if shot % 2 == 0 { skipped } else { Tick(skipped.0 - 1) };
        let claims = Some(ViewTick { older, span: 1, sixteenths: 8 });
        story.step(Act { aim: Some(strafes(skipped)), claims, ..IDLE });
        story.settle();
    }
    assert_eq!((story.shots, story.hits), (20, 0));
    assert_eq!(story.arena.room.counts().views_not_sent, 20);
    assert!(story.arena.strangers[stranger].closed.is_none(), "the input itself counts");
}

#[test]
fn a_view_or_an_input_from_the_future_ends_the_connection_and_hits_nobody() {
    for (ahead, future) in [(0, true), (100, false)] {
        let mut story = Story::new(strafes);
        story.wait_for(20, LEG);
        let claims = future.then(|| ViewTick { older: story.next(), span: 1, sixteenths: 3 });
        let aim = Some((story.path)(story.next()));
        story.step(Act { ahead, aim, claims });
        for _ in 0..12 {
            story.step_room();
        }
        assert_eq!(story.arena.strangers[story.shooter].closed, Some(CloseCode::OutOfPlace));
        assert_eq!((story.shots, story.hits, story.arena.room.counts().out_of_place), (0, 0, 1));
    }
}

#[test]
fn a_trigger_that_is_pulled_in_every_tick_shoots_no_faster_than_the_weapon_cools() {
    let mut story = Story::new(strafes);
    for _ in 0..100 {
        let aim = story.drawn();
        story.step(Act { aim, ..IDLE });
    }
    story.settle();
    // A shot every 330 ms: ten ticks, and one in which it leaves.
    assert!((9..=10).contains(&story.shots), "{} shots in 100 ticks", story.shots);
    assert!(story.hits <= story.shots);
}

#[test]
fn of_several_inputs_for_one_tick_the_first_counts_and_the_others_are_counted() {
    let mut story = Story::new(strafes);
    for shot in 0..10 {
        story.wait_for(13 + shot, LEG);
        let aim = story.drawn();
        // The tick's own input shoots at nothing; the others for the same tick would hit.
        story.step(IDLE);
        for _ in 0..3 {
            let newest = story.frames.back().expect("frames came").0;
            let view = story.view().expect("frames came");
            let input =
                ArenaInput { fire: true, aim: angle_to(aim.expect("it is held") - SHOOTER), ..ArenaInput::default() };
            story.say(Tick(story.next().0 - 1), newest, view, &input);
        }
        story.settle();
    }
    assert_eq!((story.shots, story.hits), (0, 0));
    assert_eq!(story.arena.room.counts().inputs_duplicate + story.arena.room.counts().inputs_late, 30);
}

#[test]
fn nobody_is_hit_beyond_the_range_however_well_aimed() {
    assert!(distance_squared(is_far(Tick(0)), SHOOTER) > i64::from(RIFLE_RANGE).pow(2));
    let mut story = Story::new(is_far);
    for _ in 0..10 {
        for _ in 0..12 {
            story.step(IDLE);
        }
        let aim = story.drawn();
        assert!(aim.is_some(), "it is seen all the same");
        story.step(Act { aim, ..IDLE });
    }
    story.settle();
    assert_eq!((story.shots, story.hits), (10, 0));
}

#[test]
fn an_aim_or_a_thrust_that_no_input_has_is_no_message() {
    let mut story = Story::new(strafes);
    let newest = story.frames.back().expect("frames came").0;
    let mut codes = vec![0; ArenaInput::PART_COUNT];
    ArenaInput { fire: true, ..ArenaInput::default() }.write_codes(&mut codes);
    codes[0] = 3;
    let view = story.view().expect("frames came");
    let tick = story.next();
    let bytes = story.arena.message(&ClientMessage::Input(Input { tick, newest, view, codes }));
    story.up.send(bytes, story.now_us);
    for _ in 0..12 {
        story.step_room();
    }
    assert_eq!((story.shots, story.arena.room.counts().malformed), (0, 1));
}

#[test]
fn the_story_begins_with_two_who_see_each_other() {
    let story = Story::new(strafes);
    assert!(story.drawn().is_some());
    let late = story.arena.tick().since(story.frames.back().expect("frames came").0);
    assert_eq!(late, PATH, "the newest frame is as old as the path is long");
}
