//! The table of the web SDK's signals, row by row.

use super::*;

#[test]
fn frozen_is_waited_for_and_decoding_cancels() {
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
fn stopped_is_no_trigger() {
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
    assert!(!viewer.told.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)));
    viewer.pass(200);
    assert!(viewer.told.iter().any(|(_, output)| *output == Output::Subscribe(B, Kind::Video)));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn bytes_that_do_not_move_are_dead_after_two_looks() {
    let mut viewer = hot();
    for _ in 0..3 {
        viewer.signal(Signal::Progress(A, Kind::Video, true));
        viewer.signal(Signal::Progress(B, Kind::Video, true));
        viewer.pass(1_000);
    }
    viewer.signal(Signal::Visible(false));
    viewer.signal(Signal::Progress(B, Kind::Video, true));
    viewer.signal(Signal::Progress(A, Kind::Video, false));
    assert_eq!(viewer.shown_after(1_000), None, "one look proves little");
    viewer.signal(Signal::Progress(B, Kind::Video, true));
    viewer.signal(Signal::Progress(A, Kind::Video, false));
    assert_eq!(viewer.shown(), B, "in a hidden page too");
}

#[test]
fn lost_audio_is_waited_for_and_needs_the_backup_s() {
    let silent = |backup: bool| {
        let mut viewer = hot();
        for _ in 0..3 {
            viewer.signal(Signal::Progress(B, Kind::Audio, backup));
            viewer.signal(Signal::Progress(A, Kind::Audio, false));
        }
        let first = viewer.shown_after(1_900);
        viewer.signal(Signal::Progress(B, Kind::Audio, backup));
        (first, viewer.shown_after(1_000))
    };
    assert_eq!(silent(true), (None, Some(100)));
    assert_eq!(silent(false), (None, None));
}

#[test]
fn where_nothing_is_heard_nothing_is_told() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[A, B], 5_000);
    viewer.told.clear();
    for _ in 0..5 {
        [A, B].into_iter().for_each(|uid| viewer.signal(Signal::Progress(uid, Kind::Audio, false)));
        viewer.frames(&[A, B], 1_000);
    }
    assert_eq!(viewer.told, []);
}

#[test]
fn whoever_left_is_left_at_once() {
    for how in [Left::TimedOut, Left::Quit, Left::BecameAudience, Left::Unknown] {
        let mut viewer = hot();
        viewer.signal(Signal::Left(A, how));
        assert_eq!(viewer.shown(), B, "{how:?}");
    }
}

#[test]
fn a_synthetic_leave_without_a_backup_is_waited_out() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(B, Left::Quit));
    viewer.signal(Signal::Left(A, Left::Unknown));
    viewer.pass(20_000);
    assert!(!viewer.events().contains(&Event::BothDown), "{:?}", viewer.told);
    viewer.signal(Signal::Left(A, Left::TimedOut));
    viewer.pass(20_000);
    assert!(viewer.events().contains(&Event::BothDown));
}

#[test]
fn unpublished_video_is_left_at_once() {
    let mut viewer = hot();
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_deliberate_mute_is_waited_for_two_seconds() {
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
fn a_frame_of_a_video_that_was_let_go_of_is_no_sign_of_life() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.signal(Signal::Frame(A));
    viewer.video(A, 2, 0);
    viewer.signal(Signal::Left(B, Left::Quit));
    assert_eq!(viewer.shown(), B, "not before it is seen");
    assert!(viewer.told.iter().any(|(_, output)| *output == Output::Subscribe(A, Kind::Video)));
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown(), A);
}

#[test]
fn in_a_hidden_page_bytes_of_a_moment_before_do_not_outlive_those_that_are_missed() {
    let mut viewer = hot();
    viewer.signal(Signal::Visible(false));
    let look = |viewer: &mut Viewer, flows: [bool; 2]| {
        viewer.pass(1_000);
        for (uid, flows) in [A, B].into_iter().zip(flows) {
            viewer.signal(Signal::Progress(uid, Kind::Video, flows));
        }
    };
    look(&mut viewer, [true, true]);
    look(&mut viewer, [false, true]);
    viewer.pass(1_000);
    viewer.signal(Signal::Progress(A, Kind::Video, false));
    assert_eq!(viewer.shown(), A, "the other was not looked at yet");
    viewer.signal(Signal::Progress(B, Kind::Video, true));
    viewer.pass(200);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn when_all_are_muted_none_is_better() {
    let mut viewer = hot();
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.signal(Signal::Muted(B, Kind::Video, true));
    assert_eq!(viewer.shown_after(60_000), None);
    viewer.signal(Signal::Muted(B, Kind::Video, false));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn unpublished_audio_is_waited_for_if_the_backup_has_it() {
    let mut viewer = hot();
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    assert_eq!(viewer.shown_after(10_000), None, "nobody knows whether the backup can be heard");
    viewer.signal(Signal::Progress(B, Kind::Audio, true));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_cold_standby_is_listened_to_when_sound_is_lost() {
    for backup in [true, false] {
        let mut viewer = Viewer::watching(with(Standby::Cold));
        viewer.live(&[A], &[A], 5_000);
        viewer.signal(Signal::Unpublished(A, Kind::Audio));
        viewer.live(&[A], &[], 1_000);
        let asked = [Kind::Video, Kind::Audio].map(|kind| Output::Subscribe(B, kind));
        assert!(asked.iter().all(|one| viewer.told.iter().any(|(_, output)| output == one)));
        viewer.signal(Signal::Progress(B, Kind::Audio, backup));
        viewer.live(&[A, B], &[B][..usize::from(backup)], 2_000);
        assert_eq!(viewer.shown(), if backup { B } else { A });
        assert!(viewer.events().contains(&Event::Degraded(A, Reason::AudioLost)));
    }
}

#[test]
fn unpublished_audio_is_not_forgotten_over_the_viewer_s_own_trouble() {
    let of_a = [Signal::Unpublished(A, Kind::Audio)];
    let hidden = [Signal::Visible(false), Signal::Visible(true)];
    let path = [Signal::MediaPath(false), Signal::MediaPath(true)];
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
fn sound_that_was_missed_with_the_picture_is_not_missed_when_that_is_back() {
    let mut viewer = Viewer::of(&[A], FailoverConfig::default());
    viewer.publish(A);
    viewer.live(&[A], &[A], 5_000);
    viewer.video(A, 2, 0);
    viewer.video(A, 3, 0);
    for _ in 0..4 {
        viewer.signal(Signal::Progress(A, Kind::Audio, false));
        viewer.pass(1_000);
    }
    viewer.told.clear();
    viewer.video(A, 2, 0);
    viewer.frames(&[A], 200);
    assert_eq!(viewer.events(), [Event::Recovered(A)]);
}

#[test]
fn one_that_was_left_for_its_sound_was_not_left_for_nothing() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[A, B], 10_000);
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    viewer.live(&[A, B], &[B], 5_000);
    assert_eq!(viewer.shown(), B);
    assert!(!viewer.events().contains(&Event::FalseAlarm(A)), "{:?}", viewer.told);
}

#[test]
fn a_track_that_starts_anew_has_its_time_before_it() {
    let mut viewer = hot();
    viewer.live(&[A, B], &[], 10_000);
    viewer.told.clear();
    viewer.video(A, 0, 0);
    viewer.video(A, 1, 0);
    viewer.live(&[B], &[], 900);
    viewer.video(A, 2, 0);
    viewer.live(&[A, B], &[], 1_000);
    assert_eq!(viewer.told, []);
}

#[test]
fn a_candidate_that_is_back_is_only_a_candidate() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(A, Left::Quit));
    viewer.pass(10_000);
    viewer.signal(Signal::Joined(A));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.signal(Signal::Published(A, Kind::Audio));
    viewer.video(A, 2, 0);
    viewer.told.clear();
    assert_eq!(viewer.shown_after(600_000), None, "sticky");
    viewer.signal(Signal::Left(B, Left::Quit));
    assert_eq!(viewer.shown(), A, "and back again when it must be");
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
fn the_viewer_s_own_trouble_is_nobody_else_s() {
    let troubles = [Signal::Connection(Connection::Reconnecting), Signal::MediaPath(false)];
    for trouble in troubles {
        let mut viewer = hot();
        viewer.signal(trouble);
        viewer.video(A, 3, 0);
        viewer.signal(Signal::Left(A, Left::TimedOut));
        assert_eq!(viewer.shown_after(30_000), None, "{trouble:?}");
    }
}

#[test]
fn after_the_viewer_s_reconnect_it_settles_first() {
    let mut viewer = hot();
    viewer.signal(Signal::Connection(Connection::Reconnecting));
    viewer.pass(5_000);
    viewer.signal(Signal::Connection(Connection::Connected));
    viewer.pass(3_000);
    viewer.signal(Signal::Left(A, Left::Unknown));
    assert_eq!(viewer.shown_after(400), None);
    assert_eq!(viewer.shown_after(200), Some(100), "3.5 s after it was connected");
}

#[test]
fn when_the_viewer_is_banned_everything_stops() {
    let mut viewer = hot();
    viewer.signal(Signal::Connection(Connection::Closed));
    viewer.signal(Signal::Left(A, Left::Quit));
    assert_eq!(viewer.events(), [Event::Closed]);
    assert_eq!(viewer.shown_after(60_000), None);
    assert!(viewer.told.is_empty());
}

#[test]
fn a_fallback_to_audio_is_the_viewer_s_downlink() {
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

/// What the jitter buffer still held is decoded, after a stall that a weak downlink brings: no word that video is back.
#[test]
fn a_fallback_to_audio_outlasts_the_frames_that_were_on_their_way() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.video(A, 3, 0);
    viewer.video(A, 3, 8);
    viewer.video(A, 2, 0);
    viewer.frames(&[A, B], 1_000);
    for _ in 0..10 {
        viewer.signal(Signal::Progress(A, Kind::Video, false));
        viewer.live(&[B], &[], 1_000);
    }
    assert_eq!(viewer.shown(), A);
}

#[test]
fn a_fallback_of_what_is_not_subscribed_is_over_already() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.frames(&[A], 3_000);
    viewer.video(B, 3, 8);
    viewer.signal(Signal::Left(A, Left::Quit));
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
}

/// An application that learns late which outputs there are may miss the word that it is over.
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
fn one_frame_alone_is_no_start() {
    let mut viewer = Viewer::before(with(Standby::Cold));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
    }
    viewer.video(A, 1, 0);
    viewer.signal(Signal::Frame(A));
    assert_eq!(viewer.shown(), A, "the first frame shows it");
    assert!(viewer.failover.health().eq([(A, Health::Starting), (B, Health::Available)]));
    viewer.pass(3_100);
    assert!(viewer.events().contains(&Event::Degraded(A, Reason::NotStarted)), "{:?}", viewer.told);
    viewer.video(B, 2, 0);
    assert_eq!(viewer.shown(), B);
    assert!(viewer.failover.health().eq([(A, Health::Failed), (B, Health::Playing)]));
}

#[test]
fn in_a_hidden_page_bytes_stand_for_frames() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::Visible(false));
    viewer.signal(Signal::Left(A, Left::TimedOut));
    viewer.pass(1_000);
    assert_eq!(viewer.shown(), A);
    viewer.signal(Signal::Progress(B, Kind::Video, true));
    assert_eq!(viewer.shown(), B);
    viewer.pass(60_000);
    assert_eq!(viewer.shown(), B);
}

#[test]
fn a_bad_network_lengthens_the_grace() {
    let mut viewer = hot();
    viewer.signal(Signal::BadNetwork(true));
    viewer.video(A, 3, 0);
    assert_eq!(viewer.shown_after(5_000), Some(3_000));
}

#[test]
fn when_both_stall_together_it_is_the_viewer_s_network() {
    let mut viewer = hot();
    viewer.video(A, 3, 0);
    viewer.pass(250);
    viewer.video(B, 3, 0);
    assert_eq!(viewer.shown_after(60_000), None);
    assert_eq!(viewer.events().iter().filter(|event| **event == Event::BothDown).count(), 1);
    viewer.video(A, 2, 0);
    assert_eq!(viewer.events().last(), Some(&Event::Recovered(A)));
}

#[test]
fn a_decoder_that_goes_on_is_no_failed_one() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(B, Left::Quit));
    viewer.frames(&[A], 1_000);
    viewer.signal(Signal::DecodeFailed(A));
    viewer.frames(&[A], 20_000);
    assert!(matches!(viewer.events()[..], [Event::Degraded(A, _), Event::Recovered(A)]), "{:?}", viewer.told);
}

/// A viewer whose browser does not tell of frames: its first picture, then looks only.
fn without_frames(standby: Standby) -> Viewer {
    let mut viewer = Viewer::watching(with(standby));
    for _ in 0..3 {
        viewer.signal(Signal::Progress(A, Kind::Video, true));
        viewer.signal(Signal::Progress(A, Kind::Audio, true));
        viewer.signal(Signal::Progress(B, Kind::Audio, true));
        viewer.pass(1_000);
    }
    viewer.told.clear();
    viewer
}

/// What is told of the interruption when the backup's first picture comes that much later.
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
fn where_no_frames_are_told_of_an_interruption_runs_from_the_moment_at_which_the_picture_was_gone() {
    for standby in [Standby::Probe, Standby::Cold] {
        for gone in
            [Signal::Left(A, Left::Quit), Signal::Unpublished(A, Kind::Video), Signal::DecodeFailed(A)]
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
fn where_no_frames_are_told_of_an_interruption_runs_from_the_last_bytes_or_the_mute() {
    let mut viewer = without_frames(Standby::Probe);
    let last = viewer.now;
    viewer.signal(Signal::Progress(A, Kind::Video, true));
    for _ in 0..2 {
        viewer.pass(1_000);
        viewer.signal(Signal::Progress(B, Kind::Audio, true));
        viewer.signal(Signal::Progress(A, Kind::Video, false));
    }
    // Then the service says so, too.
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    let outage = outage_without_frames(&mut viewer, 700);
    assert_eq!(outage, Some(viewer.now - 100 - last));

    let mut viewer = without_frames(Standby::Probe);
    viewer.signal(Signal::Muted(A, Kind::Video, true));
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    viewer.pass(2_000);
    assert_eq!(outage_without_frames(&mut viewer, 500), Some(2_500));
}

#[test]
fn where_no_frames_are_told_of_nothing_was_interrupted_while_the_old_picture_flowed() {
    let mut viewer = Viewer::watching(FailoverConfig::default());
    viewer.signal(Signal::Progress(A, Kind::Video, true));
    viewer.pass(700);
    viewer.signal(Signal::OnAir(B));
    assert_eq!(outage_without_frames(&mut viewer, 0), Some(0));
}
