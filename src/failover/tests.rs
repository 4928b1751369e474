#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at what it is about")]

use proptest::prelude::*;

use super::*;

const A: Uid = 9001;
const B: Uid = 9002;

/// A viewer, its clock, and what it was told to do.
struct Viewer {
    failover: Failover,
    now: u64,
    told: Vec<(u64, Output)>,
}

impl Viewer {
    /// Both outputs are there; A is shown.
    fn watching(config: FailoverConfig) -> Self {
        let mut viewer = Self::before(config);
        for uid in [A, B] {
            viewer.signal(Signal::Joined(uid));
            viewer.signal(Signal::Published(uid, Kind::Audio));
            viewer.signal(Signal::Published(uid, Kind::Video));
        }
        viewer.signal(Signal::State(A, Kind::Video, MediaState::Starting, StateReason::None));
        viewer.signal(Signal::State(A, Kind::Video, MediaState::Decoding, StateReason::None));
        if config_of(&viewer).standby == Standby::Hot {
            viewer.signal(Signal::State(B, Kind::Video, MediaState::Decoding, StateReason::None));
        }
        assert_eq!(viewer.failover.shown(), Some(A));
        viewer.told.clear();
        viewer
    }

    fn before(config: FailoverConfig) -> Self {
        let mut failover = Failover::new(&[A, B], config, Millis::ZERO);
        failover.handle(Millis::ZERO, Signal::Connection(Connection::Connected));
        Self { failover, now: 0, told: Vec::new() }
    }

    fn signal(&mut self, signal: Signal) {
        self.failover.handle(Millis::new(self.now), signal);
        self.settle();
    }

    /// Polls until there is nothing to do; when to look again.
    fn settle(&mut self) -> Option<u64> {
        for _ in 0..100 {
            match self.failover.poll(Millis::new(self.now)) {
                Output::Wait(until) => return until.map(Millis::as_u64),
                output => self.told.push((self.now, output)),
            }
        }
        panic!("it spins: {:?}", self.told);
    }

    /// Time passes; every wake-up is kept.
    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(next) = self.settle().filter(|next| *next <= until) {
            assert!(next > self.now, "a wake-up that is over at {}", self.now);
            self.now = next;
        }
        self.now = until;
        self.settle();
    }

    /// Frames of these outputs, 15 a second.
    fn frames(&mut self, uids: &[Uid], ms: u64) {
        let until = self.now + ms;
        while self.now < until {
            for uid in uids {
                self.signal(Signal::Frame(*uid));
            }
            self.pass(66);
        }
    }

    fn shown(&self) -> Uid {
        self.failover.shown().unwrap()
    }

    /// After how many ms the other one was shown.
    fn shown_after(&mut self, ms: u64) -> Option<u64> {
        let (began, at_first) = (self.now, self.shown());
        self.told.clear();
        self.pass(ms);
        let shown = |output: &Output| matches!(output, Output::Show(uid) if *uid != at_first);
        self.told.iter().find(|(_, output)| shown(output)).map(|(at, _)| at - began)
    }

    fn events(&self) -> Vec<Event> {
        let event = |(_, output): &(u64, Output)| match output {
            Output::Emit(event) => Some(*event),
            Output::Subscribe(..) | Output::Unsubscribe(..) | Output::Show(_) | Output::Wait(_) => None,
        };
        self.told.iter().filter_map(event).collect()
    }

    fn video(&mut self, uid: Uid, state: u8, reason: u8) {
        self.signal(Signal::State(
            uid,
            Kind::Video,
            MediaState::from_number(state),
            StateReason::from_number(reason),
        ));
    }
}

fn config_of(viewer: &Viewer) -> &FailoverConfig {
    &viewer.failover.config
}

fn with(standby: Standby) -> FailoverConfig {
    FailoverConfig { standby, ..FailoverConfig::default() }
}

fn hot() -> Viewer {
    Viewer::watching(FailoverConfig::default())
}

// ---- subscriptions ---------------------------------------------------------------------------------------------------

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

// ---- the table of signals, row by row: Web ---------------------------------------------------------------------------

#[test]
fn web_frozen_is_waited_for_and_decoding_cancels() {
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
fn web_stopped_is_no_trigger() {
    let mut viewer = hot();
    viewer.video(A, 0, 0);
    assert_eq!(viewer.shown_after(10_000), None);
}

#[test]
fn web_an_output_that_does_not_start_is_a_failed_target() {
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
fn web_bytes_that_do_not_move_are_dead_after_two_looks() {
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
fn web_lost_audio_is_waited_for_and_needs_the_backup_s() {
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
fn web_whoever_left_is_left_at_once() {
    for how in [Left::TimedOut, Left::Quit, Left::BecameAudience, Left::Unknown] {
        let mut viewer = hot();
        viewer.signal(Signal::Left(A, how));
        assert_eq!(viewer.shown(), B, "{how:?}");
    }
}

#[test]
fn web_a_synthetic_leave_without_a_backup_is_waited_out() {
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
fn web_unpublished_video_is_left_at_once() {
    let mut viewer = hot();
    viewer.signal(Signal::Unpublished(A, Kind::Video));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn web_a_deliberate_mute_is_waited_for_two_seconds() {
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
fn web_unpublished_audio_is_waited_for_if_the_backup_has_it() {
    let mut viewer = hot();
    viewer.signal(Signal::Unpublished(A, Kind::Audio));
    assert_eq!(viewer.shown_after(10_000), None, "nobody knows whether the backup can be heard");
    viewer.signal(Signal::Progress(B, Kind::Audio, true));
    assert_eq!(viewer.shown(), B);
}

#[test]
fn web_a_candidate_that_is_back_is_only_a_candidate() {
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
fn web_a_decoder_that_gave_up_needs_a_decoding_backup() {
    let mut viewer = hot();
    viewer.signal(Signal::DecodeFailed(A));
    assert_eq!(viewer.shown(), B);
    let mut viewer = Viewer::watching(with(Standby::Cold));
    viewer.signal(Signal::DecodeFailed(A));
    viewer.pass(2_000);
    assert_eq!(viewer.shown(), A);
}

#[test]
fn web_the_viewer_s_own_trouble_is_nobody_else_s() {
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
fn web_after_the_viewer_s_reconnect_it_settles_first() {
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
fn web_when_the_viewer_is_banned_everything_stops() {
    let mut viewer = hot();
    viewer.signal(Signal::Connection(Connection::Closed));
    viewer.signal(Signal::Left(A, Left::Quit));
    assert_eq!(viewer.events(), [Event::Closed]);
    assert_eq!(viewer.shown_after(60_000), None);
    assert!(viewer.told.is_empty());
}

#[test]
fn web_a_fallback_to_audio_is_the_viewer_s_downlink() {
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

#[test]
fn web_one_frame_alone_is_no_start() {
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
fn web_in_a_hidden_page_bytes_stand_for_frames() {
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
fn web_a_bad_network_lengthens_the_grace() {
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

// ---- native engines --------------------------------------------------------------------------------------------------

#[test]
fn native_rows() {
    // (state, reason), and after how many ms another one is shown, if at all.
    let cases: &[(u8, u8, Option<u64>)] = &[
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
            Millis::ZERO,
            Signal::State(A, Kind::Video, MediaState::from_number(*state), StateReason::from_number(*reason)),
        );
        assert_eq!(viewer.shown_after(30_000), *expected, "video ({state}, {reason})");
        let is_reported = viewer.events().contains(&Event::Unplayable(A, Kind::Video));
        assert_eq!(is_reported, *reason == 13, "video ({state}, {reason})");
    }
    let audio: &[(u8, u8, Option<u64>)] =
        &[(0, 7, Some(0)), (3, 1, Some(2_000)), (0, 5, Some(2_000)), (2, 0, None), (4, 9, None)];
    for (state, reason, expected) in audio {
        let mut viewer = hot();
        viewer.signal(Signal::Progress(B, Kind::Audio, true));
        viewer.failover.handle(
            Millis::ZERO,
            Signal::State(A, Kind::Audio, MediaState::from_number(*state), StateReason::from_number(*reason)),
        );
        assert_eq!(viewer.shown_after(2_400), *expected, "audio ({state}, {reason})");
        let is_reported = viewer.events().contains(&Event::Unplayable(A, Kind::Audio));
        assert_eq!(is_reported, *state == 4, "audio ({state}, {reason})");
    }
}

#[test]
fn native_muted_before_the_first_frame_is_an_artefact_of_joining() {
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

// ---- the server's word, coming back, flapping ----------------------------------------------------------------------------

#[test]
fn the_server_s_word_is_followed_once_its_output_is_decoding() {
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
fn a_word_for_an_output_under_penalty_is_followed_once_that_is_over() {
    let mut viewer = Viewer::watching(with(Standby::Cold));
    let FailoverConfig { starting_ms, penalty_ms, .. } = config_of(&viewer).clone();
    viewer.signal(Signal::OnAir(B));
    viewer.pass(starting_ms.as_u64());
    let failed_at = viewer.now;
    viewer.pass(100);
    viewer.signal(Signal::OnAir(B));
    assert_eq!(viewer.settle(), Some(failed_at + penalty_ms.as_u64()));
}

#[test]
fn a_word_given_before_there_was_anything_to_show_is_followed_though_another_output_was_there_first() {
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
fn it_fails_back_after_the_clear_time_if_it_is_told_to() {
    let config = FailoverConfig { fail_back_ms: Some(Millis::from_secs(60)), ..FailoverConfig::default() };
    let mut viewer = Viewer::watching(config);
    viewer.signal(Signal::Left(A, Left::Quit));
    viewer.pass(10_000);
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    viewer.told.clear();
    assert_eq!(viewer.shown_after(120_000), Some(60_000));
    assert_eq!(viewer.events(), [Event::FailedBack { from: B, to: A }]);
}

#[test]
fn a_dwell_time_stops_flapping_but_not_a_certain_loss() {
    let mut viewer = hot();
    viewer.signal(Signal::Left(A, Left::Quit));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    viewer.video(B, 3, 0);
    assert_eq!(viewer.shown_after(10_000), Some(5_000));

    let mut viewer = hot();
    viewer.signal(Signal::Left(A, Left::Quit));
    viewer.signal(Signal::Published(A, Kind::Video));
    viewer.video(A, 2, 0);
    viewer.signal(Signal::Left(B, Left::Quit));
    assert_eq!(viewer.shown(), A, "what is gone cannot be shown");
}

// ---- frames --------------------------------------------------------------------------------------------------------------

#[test]
fn with_a_hot_standby_a_few_missing_frames_are_enough() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    let died = viewer.now - 66;
    viewer.told.clear();
    viewer.frames(&[B], 1_000);
    let shown =
        viewer.told.iter().find(|(_, output)| *output == Output::Show(B)).map(|(at, _)| at - died).unwrap();
    assert!((250..=340).contains(&shown), "{shown} ms");
    let Some(Event::Switched { from, to, reason, detect_ms, switch_ms, outage_ms }) =
        viewer.events().into_iter().find(|event| matches!(event, Event::Switched { .. }))
    else {
        panic!("{:?}", viewer.told)
    };
    assert_eq!((from, to, reason), (A, B, Reason::Frozen));
    assert_eq!(detect_ms.as_u64(), shown);
    assert_eq!(outage_ms, detect_ms.plus(switch_ms));
    assert!(outage_ms.as_u64() <= 400, "{outage_ms}");
}

#[test]
fn when_the_frames_of_both_stop_nothing_is_switched() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    assert_eq!(viewer.shown_after(400), None);
    viewer.video(A, 3, 0);
    viewer.video(B, 3, 0);
    assert_eq!(viewer.shown_after(60_000), None);
}

#[test]
fn after_a_stall_of_both_the_one_that_is_shown_may_come_back_a_little_later() {
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

#[test]
fn one_that_does_not_come_back_from_a_stall_of_both_is_left() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.pass(5_000);
    let back = viewer.now;
    viewer.told.clear();
    viewer.frames(&[B], 3_000);
    let shown = viewer.told.iter().find(|(_, output)| *output == Output::Show(B)).unwrap().0;
    assert!((1_400..=1_700).contains(&(shown - back)), "{}", shown - back);
}

#[test]
fn a_hidden_page_shows_no_frames_and_that_is_no_fault() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.signal(Signal::Visible(false));
    assert_eq!(viewer.shown_after(60_000), None);
    viewer.signal(Signal::Visible(true));
    assert_eq!(viewer.shown_after(300), None, "the first frames have to come again");
}

#[test]
fn an_output_that_comes_back_at_once_was_left_for_nothing() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 3_000);
    viewer.frames(&[B], 600);
    assert_eq!(viewer.shown(), B);
    viewer.signal(Signal::Frame(A));
    assert!(viewer.events().contains(&Event::FalseAlarm(A)));
    assert_eq!(viewer.shown_after(4_000), None);
}

#[test]
fn a_standby_that_does_not_flow_makes_room_for_another() {
    const C: Uid = 9101;
    let mut viewer = hot();
    viewer.failover = Failover::new(&[A, B, C], FailoverConfig::default(), Millis::ZERO);
    viewer.signal(Signal::Connection(Connection::Connected));
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
fn time_that_the_viewer_was_away_is_not_held_against_one_that_was_refused() {
    let mut viewer =
        after_joining_again(FailoverConfig { settle_ms: Millis::ZERO, ..FailoverConfig::default() });
    viewer.refuse(2);
    viewer.signal(Signal::MediaPath(false));
    viewer.pass(5_000);
    viewer.signal(Signal::MediaPath(true));
    assert_eq!(viewer.shown_after(10_000), Some(3_000));
}

#[test]
fn one_that_was_refused_and_has_begun_may_still_come() {
    let starting_ms = Millis::new(5_000);
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
    viewer.pass(10_000);
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
fn the_snapshot_is_the_state() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 1_000);
    viewer.video(A, 3, 0);
    let text = serde_json::to_string(&viewer.failover).unwrap();
    assert_eq!(serde_json::from_str::<Failover>(&text).unwrap(), viewer.failover);
}

#[test]
fn a_change_in_a_hidden_page_is_told_though_no_further_frame_is_seen() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 1_000);
    viewer.signal(Signal::Visible(false));
    // One that was under way when the page was hidden.
    viewer.signal(Signal::Frame(B));
    viewer.pass(100);
    viewer.signal(Signal::Left(A, Left::Quit));
    assert_eq!(viewer.shown(), B);
    assert!(viewer.events().iter().any(|event| matches!(event, Event::Switched { .. })), "{:?}", viewer.told);
}

#[test]
fn one_frame_is_enough_to_be_shown_for_as_long_as_the_second_may_come() {
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
        viewer.signal(Signal::Left(A, Left::Quit));
        assert_eq!(viewer.failover.shown(), Some(shown), "after {} ms", viewer.now);
    }
}

// ---- properties ------------------------------------------------------------------------------------------------------------

fn any_signal() -> impl Strategy<Value = Signal> {
    let uid = prop_oneof![Just(A), Just(B), Just(7)];
    let kind = prop_oneof![Just(Kind::Audio), Just(Kind::Video)];
    let left =
        prop_oneof![Just(Left::Quit), Just(Left::TimedOut), Just(Left::BecameAudience), Just(Left::Unknown)];
    let connection = prop_oneof![
        4 => Just(Connection::Connected), 2 => Just(Connection::Reconnecting)
    ];
    prop_oneof![
        2 => uid.clone().prop_map(Signal::Joined),
        2 => (uid.clone(), left).prop_map(|(uid, left)| Signal::Left(uid, left)),
        4 => (uid.clone(), kind.clone()).prop_map(|(uid, kind)| Signal::Published(uid, kind)),
        1 => (uid.clone(), kind.clone()).prop_map(|(uid, kind)| Signal::Unpublished(uid, kind)),
        1 => (uid.clone(), kind.clone(), any::<bool>()).prop_map(|(uid, kind, muted)| Signal::Muted(uid, kind, muted)),
        8 => (uid.clone(), kind.clone(), 0u8..6, 0u8..14).prop_map(|(uid, kind, state, reason)| {
            Signal::State(uid, kind, MediaState::from_number(state), StateReason::from_number(reason))
        }),
        8 => uid.clone().prop_map(Signal::Frame),
        4 => (uid.clone(), kind.clone(), any::<bool>()).prop_map(|(uid, kind, on)| Signal::Progress(uid, kind, on)),
        1 => (uid.clone(), kind).prop_map(|(uid, kind)| Signal::SubscribeFailed(uid, kind)),
        1 => connection.prop_map(Signal::Connection),
        1 => any::<bool>().prop_map(Signal::MediaPath),
        1 => any::<bool>().prop_map(Signal::BadNetwork),
        1 => any::<bool>().prop_map(Signal::Visible),
        1 => uid.prop_map(Signal::OnAir),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_sdk_tells(signals in prop::collection::vec((any_signal(), 0u64..3_000), 1..60), standby in 0u8..3) {
        let standby = [Standby::Hot, Standby::Probe, Standby::Cold][usize::from(standby)];
        let mut viewer = Viewer::before(with(standby));
        let mut decoded: Vec<Uid> = Vec::new();
        let mut last_show: Option<u64> = None;
        let mut offline: Vec<Uid> = vec![A, B];
        let mut visible = true;
        for (signal, wait) in signals {
            match signal {
                Signal::Frame(uid) | Signal::State(uid, Kind::Video, MediaState::Decoding, _) => decoded.push(uid),
                Signal::Joined(uid) | Signal::Published(uid, _) => offline.retain(|other| *other != uid),
                Signal::Left(uid, _) => offline.push(uid),
                // In a hidden page bytes are all that can be seen of a picture.
                Signal::Progress(uid, Kind::Video, true) if !visible => decoded.push(uid),
                Signal::Visible(now) => visible = now,
                _ => {}
            }
            let before = viewer.failover.shown();
            viewer.told.clear();
            viewer.signal(signal);
            viewer.pass(wait);
            for (at, output) in viewer.told.clone() {
                if let Output::Show(uid) = output {
                    prop_assert!(decoded.contains(&uid), "{} was never seen", uid);
                    let was_lost = before.is_some_and(|before| {
                        viewer.failover.feeds.iter().any(|feed| feed.uid == before && (feed.lost || feed.failed))
                    });
                    if let Some(last) = last_show.filter(|_| !was_lost) {
                        prop_assert!(at >= last + 5_000, "two switches within {} ms", at - last);
                    }
                    last_show = before.map(|_| at).or(last_show);
                }
            }
            let copy: Failover = serde_json::from_str(&serde_json::to_string(&viewer.failover).unwrap()).unwrap();
            prop_assert_eq!(&copy, &viewer.failover);
        }
        // When everything is quiet, it comes to rest.
        viewer.signal(Signal::Connection(Connection::Connected));
        viewer.signal(Signal::MediaPath(true));
        viewer.pass(120_000);
        let at_rest = viewer.failover.shown();
        viewer.pass(120_000);
        prop_assert_eq!(viewer.failover.shown(), at_rest);
        // And never shows one that is gone while another is there and well.
        if let Some(shown) = at_rest.filter(|shown| offline.contains(shown)) {
            let other = if shown == A { B } else { A };
            let is_ready = (0..2).any(|at| viewer.failover.feeds[at].uid == other && viewer.failover.is_ready(at));
            prop_assert!(!is_ready, "shows {} though {} is well", shown, other);
        }
    }
}
