use super::*;
use crate::failover::Health;
use crate::time::short::{at, ms};

/// Published.
fn available() -> Feed {
    let mut feed = Feed::new(7);
    feed.published(Kind::Video, at(0));
    feed.published(Kind::Audio, at(0));
    feed
}

/// Subscribed, without a first frame.
fn subscribed() -> Feed {
    let mut feed = available();
    feed.subscribe(Kind::Video, at(0));
    feed
}

/// The same, after a change.
fn after(change: impl FnOnce(&mut Feed)) -> Feed {
    let mut feed = subscribed();
    change(&mut feed);
    feed
}

/// With frames at these gaps, the first one at 10 s.
fn with_gaps(gaps: &[u64]) -> (Feed, u64) {
    let (mut feed, mut now) = (subscribed(), 10_000);
    feed.frame(at(now));
    for gap in gaps {
        now += gap;
        feed.frame(at(now));
    }
    (feed, now)
}

/// How long frames may be missing after these gaps, in ms.
fn gap_grace(gaps: &[u64]) -> Option<u64> {
    with_gaps(gaps).0.gap_grace(ms(0)).map(|gap_grace| gap_grace.as_millis())
}

/// The longest time after the last frame, in ms, that is not out of rhythm.
fn rhythm(gaps: &[u64]) -> Option<u64> {
    let (feed, now) = with_gaps(gaps);
    (0..2_000).take_while(|late| !feed.is_out_of_rhythm(at(now + late))).last()
}

#[test]
fn frames_may_be_missing_for_four_intervals_or_twice_the_longest_gap() {
    assert_eq!(gap_grace(&[40; 7]), None);
    assert_eq!(gap_grace(&[40; 8]), Some(160));
    assert_eq!(with_gaps(&[40; 8]).0.gap_grace(ms(250)), Some(ms(250)));
    let then = |gap: &[u64]| gap_grace(&[&[40; 8], gap].concat());
    assert_eq!(then(&[80]), Some(180), "the interval follows by an eighth");
    assert_eq!(then(&[200]), Some(400));
    assert_eq!(then(&[256, 40]), Some(508), "the longest gap fades by a 128th");
    assert_eq!(then(&[600]), Some(1_000));
    assert_eq!(then(&[1_000]), Some(1_000));
    assert_eq!(then(&[1_001]), None, "too long for the cadence");
}

#[test]
fn a_frame_is_out_of_rhythm_after_two_intervals_or_the_longest_gap_within_three() {
    assert_eq!(rhythm(&[]), Some(150));
    assert_eq!(rhythm(&[40; 8]), Some(80));
    assert_eq!(rhythm(&[10; 8]), Some(34));
    assert_eq!(rhythm(&[&[40; 8], [120].as_slice()].concat()), Some(120));
    assert_eq!(rhythm(&[&[40; 8], [400].as_slice()].concat()), Some(255), "three intervals of 85 ms");
    let never = subscribed();
    assert!(!never.is_out_of_rhythm(at(60_000)), "without a first frame there is no rhythm");
}

#[test]
fn without_frames_bytes_of_either_kind_prove_that_it_arrives() {
    let mut feed = subscribed();
    assert!(!feed.is_progressing(at(0)));
    feed.polled(Kind::Audio, true, at(5_000));
    assert!(feed.is_progressing(at(7_500)));
    assert!(!feed.is_progressing(at(7_501)), "that stats poll was too long ago");
    feed.polled(Kind::Video, true, at(8_000));
    assert!(feed.is_progressing(at(8_000)));
}

#[test]
fn a_frame_or_a_stats_poll_is_evidence() {
    assert!(!subscribed().has_evidence());
    assert!(after(|feed| assert!(feed.frame(at(1)))).has_evidence());
    assert!(after(|feed| feed.polled(Kind::Video, false, at(1))).has_evidence());
    for came in [true, false] {
        let polled = after(|feed| feed.polled(Kind::Audio, came, at(1)));
        assert!(!polled.has_evidence(), "its audio is not subscribed");
        let heard = after(|feed| {
            feed.subscribe(Kind::Audio, at(0));
            feed.polled(Kind::Audio, came, at(1));
        });
        assert!(heard.has_evidence());
    }
    let gone = after(|feed| {
        feed.frame(at(1));
        feed.left(LeaveReason::Quit, at(2));
        feed.polled(Kind::Video, false, at(3));
    });
    assert!(!gone.has_evidence());
}

#[test]
fn an_output_is_usable_only_if_it_can_be_subscribed() {
    assert!(available().is_usable() && subscribed().is_usable());
    assert!(!after(|feed| feed.left(LeaveReason::Quit, at(1))).is_usable());
    assert!(!after(|feed| feed.unpublished(Kind::Video, at(1))).is_usable());
    assert!(!after(Feed::decode_failed).is_usable());
}

#[test]
fn an_output_has_started_with_its_second_frame() {
    let mut feed = after(|feed| feed.starting(at(10_000)));
    feed.frame(at(10_000));
    assert!(!feed.has_started());
    feed.frame(at(10_040));
    assert!(feed.has_started());
    assert_eq!(subscribed().starting_for(at(700)), Some(ms(700)));
    assert_eq!(feed.starting_for(at(20_000)), None);
}

#[test]
fn an_output_continued_if_its_frame_is_three_quarters_of_the_gap_grace_later() {
    let (other, last) = with_gaps(&[40; 8]);
    let shown_at = |then| after(|feed| assert!(feed.frame(at(then)))).continued_after(&other, ms(200));
    assert!(!shown_at(last + 149));
    assert!(shown_at(last + 150));
}

#[test]
fn without_frames_the_reports_of_the_sdk_count() {
    assert!(!subscribed().is_alive(at(0)));
    let mut feed = after(|feed| assert!(feed.decoding(false, at(0))));
    assert!(feed.is_alive(at(0)));
    let mut frozen = feed.clone();
    frozen.frozen(false, at(0));
    assert!(!frozen.is_alive(at(0)));
    let mut silent = feed.clone();
    silent.polled(Kind::Video, false, at(0));
    assert!(!silent.is_alive(at(0)));
    feed.frame(at(1_000));
    assert!(!feed.is_alive(at(2_000)), "frames say more");
}

#[test]
fn its_health() {
    let (playing, last) = with_gaps(&[40; 8]);
    let now = at(last);
    let health = |change: &dyn Fn(&mut Feed)| {
        let mut feed = playing.clone();
        change(&mut feed);
        feed.health(now, true)
    };
    assert_eq!(playing.health(at(last + 1_000), true), Health::Playing);
    assert_eq!(playing.health(at(last + 1_001), true), Health::Frozen);
    let is_hidden = playing.health(at(last + 1_001), false);
    assert_eq!(is_hidden, Health::Playing, "no frames are seen in a hidden page");
    assert_eq!(health(&|feed| feed.frozen(false, now)), Health::Frozen);
    assert_eq!(health(&|feed| (0..2).for_each(|_| feed.polled(Kind::Video, false, now))), Health::Frozen);
    assert_eq!(health(&|feed| feed.unpublished(Kind::Video, now)), Health::Absent);
    assert_eq!(health(&|feed| feed.left(LeaveReason::Quit, now)), Health::Absent);
    assert_eq!(health(&Feed::decode_failed), Health::Failed);
    assert_eq!(subscribed().health(now, true), Health::Starting);
    assert_eq!(available().health(now, true), Health::Available);
}

#[test]
fn two_polls_without_bytes_are_no_data_and_three_without_audio_a_loss() {
    let (mut feed, last) = with_gaps(&[40; 8]);
    feed.subscribe(Kind::Audio, at(0));
    feed.polled(Kind::Video, false, at(last + 1_000));
    assert!(feed.healthy_since.is_some() && !feed.has_no_data());
    feed.polled(Kind::Video, false, at(last + 2_000));
    assert!(feed.healthy_since.is_none() && feed.has_no_data());
    for poll in 1..=4 {
        feed.polled(Kind::Audio, false, at(last + poll * 1_000));
        let lost_since = (poll >= 3).then(|| at(last + 3_000));
        assert_eq!(feed.audio.lost_since, lost_since, "after {poll} stats polls");
    }
}

#[test]
fn after_a_pause_measurements_start_again() {
    let (mut feed, last) = with_gaps(&[40; 8]);
    feed.polled(Kind::Video, false, at(last));
    feed.polled(Kind::Video, false, at(last));
    feed.reset_after_pause(true, at(50_000));
    assert_eq!((feed.gap_grace(ms(0)), feed.last_active_at(), feed.has_no_data()), (None, None, false));
    assert_eq!(feed.start_deadline(ms(3_000)), at(53_000));
    feed.frame(at(60_000));
    assert_eq!(feed.gap_grace(ms(0)), None, "the pause is no gap");
}
