//! The table of the web SDK's signals, row by row.

use super::*;

#[test]
fn a_frozen_output_gets_a_grace_period_and_decoding_ends_it() {
    let mut viewer = hot();
    viewer.video(A, 3, 0);
    assert_eq!(viewer.shown_after(999), None);
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown_after(10_000), None);
    assert!(viewer.events().is_empty());
    viewer.video(A, 3, 0);
    assert_eq!(viewer.shown_after(10_000), Some(1_000));
}

#[test]
fn the_state_stopped_causes_no_switch() {
    let mut viewer = hot();
    viewer.video(A, 0, 0);
    assert_eq!(viewer.shown_after(10_000), None);
}

#[test]
fn an_output_that_does_not_start_is_a_failed_target() {
    let mut viewer = Viewer::before(with(Standby::Cold));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
    }
    viewer.video(A, 1, 0);
    viewer.pass(2_900);
    assert!(!viewer.outputs.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)));
    viewer.pass(200);
    assert!(viewer.outputs.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn an_output_without_bytes_in_two_polls_has_no_data() {
    let mut viewer = hot();
    for _ in 0..3 {
        viewer.signal(Signal::Stats(A, Kind::Video, true));
        viewer.signal(Signal::Stats(B, Kind::Video, true));
        viewer.pass(1_000);
    }
    viewer.signal(Signal::Visible(false));
    viewer.signal(Signal::Stats(B, Kind::Video, true));
    viewer.signal(Signal::Stats(A, Kind::Video, false));
    assert_eq!(viewer.shown_after(1_000), None, "one poll proves little");
    viewer.signal(Signal::Stats(B, Kind::Video, true));
    viewer.signal(Signal::Stats(A, Kind::Video, false));
    assert_eq!(viewer.shown(), B, "in a hidden page too");
}

#[test]
fn lost_audio_gets_a_grace_period_and_counts_only_if_the_backup_has_audio() {
    let silent = |backup: bool| {
        let mut viewer = hot();
        for _ in 0..3 {
            viewer.signal(Signal::Stats(B, Kind::Audio, backup));
            viewer.signal(Signal::Stats(A, Kind::Audio, false));
        }
        let first = viewer.shown_after(1_900);
        viewer.signal(Signal::Stats(B, Kind::Audio, backup));
        (first, viewer.shown_after(1_000))
    };
    assert_eq!(silent(true), (None, Some(100)));
    assert_eq!(silent(false), (None, None));
}

#[test]
fn when_no_output_has_audio_nothing_is_reported() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[A, B], 5_000);
    viewer.outputs.clear();
    for _ in 0..5 {
        [A, B].into_iter().for_each(|uid| viewer.signal(Signal::Stats(uid, Kind::Audio, false)));
        viewer.frames(&[A, B], 1_000);
    }
    assert_eq!(viewer.outputs, []);
}

#[test]
fn an_output_that_leaves_is_replaced_at_once() {
    for reason in
        [LeaveReason::TimedOut, LeaveReason::Quit, LeaveReason::BecameAudience, LeaveReason::Unknown]
    {
        let mut viewer = hot();
        viewer.signal(Signal::Left(A, reason));
        assert_eq!(viewer.shown(), B, "{reason:?}");
    }
}

#[test]
fn a_leave_without_a_reason_is_ignored_without_a_backup() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(B, LeaveReason::Quit));
    viewer.signal(Signal::Left(A, LeaveReason::Unknown));
    viewer.pass(20_000);
    assert!(!viewer.events().contains(&Event::AllDown), "{:?}", viewer.outputs);
    viewer.signal(Signal::Left(A, LeaveReason::TimedOut));
    viewer.pass(20_000);
    assert!(viewer.events().contains(&Event::AllDown));
}

#[test]
fn an_output_whose_video_is_unpublished_is_replaced_at_once() {
    let mut viewer = hot();
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_deliberate_mute_is_tolerated_for_two_seconds() {
    let mut viewer = hot();
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    assert_eq!(viewer.shown_after(1_999), None);
    assert_eq!(viewer.shown_after(10), Some(1));

    let mut viewer = hot();
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.pass(1_000);
    viewer.signal(Signal::Muted(A, Kind::Video, false));
    assert_eq!(viewer.shown_after(10_000), None);

    let mut viewer = hot();
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    viewer.pass(1_000);
    viewer.signal(Signal::Muted(A, Kind::Video, false));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown_after(10_000), None);
}

#[test]
fn a_frame_of_a_released_video_is_no_sign_of_life() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.signal(Signal::Frame(A));
    viewer.video(A, 2, 0);
    viewer.signal(Signal::Left(B, LeaveReason::Quit));
    assert_eq!(viewer.shown(), B, "not before its first frame");
    assert!(viewer.outputs.iter().any(|(_, output)| *output == Output::Subscribe(A, Kind::Video)));
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown(), A);
}

#[test]
fn in_a_hidden_page_earlier_bytes_of_another_output_prove_nothing() {
    let mut viewer = hot();
    viewer.signal(Signal::Visible(false));
    let poll = |viewer: &mut Viewer, flows: [bool; 2]| {
        viewer.pass(1_000);
        for (uid, flows) in [A, B].into_iter().zip(flows) {
            viewer.signal(Signal::Stats(uid, Kind::Video, flows));
        }
    };
    poll(&mut viewer, [true, true]);
    poll(&mut viewer, [false, true]);
    viewer.pass(1_000);
    viewer.signal(Signal::Stats(A, Kind::Video, false));
    assert_eq!(viewer.shown(), A, "the other was not polled yet");
    viewer.signal(Signal::Stats(B, Kind::Video, true));
    viewer.pass(200);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn when_all_are_muted_there_is_no_switch() {
    let mut viewer = hot();
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.signal(Signal::Muted(B, Kind::Video, true));
    assert_eq!(viewer.shown_after(60_000), None);
    viewer.signal(Signal::Muted(B, Kind::Video, false));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn unpublished_audio_gets_a_grace_period_if_the_backup_has_audio() {
    let mut viewer = hot();
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    assert_eq!(viewer.shown_after(10_000), None, "the backup's audio is unknown");
    viewer.signal(Signal::Stats(B, Kind::Audio, true));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn the_audio_of_a_cold_standby_is_subscribed_when_audio_is_lost() {
    for backup in [true, false] {
        let mut viewer = Viewer::watching(with(Standby::Cold));
        viewer.live(&[A], &[A], 5_000);
        viewer.signal(Signal::Unpublished(A, Kind::Audio));
        viewer.live(&[A], &[], 1_000);
        let asked = [Kind::Video, Kind::Audio].map(|kind| Output::Subscribe(B, kind));
        assert!(asked.iter().all(|one| viewer.outputs.iter().any(|(_, output)| output == one)));
        viewer.signal(Signal::Stats(B, Kind::Audio, backup));
        viewer.live(&[A, B], &[B][..usize::from(backup)], 2_000);
        assert_eq!(viewer.shown(), if backup { B } else { A });
        assert!(viewer.events().contains(&Event::Degraded(A, Reason::AudioLost)));
    }
}

#[test]
fn unpublished_audio_is_remembered_after_interruptions_and_freezes() {
    let of_a = [Signal::Unpublished(A, Kind::Audio)];
    let hidden = [Signal::Visible(false), Signal::Visible(true)];
    let path = [Signal::MediaConnection(false), Signal::MediaConnection(true)];
    let state = |uid, state| Signal::State(uid, Kind::Video, state, StateReason::None);
    let freeze =
        [MediaState::Frozen, MediaState::Decoding].map(|to| [A, B].map(|uid| state(uid, to))).concat();
    let cases = [
        [&of_a, &hidden[..]].concat(),
        [&path[..1], &of_a, &path[1..]].concat(),
        [&of_a, &freeze[..]].concat(),
    ];
    for signals in cases {
        let mut viewer = hot();
        viewer.live(&[A, B], &[A, B], 10_000);
        signals.iter().for_each(|signal| viewer.signal(*signal));
        viewer.live(&[A, B], &[B], 5_000);
        assert_eq!(viewer.shown(), B, "{signals:?}");
    }
}

#[test]
fn audio_that_was_lost_with_the_video_recovers_with_it() {
    let mut viewer = Viewer::of(&[A], FailoverConfig::default());
    viewer.publish(A);
    viewer.live(&[A], &[A], 5_000);
    viewer.video(A, 2, 0);
    viewer.video(A, 3, 0);
    for _ in 0..4 {
        viewer.signal(Signal::Stats(A, Kind::Audio, false));
        viewer.pass(1_000);
    }
    viewer.outputs.clear();
    viewer.video(A, 2, 0);
    viewer.frames(&[A], 200);
    assert_eq!(viewer.events(), [Event::Recovered(A)]);
}

#[test]
fn a_switch_for_lost_audio_is_no_false_alarm() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[A, B], 10_000);
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    viewer.live(&[A, B], &[B], 5_000);
    assert_eq!(viewer.shown(), B);
    assert!(!viewer.events().contains(&Event::FalseAlarm(A)), "{:?}", viewer.outputs);
}

#[test]
fn a_track_that_restarts_gets_the_full_time_again() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[], 10_000);
    viewer.outputs.clear();
    viewer.video(A, 0, 0);
    viewer.video(A, 1, 0);
    viewer.live(&[B], &[], 900);
    viewer.video(A, 2, 0);
    viewer.live(&[A, B], &[], 1_000);
    assert_eq!(viewer.outputs, []);
}

#[test]
fn an_output_that_returns_is_only_a_standby() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.pass(10_000);
    viewer.signal(Signal::Joined(A));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.signal(Signal::Published(A, Kind::Audio));
    viewer.video(A, 2, 0);
    viewer.outputs.clear();
    assert_eq!(viewer.shown_after(600_000), None, "sticky");
    viewer.signal(Signal::Left(B, LeaveReason::Quit));
    assert_eq!(viewer.shown(), A, "and shown again when B is lost");
}

#[test]
fn a_decoder_that_gave_up_needs_a_decoding_backup() {
    let mut viewer = hot();
    viewer.signal(Signal::DecodeFailed(A));
    assert_eq!(viewer.shown(), B);
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::DecodeFailed(A));
    viewer.pass(2_000);
    assert_eq!(viewer.shown(), A);
}

#[test]
fn the_viewers_own_disconnection_causes_no_switch() {
    let interruptions = [Signal::Connection(Connection::Reconnecting), Signal::MediaConnection(false)];
    for interruption in interruptions {
        let mut viewer = hot();
        viewer.signal(interruption);
        viewer.video(A, 3, 0);
        viewer.signal(Signal::Left(A, LeaveReason::TimedOut));
        assert_eq!(viewer.shown_after(30_000), None, "{interruption:?}");
    }
}

#[test]
fn after_the_viewers_reconnect_there_is_a_grace_period() {
    let mut viewer = hot();
    viewer.signal(Signal::Connection(Connection::Reconnecting));
    viewer.pass(5_000);
    viewer.signal(Signal::Connection(Connection::Connected));
    viewer.pass(3_000);
    viewer.signal(Signal::Left(A, LeaveReason::Unknown));
    assert_eq!(viewer.shown_after(400), None);
    assert_eq!(viewer.shown_after(200), Some(100), "3.5 s after it was connected");
}

#[test]
fn when_the_viewer_is_banned_everything_stops() {
    let mut viewer = hot();
    viewer.signal(Signal::Connection(Connection::Closed));
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    assert_eq!(viewer.events(), [Event::Closed]);
    assert_eq!(viewer.shown_after(60_000), None);
    assert!(viewer.outputs.is_empty());
}

#[test]
fn a_fallback_to_audio_is_no_fault_of_the_output() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.video(A, 3, 8);
    viewer.video(A, 3, 0);
    viewer.frames(&[B], 10_000);
    assert_eq!(viewer.shown(), A);
    viewer.video(A, 2, 9);
    viewer.frames(&[A, B], 2_000);
    assert_eq!(viewer.shown(), A);
}

/// After a stall of a weak downlink the jitter buffer is still decoded, which does not mean that video is back.
#[test]
fn a_fallback_to_audio_outlasts_the_frames_that_were_on_their_way() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.video(A, 3, 0);
    viewer.video(A, 3, 8);
    viewer.video(A, 2, 0);
    viewer.frames(&[A, B], 1_000);
    for _ in 0..10 {
        viewer.signal(Signal::Stats(A, Kind::Video, false));
        viewer.live(&[B], &[], 1_000);
    }
    assert_eq!(viewer.shown(), A);
}

#[test]
fn a_fallback_report_about_an_unsubscribed_output_is_ignored() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.frames(&[A], 3_000);
    viewer.video(B, 3, 8);
    viewer.signal(Signal::Left(A, LeaveReason::Quit));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
}

/// An app that attaches late may miss the report that the fallback is over.
#[test]
fn frames_that_keep_coming_end_a_fallback_to_audio() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.video(A, 3, 8);
    viewer.frames(&[A, B], 5_000);
    viewer.frames(&[B], 2_000);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_single_frame_is_no_start() {
    let mut viewer = Viewer::before(with(Standby::Cold));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
    }
    viewer.video(A, 1, 0);
    viewer.signal(Signal::Frame(A));
    assert_eq!(viewer.shown(), A, "the first frame shows it");
    assert!(viewer.failover.health().eq([(A, Health::Starting), (B, Health::Available)]));
    viewer.pass(3_100);
    assert!(viewer.events().contains(&Event::Degraded(A, Reason::NotStarted)), "{:?}", viewer.outputs);
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
    assert!(viewer.failover.health().eq([(A, Health::Failed), (B, Health::Playing)]));
}

#[test]
fn in_a_hidden_page_bytes_stand_for_frames() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::Visible(false));
    viewer.signal(Signal::Left(A, LeaveReason::TimedOut));
    viewer.pass(1_000);
    assert_eq!(viewer.shown(), A);
    viewer.signal(Signal::Stats(B, Kind::Video, true));
    assert_eq!(viewer.shown(), B);
    viewer.pass(60_000);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_poor_network_lengthens_the_grace() {
    let mut viewer = hot();
    viewer.signal(Signal::Network(true));
    viewer.video(A, 3, 0);
    assert_eq!(viewer.shown_after(5_000), Some(3_000));
}

#[test]
fn when_both_stall_together_the_viewers_network_is_the_cause() {
    let mut viewer = hot();
    viewer.video(A, 3, 0);
    viewer.pass(250);
    viewer.video(B, 3, 0);
    assert_eq!(viewer.shown_after(60_000), None);
    assert_eq!(viewer.events().iter().filter(|event| **event == Event::AllDown).count(), 1);
    viewer.video(A, 2, 0);
    assert_eq!(viewer.events().last(), Some(&Event::Recovered(A)));
}

#[test]
fn a_decoder_that_continues_has_not_failed() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(B, LeaveReason::Quit));
    viewer.frames(&[A], 1_000);
    viewer.signal(Signal::DecodeFailed(A));
    viewer.frames(&[A], 20_000);
    assert!(
        matches!(viewer.events()[..], [Event::Degraded(A, _), Event::Recovered(A)]),
        "{:?}",
        viewer.outputs
    );
}

/// A viewer whose browser does not report frames: a first frame, then only stats polls.
fn without_frames(standby: Standby) -> Viewer {
    let mut viewer = Viewer::watching(with(standby));
    for _ in 0..3 {
        viewer.signal(Signal::Stats(A, Kind::Video, true));
        viewer.signal(Signal::Stats(A, Kind::Audio, true));
        viewer.signal(Signal::Stats(B, Kind::Audio, true));
        viewer.pass(1_000);
    }
    viewer.outputs.clear();
    viewer
}

/// The reported outage if the backup's first frame arrives `later` ms later.
fn outage_without_frames(viewer: &mut Viewer, later: u64) -> Option<u64> {
    viewer.pass(later);
    viewer.video(B, 2, 0);
    viewer.pass(100);
    viewer.events().into_iter().find_map(|event| match event {
        Event::Switched { outage_ms, .. } => Some(outage_ms.as_millis()),
        _ => None,
    })
}

#[test]
fn without_frames_an_outage_begins_when_the_video_is_gone() {
    for standby in [Standby::Warm, Standby::Cold] {
        for gone in
            [Signal::Left(A, LeaveReason::Quit), Signal::Unpublished(A, Kind::Video), Signal::DecodeFailed(A)]
        {
            let mut viewer = without_frames(standby);
            viewer.signal(gone);
            let fails = matches!(gone, Signal::DecodeFailed(_));
            let expected = if fails { 0 } else { 2_800 };
            let outage = outage_without_frames(&mut viewer, 2_800);
            assert_eq!(outage, Some(expected), "{standby:?}, {gone:?}");
        }
    }
}

#[test]
fn without_frames_an_outage_begins_with_the_last_bytes_or_the_mute() {
    let mut viewer = without_frames(Standby::Warm);
    let last = viewer.now;
    viewer.signal(Signal::Stats(A, Kind::Video, true));
    for _ in 0..2 {
        viewer.pass(1_000);
        viewer.signal(Signal::Stats(B, Kind::Audio, true));
        viewer.signal(Signal::Stats(A, Kind::Video, false));
    }
    // Then the service reports the loss, too.
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    let outage = outage_without_frames(&mut viewer, 700);
    assert_eq!(outage, Some(viewer.now - 100 - last));

    let mut viewer = without_frames(Standby::Warm);
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    viewer.pass(2_000);
    assert_eq!(outage_without_frames(&mut viewer, 500), Some(2_500));
}

#[test]
fn without_frames_there_is_no_outage_while_the_old_video_arrives() {
    let mut viewer = Viewer::watching(FailoverConfig::default());
    viewer.signal(Signal::Stats(A, Kind::Video, true));
    viewer.pass(700);
    viewer.signal(Signal::OnAir(B));
    assert_eq!(outage_without_frames(&mut viewer, 0), Some(0));
}
