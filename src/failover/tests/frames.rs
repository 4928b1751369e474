//! Frames, and missing frames.

use super::*;

#[test]
fn with_a_hot_standby_a_few_missing_frames_cause_a_switch() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    let died = viewer.now - 66;
    viewer.outputs.clear();
    viewer.frames(&[B], 1_000);
    let shown = viewer
        .outputs
        .iter()
        .find(|(_, output)| *output == Output::Show(B))
        .map(|(at, _)| at - died)
        .unwrap();
    assert!((250..=340).contains(&shown), "{shown} ms");
    let Some(Event::Switched { from, to, reason, detect_ms, switch_ms, outage_ms }) =
        viewer.events().into_iter().find(|event| matches!(event, Event::Switched { .. }))
    else {
        panic!("{:?}", viewer.outputs)
    };
    assert_eq!((from, to, reason), (A, B, Reason::Frozen));
    assert_eq!(detect_ms.as_millis(), shown);
    assert_eq!(outage_ms, detect_ms + switch_ms);
    assert!(outage_ms.as_millis() <= 400, "{outage_ms}");
}

#[test]
fn there_is_no_switch_when_the_frames_of_both_stop() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    assert_eq!(viewer.shown_after(400), None);
    viewer.video(A, 3, 0);
    viewer.video(B, 3, 0);
    assert_eq!(viewer.shown_after(60_000), None);
}

#[test]
fn after_a_shared_stall_the_output_on_screen_may_recover_a_little_later() {
    for stall in [300, 600, 2_000, 8_000] {
        let mut viewer = hot();
        viewer.frames(&[A, B], 3_000);
        viewer.pass(stall);
        if stall > 500 {
            viewer.video(A, 3, 0);
            viewer.video(B, 3, 0);
        }
        viewer.frames(&[B], 200);
        viewer.frames(&[A, B], 10_000);
        assert_eq!(viewer.shown(), A, "{stall} ms");
    }
}

/// Bytes that arrived just before the network stalled prove nothing afterwards.
#[test]
fn after_a_shared_stall_the_output_on_screen_may_recover_later_despite_earlier_bytes_of_another() {
    let mut viewer = Viewer::of(&[A, B, C], FailoverConfig::default());
    for uid in [A, B, C] {
        viewer.publish(uid);
    }
    for uid in [A, B] {
        viewer.video(uid, 2, 0);
    }
    viewer.frames(&[A, B], 3_000);
    viewer.signal(Signal::OnAir(C));
    viewer.signal(Signal::SubscribeFailed(C, Kind::Video));
    viewer.signal(Signal::Stats(C, Kind::Audio, true));
    viewer.frames(&[A, B], 66);
    viewer.pass(400);
    viewer.frames(&[B], 150);
    viewer.frames(&[A, B], 2_000);
    assert_eq!(viewer.shows(), [A]);
}

#[test]
fn an_output_that_does_not_recover_after_a_shared_stall_is_replaced() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.pass(5_000);
    let back = viewer.now;
    viewer.outputs.clear();
    viewer.frames(&[B], 3_000);
    let shown = viewer.outputs.iter().find(|(_, output)| *output == Output::Show(B)).unwrap().0;
    assert!((1_400..=1_700).contains(&(shown - back)), "{}", shown - back);
}

#[test]
fn missing_frames_in_a_hidden_page_are_no_fault() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.signal(Signal::Visible(false));
    assert_eq!(viewer.shown_after(60_000), None);
    viewer.signal(Signal::Visible(true));
    assert_eq!(viewer.shown_after(300), None, "the first frames have to come again");
}

#[test]
fn an_output_that_recovers_at_once_was_a_false_alarm() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.frames(&[B], 600);
    assert_eq!(viewer.shown(), B);
    viewer.signal(Signal::Frame(A));
    assert!(viewer.events().contains(&Event::FalseAlarm(A)));
    assert_eq!(viewer.shown_after(4_000), None);
}

#[test]
fn a_switch_in_a_hidden_page_is_reported_without_another_frame() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 1_000);
    viewer.signal(Signal::Visible(false));
    // A switch that was pending when the page was hidden.
    viewer.signal(Signal::Frame(B));
    viewer.pass(100);
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    assert_eq!(viewer.shown(), B);
    assert!(
        viewer.events().iter().any(|event| matches!(event, Event::Switched { .. })),
        "{:?}",
        viewer.outputs
    );
}

#[test]
fn one_frame_is_enough_to_be_shown_while_the_second_may_arrive() {
    for (more_ms, shown) in [(0, B), (1, A)] {
        let mut viewer = Viewer::before(FailoverConfig::default());
        viewer.signal(Signal::Joined(A));
        viewer.signal(Signal::Published(A, Kind::Video));
        viewer.video(A, 2, 0);
        viewer.signal(Signal::Joined(B));
        viewer.signal(Signal::Published(B, Kind::Video));
        viewer.video(B, 1, 0);
        viewer.signal(Signal::Frame(B));
        viewer.pass(2_999);
        viewer.now += more_ms;
        viewer.signal(Signal::Left(A, LeaveReason::Quit));
        assert_eq!(viewer.failover.shown(), Some(shown), "after {} ms", viewer.now);
    }
}

/// Both are frozen, and the SDK has reported it.
fn both_frozen() -> Viewer {
    let mut viewer = hot();
    viewer.live(&[A, B], &[], 10_000);
    viewer.pass(600);
    viewer.video(A, 3, 0);
    viewer.video(B, 3, 0);
    viewer
}

#[test]
fn a_freeze_is_remembered_when_the_viewer_was_hidden_or_disconnected() {
    let interruptions = [
        [Signal::Visible(false), Signal::Visible(true)],
        [Signal::MediaConnection(false), Signal::MediaConnection(true)],
        [Signal::Connection(Connection::Reconnecting), Signal::Connection(Connection::Connected)],
    ];
    for [begins, ends] in interruptions {
        let mut viewer = both_frozen();
        viewer.signal(begins);
        viewer.pass(1_000);
        viewer.signal(ends);
        viewer.frames(&[B], 100);
        viewer.video(B, 2, 0);
        for _ in 0..10 {
            // Its bytes arrive, but no frame.
            viewer.signal(Signal::Stats(A, Kind::Video, true));
            viewer.live(&[B], &[], 1_000);
        }
        assert_eq!(viewer.shown(), B, "{ends:?}");
    }
}

#[test]
fn a_frozen_output_is_not_shown_after_a_media_reconnect() {
    let mut viewer = both_frozen();
    viewer.signal(Signal::MediaConnection(false));
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.signal(Signal::MediaConnection(true));
    assert_eq!(viewer.shown(), A);
    viewer.frames(&[B], 100);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn one_frame_does_not_end_a_freeze() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[], 10_000);
    viewer.signal(Signal::OnAir(B));
    viewer.live(&[A], &[], 600);
    viewer.video(B, 3, 0);
    viewer.live(&[A], &[], 600);
    viewer.signal(Signal::Frame(B));
    for _ in 0..5 {
        viewer.signal(Signal::Stats(B, Kind::Video, true));
        viewer.live(&[A], &[], 1_000);
    }
    assert_eq!(viewer.shown(), A);
}
