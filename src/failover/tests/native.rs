//! The table of the native engines' signals.

use super::*;

#[test]
fn every_row() {
    // (state, reason), and after how many ms another output is shown, if at all.
    let cases: &[(usize, u8, Option<u64>)] = &[
        (3, 1, Some(1_500)),
        (3, 8, None),
        (2, 9, None),
        (3, 10, None),
        (0, 11, None),
        (0, 7, Some(0)),
        (0, 5, Some(2_000)),
        (0, 3, None),
        (2, 0, None),
        (4, 0, Some(0)),
        (4, 13, None),
        (3, 13, None),
    ];
    for (state, reason, expected) in cases {
        let mut viewer = hot();
        viewer.failover.handle(
            Instant::ZERO,
            Signal::State(A, Kind::Video, MediaState::ALL[*state], StateReason::from_number(*reason)),
        );
        assert_eq!(viewer.shown_after(30_000), *expected, "video ({state}, {reason})");
        let is_reported = viewer.events().contains(&Event::Unplayable(A, Kind::Video));
        assert_eq!(is_reported, *reason == 13, "video ({state}, {reason})");
    }
    let audio: &[(usize, u8, Option<u64>)] =
        &[(0, 7, Some(0)), (3, 1, Some(2_000)), (0, 5, Some(2_000)), (2, 0, None), (4, 9, None)];
    for (state, reason, expected) in audio {
        let mut viewer = hot();
        viewer.signal(Signal::Stats(B, Kind::Audio, true));
        viewer.failover.handle(
            Instant::ZERO,
            Signal::State(A, Kind::Audio, MediaState::ALL[*state], StateReason::from_number(*reason)),
        );
        assert_eq!(viewer.shown_after(2_400), *expected, "audio ({state}, {reason})");
        let is_reported = viewer.events().contains(&Event::Unplayable(A, Kind::Audio));
        assert_eq!(is_reported, *state == 4, "audio ({state}, {reason})");
    }
}

#[test]
fn muted_before_the_first_frame_is_an_artefact_of_joining() {
    let mut viewer = Viewer::before(with(Standby::Cold));
    for uid in [A, B] {
        viewer.signal(Signal::Published(uid, Kind::Video));
    }
    viewer.video(A, 0, 5);
    viewer.video(A, 1, 0);
    viewer.video(A, 2, 0);
    assert_eq!(viewer.shown_after(10_000), None);
    assert_eq!(viewer.shown(), A);
}
