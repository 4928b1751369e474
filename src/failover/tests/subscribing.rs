//! What is subscribed to, and what comes of it.

use super::*;
use crate::time::short::ms;

#[test]
fn what_is_subscribed_in_each_mode() {
    let video = Output::Subscribe(B, Kind::Video);
    let audio = Output::Subscribe(B, Kind::Audio);
    for (standby, expected) in
        [(Standby::Hot, vec![video, audio]), (Standby::Probe, vec![audio]), (Standby::Cold, vec![])]
    {
        let mut viewer = Viewer::before(with(standby));
        for uid in [A, B] {
            viewer.signal(Signal::Published(uid, Kind::Audio));
            viewer.signal(Signal::Published(uid, Kind::Video));
            viewer.video(uid, 2, 0);
        }
        let of_b: Vec<Output> = viewer
            .told
            .iter()
            .map(|(_, output)| *output)
            .filter(|output| matches!(output, Output::Subscribe(B, _)))
            .collect();
        assert!(
            expected.iter().all(|output| of_b.contains(output)) && of_b.len() == expected.len(),
            "{standby:?}: {of_b:?}"
        );
    }
}

#[test]
fn the_preferred_one_is_shown_and_any_other_if_it_is_not_there() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::Published(B, Kind::Video));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.failover.shown(), Some(B));

    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::OnAir(B));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
        viewer.signal(Signal::Published(uid, Kind::Audio));
    }
    assert_eq!(viewer.failover.shown(), None, "make before break: nothing is shown before its first frame");
}

#[test]
fn the_old_one_is_not_unsubscribed_before_the_new_one_shows() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.video(A, 3, 0);
    assert!(
        viewer.told.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)),
        "at once, not at the end of the grace"
    );
    assert!(viewer.events().contains(&Event::Degraded(A, Reason::Frozen)));
    viewer.pass(800);
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), A, "its grace is not over");
    viewer.pass(300);
    assert_eq!(viewer.shown(), B);
    let position = |wanted: Output| viewer.told.iter().position(|(_, output)| *output == wanted);
    assert!(position(Output::Unsubscribe(A, Kind::Video)) > position(Output::Show(B)), "{:?}", viewer.told);
}

#[test]
fn a_standby_that_does_not_flow_makes_room_for_another() {
    let mut viewer = Viewer::of(&[A, B, C], FailoverConfig::default());
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
        viewer.frames(&[uid], 200);
    }
    viewer.frames(&[A, B], 2_000);
    viewer.video(B, 3, 0);
    viewer.frames(&[A], 2_000);
    viewer.told.clear();
    viewer.signal(Signal::Published(C, Kind::Video));
    assert!(
        viewer.told.iter().any(|(_, output)| *output == Output::Subscribe(C, Kind::Video)),
        "{:?}",
        viewer.told
    );
    assert!(viewer.told.iter().any(|(_, output)| *output == Output::Unsubscribe(B, Kind::Video)));
    viewer.told.clear();
    viewer.frames(&[A], 29_000);
    assert_eq!(viewer.told, [], "one that failed lately is no better");
    viewer.frames(&[A], 2_000);
    let told: Vec<Output> = viewer.told.iter().map(|(_, output)| *output).collect();
    assert_eq!(told, [Output::Subscribe(B, Kind::Video), Output::Unsubscribe(C, Kind::Video)]);
}

#[test]
fn what_is_waited_for_is_kept_as_long_as_it_may_take_to_start() {
    let config = with(Standby::Probe);
    let mut viewer = Viewer::watching(config.clone());
    viewer.live(&[A], &[A, B], 5_000);
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    let since = viewer.now + config.audio_ms.as_millis();
    viewer.live(&[A], &[B], 2_500);
    assert!(viewer.told.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)));
    viewer.signal(Signal::Progress(B, Kind::Audio, false));
    viewer.signal(Signal::Unpublished(B, Kind::Video));
    let is_let_go_of = Output::Unsubscribe(B, Kind::Audio);
    let until = since + config.starting_ms.as_millis();
    viewer.pass(until - 1 - viewer.now);
    assert!(viewer.told.iter().all(|(_, output)| *output != is_let_go_of), "{:?}", viewer.told);
    viewer.pass(1);
    assert_eq!(viewer.told.last(), Some(&(until, is_let_go_of)));
}

#[test]
fn a_refused_subscription_is_asked_for_again_after_a_while() {
    let mut viewer = Viewer::before(with(Standby::Cold));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.told.clear();
    viewer.signal(Signal::SubscribeFailed(A, Kind::Video));
    assert!(viewer.told.is_empty());
    viewer.pass(2_000);
    assert_eq!(viewer.told, [(1_000, Output::Subscribe(A, Kind::Video))]);
}

/// The viewer has joined again, and A is shown, but has to be subscribed to anew; B decodes already.
fn after_joining_again(config: FailoverConfig) -> Viewer {
    let mut viewer = Viewer::watching(config);
    viewer.signal(Signal::Connection(Connection::Reconnecting));
    for uid in [A, B] {
        viewer.signal(Signal::Left(uid, Left::Unknown));
    }
    viewer.signal(Signal::Connection(Connection::Connected));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
    }
    viewer.video(B, 2, 0);
    viewer
}

impl Viewer {
    /// A's video is refused, and asked for again.
    fn refuse(&mut self, times: u8) {
        for _ in 0..times {
            self.told.clear();
            self.signal(Signal::SubscribeFailed(A, Kind::Video));
            self.pass(1_000);
            let asked = |(_, output): &(u64, Output)| *output == Output::Subscribe(A, Kind::Video);
            assert!(self.told.iter().any(asked), "{:?}", self.told);
        }
    }
}

#[test]
fn one_that_is_refused_again_and_again_has_not_started() {
    let mut viewer = after_joining_again(FailoverConfig::default());
    viewer.refuse(3);
    assert_eq!(viewer.shown(), A, "nothing is believed yet");
    viewer.refuse(1);
    assert_eq!(viewer.shown(), B);
    assert!(viewer.events().contains(&Event::Degraded(A, Reason::NotStarted)), "{:?}", viewer.told);
    viewer.refuse(1);
}

#[test]
fn one_alone_that_is_always_refused_is_told_of_once_if_there_was_a_picture() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.refuse(60);
    assert_eq!(viewer.told, [(60_000, Output::Subscribe(A, Kind::Video))], "there was none to lose");

    let mut viewer = after_joining_again(FailoverConfig::default());
    viewer.signal(Signal::Left(B, Left::Quit));
    let mut events = Vec::new();
    for second in 0..60 {
        viewer.refuse(1);
        events.extend(viewer.events().into_iter().map(|event| (second, event)));
    }
    assert_eq!(events, [(3, Event::Degraded(A, Reason::NotStarted)), (13, Event::BothDown)]);
}

#[test]
fn time_that_the_viewer_was_away_is_not_held_against_one_that_was_refused() {
    let mut viewer = after_joining_again(FailoverConfig { settle_ms: ms(0), ..FailoverConfig::default() });
    viewer.refuse(2);
    viewer.signal(Signal::MediaPath(false));
    viewer.pass(5_000);
    viewer.signal(Signal::MediaPath(true));
    assert_eq!(viewer.shown_after(10_000), Some(3_000));
}

#[test]
fn one_that_was_refused_and_has_begun_may_still_come() {
    let starting_ms = ms(5_000);
    let mut viewer = after_joining_again(FailoverConfig { starting_ms, ..FailoverConfig::default() });
    viewer.refuse(4);
    viewer.pass(900);
    viewer.video(A, 1, 0);
    assert_eq!(viewer.shown_after(900), None);
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown_after(10_000), None);
}

#[test]
fn a_subscription_of_which_nothing_comes_is_made_anew_if_there_is_no_other() {
    let anew = [Output::Unsubscribe(A, Kind::Video), Output::Subscribe(A, Kind::Video)];
    let mut viewer = Viewer::before(with(Standby::Hot));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.told.clear();
    viewer.pass(9_500);
    assert_eq!(viewer.told, [3_000, 6_000, 9_000].map(|at| anew.map(|output| (at, output))).concat());
    viewer.frames(&[A], 10_000);
    assert_eq!(viewer.shown(), A);

    let anew = [Output::Unsubscribe(B, Kind::Video), Output::Subscribe(B, Kind::Video)];
    viewer.told.clear();
    viewer.signal(Signal::Published(B, Kind::Video));
    viewer.frames(&[A], 7_000);
    let told: Vec<Output> = viewer.told.iter().map(|(_, output)| *output).collect();
    assert_eq!(told, [&anew[1..], &anew, &anew].concat(), "the standby, too");
    viewer.frames(&[A, B], 10_000);
    assert_eq!(viewer.told.len(), 5, "{:?}", viewer.told);
}

#[test]
fn a_picture_that_comes_late_is_not_let_go_of() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::Published(A, Kind::Video));
    for wait in [1_000, 1_000, 1_000, 700] {
        viewer.pass(wait);
        viewer.signal(Signal::Progress(A, Kind::Video, false));
    }
    viewer.now = 4_100;
    viewer.told.clear();
    viewer.video(A, 1, 0);
    viewer.signal(Signal::Frame(A));
    let told: Vec<Output> = viewer.told.iter().map(|(_, output)| *output).collect();
    assert_eq!(told, [Output::Show(A)]);
}

#[test]
fn one_that_is_waited_for_in_vain_gives_way_to_one_that_plays() {
    let mut viewer = Viewer::of(&[A, B, C], FailoverConfig::default());
    for uid in [A, B] {
        viewer.publish(uid);
        viewer.frames(&[uid], 200);
    }
    viewer.live(&[A, B], &[A, B], 10_000);
    viewer.signal(Signal::Unpublished(B, Kind::Video));
    viewer.live(&[A], &[A, B], 5_000);
    viewer.signal(Signal::Published(B, Kind::Video));
    viewer.pass(500);
    viewer.video(A, 3, 0);
    viewer.live(&[], &[A, B], 3_000);
    viewer.publish(C);
    viewer.live(&[C], &[A, B, C], 5_000);
    assert_eq!(viewer.shown(), C, "{:?}", viewer.told);
}

#[test]
fn while_the_media_path_is_broken_nothing_is_let_go_of() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.publish(A);
    viewer.told.clear();
    for whole in [false, true] {
        viewer.signal(Signal::MediaPath(whole));
        viewer.pass(1_000);
    }
    assert_eq!(viewer.told, []);
}

#[test]
fn a_standby_that_cannot_be_decoded_is_tried_again_after_a_while() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[], 10_000);
    viewer.told.clear();
    let failed_at = viewer.now;
    viewer.signal(Signal::DecodeFailed(B));
    viewer.live(&[A], &[], 2_000);
    let anew = [(0, Output::Unsubscribe(B, Kind::Video)), (1_000, Output::Subscribe(B, Kind::Video))];
    assert_eq!(viewer.told, anew.map(|(after, output)| (failed_at + after, output)));
    viewer.live(&[A, B], &[], 2_000);
    viewer.signal(Signal::Left(A, Left::TimedOut));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_subscription_that_the_application_ends_is_asked_for_again() {
    for standby in [Standby::Hot, Standby::Probe, Standby::Cold] {
        let mut viewer = Viewer::watching(with(standby));
        viewer.signal(Signal::SubscriptionLost(A, Kind::Video));
        assert_eq!(viewer.events(), [Event::Degraded(A, Reason::Unsubscribed)], "{standby:?}");
        assert!(viewer.told.contains(&(viewer.now, Output::Subscribe(A, Kind::Video))));
        viewer.video(A, 2, 0);
        assert_eq!(viewer.events().last(), Some(&Event::Recovered(A)));
        assert_eq!(viewer.shown_after(10_000), None);
    }
}

#[test]
fn a_subscription_that_was_lost_and_does_not_come_again_is_left_for_another() {
    let mut viewer = hot();
    viewer.signal(Signal::SubscriptionLost(A, Kind::Video));
    assert_eq!(viewer.shown_after(10_000), Some(3_000));
    assert!(matches!(
        viewer.events().last(),
        Some(Event::Switched { from: A, to: B, reason: Reason::NotStarted, .. })
    ));
}

#[test]
fn a_lost_subscription_of_sound_or_of_the_standby_is_asked_for_again_without_a_word() {
    let mut viewer = hot();
    for (uid, kind) in [(A, Kind::Audio), (B, Kind::Video), (B, Kind::Audio)] {
        viewer.told.clear();
        viewer.signal(Signal::SubscriptionLost(uid, kind));
        assert_eq!(viewer.told, [(viewer.now, Output::Subscribe(uid, kind))]);
    }
}

#[test]
fn what_was_not_asked_for_cannot_be_lost() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    let before = viewer.failover.clone();
    viewer.signal(Signal::SubscriptionLost(B, Kind::Video));
    viewer.signal(Signal::SubscriptionLost(42, Kind::Video));
    assert!(viewer.told.is_empty());
    assert_eq!(viewer.failover, before);
}

#[test]
fn outputs_that_are_there_but_cannot_be_shown_are_reported() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.pass(60_000);
    assert!(viewer.events().is_empty(), "nobody is there yet");
    for uid in [A, B] {
        viewer.publish(uid);
    }
    viewer.pass(9_999);
    assert!(viewer.events().is_empty());
    viewer.pass(1);
    assert_eq!(viewer.events(), [Event::BothDown]);
    viewer.pass(60_000);
    assert_eq!(viewer.events(), [Event::BothDown], "once");
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B, "and shown once one comes");
}
