//! Subscriptions.

use super::*;
use crate::time::short::ms;

#[test]
fn each_standby_mode_subscribes_its_tracks() {
    let video = Output::Subscribe(B, Kind::Video);
    let audio = Output::Subscribe(B, Kind::Audio);
    for (standby, expected) in
        [(Standby::Hot, vec![video, audio]), (Standby::Warm, vec![audio]), (Standby::Cold, vec![])]
    {
        let mut viewer = Viewer::before(with(standby));
        for uid in [A, B] {
            viewer.signal(Signal::Published(uid, Kind::Audio));
            viewer.signal(Signal::Published(uid, Kind::Video));
            viewer.video(uid, 2, 0);
        }
        let of_b: Vec<Output> = viewer
            .outputs
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
fn the_preferred_output_is_shown_or_any_other_in_its_absence() {
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
fn the_old_output_is_not_unsubscribed_before_the_first_frame_of_the_new_one() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.video(A, 3, 0);
    assert!(
        viewer.outputs.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)),
        "at once, not at the end of the grace period"
    );
    assert!(viewer.events().contains(&Event::Degraded(A, Reason::Frozen)));
    viewer.pass(800);
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), A, "its grace period is not over");
    viewer.pass(300);
    assert_eq!(viewer.shown(), B);
    let position = |wanted: Output| viewer.outputs.iter().position(|(_, output)| *output == wanted);
    assert!(
        position(Output::Unsubscribe(A, Kind::Video)) > position(Output::Show(B)),
        "{:?}",
        viewer.outputs
    );
}

#[test]
fn a_frozen_standby_is_replaced_by_another() {
    let mut viewer = Viewer::of(&[A, B, C], FailoverConfig::default());
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
        viewer.frames(&[uid], 200);
    }
    viewer.frames(&[A, B], 2_000);
    viewer.video(B, 3, 0);
    viewer.frames(&[A], 2_000);
    viewer.outputs.clear();
    viewer.signal(Signal::Published(C, Kind::Video));
    assert!(
        viewer.outputs.iter().any(|(_, output)| *output == Output::Subscribe(C, Kind::Video)),
        "{:?}",
        viewer.outputs
    );
    assert!(viewer.outputs.iter().any(|(_, output)| *output == Output::Unsubscribe(B, Kind::Video)));
    viewer.outputs.clear();
    viewer.frames(&[A], 29_000);
    assert_eq!(viewer.outputs, [], "an output that failed recently is no better");
    viewer.frames(&[A], 2_000);
    let outputs: Vec<Output> = viewer.outputs.iter().map(|(_, output)| *output).collect();
    assert_eq!(outputs, [Output::Subscribe(B, Kind::Video), Output::Unsubscribe(C, Kind::Video)]);
}

#[test]
fn a_pending_target_is_kept_until_the_start_timeout() {
    let config = with(Standby::Warm);
    let mut viewer = Viewer::watching(config.clone());
    viewer.live(&[A], &[A, B], 5_000);
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    let since = viewer.now + config.audio_lost_grace_ms.as_millis();
    viewer.live(&[A], &[B], 2_500);
    assert!(viewer.outputs.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)));
    viewer.signal(Signal::Stats(B, Kind::Audio, false));
    viewer.signal(Signal::Unpublished(B, Kind::Video));
    let release = Output::Unsubscribe(B, Kind::Audio);
    let until = since + config.start_timeout_ms.as_millis();
    viewer.pass(until - 1 - viewer.now);
    assert!(viewer.outputs.iter().all(|(_, output)| *output != release), "{:?}", viewer.outputs);
    viewer.pass(1);
    assert_eq!(viewer.outputs.last(), Some(&(until, release)));
}

#[test]
fn a_refused_subscription_is_retried_after_a_while() {
    let mut viewer = Viewer::before(with(Standby::Cold));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.outputs.clear();
    viewer.signal(Signal::SubscribeFailed(A, Kind::Video));
    assert!(viewer.outputs.is_empty());
    viewer.pass(2_000);
    assert_eq!(viewer.outputs, [(1_000, Output::Subscribe(A, Kind::Video))]);
}

/// The viewer has joined again: A is on screen but not subscribed yet, B is decoding.
fn after_joining_again(config: FailoverConfig) -> Viewer {
    let mut viewer = Viewer::watching(config);
    viewer.signal(Signal::Connection(Connection::Reconnecting));
    for uid in [A, B] {
        viewer.signal(Signal::Left(uid, LeaveReason::Unknown));
    }
    viewer.signal(Signal::Connection(Connection::Connected));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
    }
    viewer.video(B, 2, 0);
    viewer
}

impl Viewer {
    /// A's video is refused, and subscribed again.
    fn refuse(&mut self, times: u8) {
        for _ in 0..times {
            self.outputs.clear();
            self.signal(Signal::SubscribeFailed(A, Kind::Video));
            self.pass(1_000);
            let asked = |(_, output): &(u64, Output)| *output == Output::Subscribe(A, Kind::Video);
            assert!(self.outputs.iter().any(asked), "{:?}", self.outputs);
        }
    }
}

#[test]
fn an_output_that_is_refused_repeatedly_has_not_started() {
    let mut viewer = after_joining_again(FailoverConfig::default());
    viewer.refuse(3);
    assert_eq!(viewer.shown(), A, "the grace period after the reconnect");
    viewer.refuse(1);
    assert_eq!(viewer.shown(), B);
    assert!(viewer.events().contains(&Event::Degraded(A, Reason::NotStarted)), "{:?}", viewer.outputs);
    viewer.refuse(1);
}

#[test]
fn a_single_output_that_is_always_refused_is_reported_once_if_there_was_a_picture() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.refuse(60);
    assert_eq!(viewer.outputs, [(60_000, Output::Subscribe(A, Kind::Video))], "there was no picture to lose");

    let mut viewer = after_joining_again(FailoverConfig::default());
    viewer.signal(Signal::Left(B, LeaveReason::Quit));
    let mut events = Vec::new();
    for second in 0..60 {
        viewer.refuse(1);
        events.extend(viewer.events().into_iter().map(|event| (second, event)));
    }
    assert_eq!(events, [(3, Event::Degraded(A, Reason::NotStarted)), (13, Event::AllDown)]);
}

#[test]
fn time_without_a_media_connection_does_not_count_for_the_start_timeout() {
    let mut viewer =
        after_joining_again(FailoverConfig { reconnect_grace_ms: ms(0), ..FailoverConfig::default() });
    viewer.refuse(2);
    viewer.signal(Signal::MediaConnection(false));
    viewer.pass(5_000);
    viewer.signal(Signal::MediaConnection(true));
    assert_eq!(viewer.shown_after(10_000), Some(3_000));
}

#[test]
fn a_refused_output_whose_first_frame_arrives_may_still_start() {
    let start_timeout_ms = ms(5_000);
    let mut viewer = after_joining_again(FailoverConfig { start_timeout_ms, ..FailoverConfig::default() });
    viewer.refuse(4);
    viewer.pass(900);
    viewer.video(A, 1, 0);
    assert_eq!(viewer.shown_after(900), None);
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown_after(10_000), None);
}

#[test]
fn a_subscription_without_video_is_renewed_if_there_is_no_other_output() {
    let anew = [Output::Unsubscribe(A, Kind::Video), Output::Subscribe(A, Kind::Video)];
    let mut viewer = Viewer::before(with(Standby::Hot));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.outputs.clear();
    viewer.pass(9_500);
    assert_eq!(viewer.outputs, [3_000, 6_000, 9_000].map(|at| anew.map(|output| (at, output))).concat());
    viewer.frames(&[A], 10_000);
    assert_eq!(viewer.shown(), A);

    let anew = [Output::Unsubscribe(B, Kind::Video), Output::Subscribe(B, Kind::Video)];
    viewer.outputs.clear();
    viewer.signal(Signal::Published(B, Kind::Video));
    viewer.frames(&[A], 7_000);
    let outputs: Vec<Output> = viewer.outputs.iter().map(|(_, output)| *output).collect();
    assert_eq!(outputs, [&anew[1..], &anew, &anew].concat(), "the standby, too");
    viewer.frames(&[A, B], 10_000);
    assert_eq!(viewer.outputs.len(), 5, "{:?}", viewer.outputs);
}

#[test]
fn a_first_frame_that_arrives_late_is_shown_and_not_released() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::Published(A, Kind::Video));
    for wait in [1_000, 1_000, 1_000, 700] {
        viewer.pass(wait);
        viewer.signal(Signal::Stats(A, Kind::Video, false));
    }
    viewer.now = 4_100;
    viewer.outputs.clear();
    viewer.video(A, 1, 0);
    viewer.signal(Signal::Frame(A));
    let outputs: Vec<Output> = viewer.outputs.iter().map(|(_, output)| *output).collect();
    assert_eq!(outputs, [Output::Show(A)]);
}

#[test]
fn a_pending_target_without_video_gives_way_to_one_that_plays() {
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
    assert_eq!(viewer.shown(), C, "{:?}", viewer.outputs);
}

#[test]
fn without_a_media_connection_nothing_is_released() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.publish(A);
    viewer.outputs.clear();
    for connected in [false, true] {
        viewer.signal(Signal::MediaConnection(connected));
        viewer.pass(1_000);
    }
    assert_eq!(viewer.outputs, []);
}

#[test]
fn a_standby_that_cannot_be_decoded_is_retried_after_a_while() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[], 10_000);
    viewer.outputs.clear();
    let failed_at = viewer.now;
    viewer.signal(Signal::DecodeFailed(B));
    viewer.live(&[A], &[], 2_000);
    let anew = [(0, Output::Unsubscribe(B, Kind::Video)), (1_000, Output::Subscribe(B, Kind::Video))];
    assert_eq!(viewer.outputs, anew.map(|(after, output)| (failed_at + after, output)));
    viewer.live(&[A, B], &[], 2_000);
    viewer.signal(Signal::Left(A, LeaveReason::TimedOut));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_subscription_that_the_application_ends_is_renewed() {
    for standby in [Standby::Hot, Standby::Warm, Standby::Cold] {
        let mut viewer = Viewer::watching(with(standby));
        viewer.signal(Signal::SubscriptionLost(A, Kind::Video));
        assert_eq!(viewer.events(), [Event::Degraded(A, Reason::Unsubscribed)], "{standby:?}");
        assert!(viewer.outputs.contains(&(viewer.now, Output::Subscribe(A, Kind::Video))));
        viewer.video(A, 2, 0);
        assert_eq!(viewer.events().last(), Some(&Event::Recovered(A)));
        assert_eq!(viewer.shown_after(10_000), None);
    }
}

#[test]
fn an_output_whose_lost_subscription_does_not_start_again_is_replaced() {
    let mut viewer = hot();
    viewer.signal(Signal::SubscriptionLost(A, Kind::Video));
    assert_eq!(viewer.shown_after(10_000), Some(3_000));
    assert!(matches!(
        viewer.events().last(),
        Some(Event::Switched { from: A, to: B, reason: Reason::NotStarted, .. })
    ));
}

#[test]
fn a_lost_subscription_of_audio_or_of_the_standby_is_renewed_without_an_event() {
    let mut viewer = hot();
    for (uid, kind) in [(A, Kind::Audio), (B, Kind::Video), (B, Kind::Audio)] {
        viewer.outputs.clear();
        viewer.signal(Signal::SubscriptionLost(uid, kind));
        assert_eq!(viewer.outputs, [(viewer.now, Output::Subscribe(uid, kind))]);
    }
}

#[test]
fn a_track_that_was_not_subscribed_cannot_be_lost() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    let before = viewer.failover.clone();
    viewer.signal(Signal::SubscriptionLost(B, Kind::Video));
    viewer.signal(Signal::SubscriptionLost(42, Kind::Video));
    assert!(viewer.outputs.is_empty());
    assert_eq!(viewer.failover, before);
}

#[test]
fn published_outputs_that_cannot_be_shown_are_reported() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.pass(60_000);
    assert!(viewer.events().is_empty(), "nothing is published yet");
    for uid in [A, B] {
        viewer.publish(uid);
    }
    viewer.pass(9_999);
    assert!(viewer.events().is_empty());
    viewer.pass(1);
    assert_eq!(viewer.events(), [Event::AllDown]);
    viewer.pass(60_000);
    assert_eq!(viewer.events(), [Event::AllDown], "once");
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B, "and shown once a frame arrives");
}
