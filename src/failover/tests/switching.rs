//! Switches requested by the server, failing back, and flapping.

use super::*;
use crate::time::short::secs;

#[test]
fn the_output_on_air_is_shown_once_it_is_decoding() {
    let mut viewer = hot();
    viewer.signal(Signal::OnAir(B));
    assert_eq!(viewer.shown(), B);
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::OnAir(B));
    assert_eq!(viewer.shown(), A);
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn an_output_on_air_in_its_failure_cooldown_is_tried_once_that_is_over() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    let FailoverConfig { start_timeout_ms, failure_cooldown_ms, .. } = config_of(&viewer).clone();
    viewer.signal(Signal::OnAir(B));
    viewer.pass(start_timeout_ms.as_millis());
    let failed_at = viewer.now;
    viewer.pass(100);
    viewer.signal(Signal::OnAir(B));
    assert_eq!(viewer.settle(), Some(failed_at + failure_cooldown_ms.as_millis()));
}

#[test]
fn an_output_on_air_from_the_start_is_shown_although_another_was_published_first() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    viewer.signal(Signal::OnAir(B));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown(), A);
    viewer.signal(Signal::Published(B, Kind::Video));
    viewer.pass(10_000);
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn the_viewer_fails_back_after_the_delay_if_that_is_set() {
    let config = FailoverConfig { fail_back_delay_ms: Some(secs(60)), ..FailoverConfig::default() };
    let mut viewer = Viewer::watching(config);
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.pass(10_000);
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    viewer.outputs.clear();
    assert_eq!(viewer.shown_after(120_000), Some(60_000));
    assert_eq!(viewer.events(), [Event::FailedBack { from: B, to: A }]);
}

#[test]
fn an_output_on_air_before_the_first_frame_is_subscribed_at_once() {
    let mut viewer = Viewer::before(FailoverConfig::default());
    [A, B].into_iter().for_each(|uid| viewer.publish(uid));
    viewer.pass(100);
    viewer.signal(Signal::OnAir(B));
    assert!(viewer.outputs.contains(&(100, Output::Subscribe(B, Kind::Video))), "{:?}", viewer.outputs);
}

/// Fails back after this many seconds; everything has been healthy for two minutes.
fn failing_back(after_s: u64) -> Viewer {
    let fail_back_delay_ms = Some(secs(after_s));
    let mut viewer = Viewer::watching(FailoverConfig { fail_back_delay_ms, ..FailoverConfig::default() });
    viewer.live(&[A, B], &[A, B], 120_000);
    viewer.outputs.clear();
    viewer
}

#[test]
fn the_viewer_fails_back_only_to_an_output_with_video_and_audio() {
    let mut viewer = failing_back(20);
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    viewer.live(&[A, B], &[B], 60_000);
    assert_eq!(viewer.shows(), [B], "unpublished");
    viewer.signal(Signal::Published(A, Kind::Audio));
    viewer.live(&[A, B], &[A, B], 19_000);
    assert_eq!(viewer.shows(), [B], "it is healthy only with its audio");
    viewer.live(&[A, B], &[A, B], 2_000);
    assert_eq!(viewer.shows(), [B, A]);

    let mut viewer = failing_back(20);
    for _ in 0..60 {
        viewer.signal(Signal::Stats(A, Kind::Audio, false));
        viewer.live(&[A, B], &[B], 1_000);
    }
    assert_eq!(viewer.shows(), [B], "silent");

    let mut viewer = failing_back(20);
    viewer.video(A, 0, 5);
    viewer.live(&[B], &[A, B], 60_000);
    assert_eq!(viewer.shows(), [B], "muted");
}

#[test]
fn after_a_switch_the_previous_output_is_healthy_from_then_on() {
    let mut viewer = failing_back(60);
    viewer.live(&[B], &[A, B], 450);
    viewer.live(&[A, B], &[A, B], 59_000);
    assert_eq!(viewer.shows(), [B], "its video was frozen");
    viewer.live(&[A, B], &[A, B], 2_000);
    assert_eq!(viewer.shows(), [B, A]);

    let mut viewer = failing_back(60);
    viewer.signal(Signal::OnAir(B));
    viewer.live(&[A, B], &[A, B], 59_000);
    assert_eq!(viewer.shows(), [B], "the viewer left it for the output on air");
}

#[test]
fn a_decode_failure_or_failed_start_bypasses_the_switch_cooldown() {
    let config = FailoverConfig { switch_cooldown_ms: secs(60), ..FailoverConfig::default() };
    let on_b = || {
        let mut viewer = Viewer::watching(config.clone());
        viewer.live(&[A, B], &[], 10_000);
        viewer.signal(Signal::OnAir(B));
        assert_eq!(viewer.shown(), B);
        viewer
    };
    let mut viewer = on_b();
    viewer.signal(Signal::DecodeFailed(B));
    assert_eq!(viewer.shown(), A);

    let mut viewer = on_b();
    viewer.live(&[A, B], &[], 5_000);
    viewer.video(B, 0, 0);
    viewer.video(B, 1, 0);
    viewer.live(&[A], &[], 1_500);
    assert_eq!(viewer.shown(), A);
}

#[test]
fn the_switch_cooldown_stops_flapping_but_not_a_certain_loss() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    viewer.video(B, 3, 0);
    assert_eq!(viewer.shown_after(10_000), Some(5_000));

    let mut viewer = hot();
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    viewer.signal(Signal::Left(B, LeaveReason::Quit));
    assert_eq!(viewer.shown(), A, "an output that is gone cannot be shown");
}

#[test]
fn the_viewer_fails_back_to_the_second_output_when_the_first_is_gone() {
    let config = FailoverConfig { fail_back_delay_ms: Some(secs(20)), ..FailoverConfig::default() };
    let mut viewer = Viewer::of(&[A, B, C], config);
    for uid in [A, B, C] {
        viewer.signal(Signal::Joined(uid));
        viewer.publish(uid);
    }
    viewer.live(&[A, B, C], &[A, B, C], 10_000);
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.live(&[C], &[C], 5_000);
    viewer.live(&[B, C], &[B, C], 30_000);
    assert_eq!(viewer.shows(), [A, B, C, B]);
}
