use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::Area;
use crate::quota::OutputSize;
use crate::time::short::ms;

const T0: Instant = Instant::from_millis(1_000_000);

fn limits(pcw: u32) -> QuotaLimits {
    QuotaLimits { pcw, ..QuotaLimits::documented(Area::China, OutputSize::Hd) }
}

fn bucket() -> TokenBucket {
    TokenBucket::new(limits(100), T0)
}

/// This many milliseconds after the start.
fn t(ms: u64) -> Instant {
    T0 + Duration::from_millis(ms)
}

fn most_in_any_second(sent: &[Instant]) -> usize {
    (0..sent.len())
        .map(|i| sent[i..].iter().take_while(|t| t.duration_since(sent[i]) < SECOND).count())
        .max()
        .unwrap_or(0)
}

#[test]
fn two_calls_at_once_then_eight_per_second() {
    let mut bucket = bucket();
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Query), Permit::Granted);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Query), Permit::Granted);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Query), Permit::Wait(t(125)));
    assert_eq!(bucket.ask(t(124), 0, LimitedCall::Query), Permit::Wait(t(125)));
    assert_eq!(bucket.ask(t(125), 0, LimitedCall::Query), Permit::Granted);
}

#[test]
fn delete_goes_before_create_before_query() {
    let mut bucket = bucket();
    assert_eq!(bucket.ask(T0, 9, LimitedCall::AcquireAndCreate), Permit::Granted);
    for (lane, call) in [(0, LimitedCall::Query), (1, LimitedCall::Create), (2, LimitedCall::Delete)] {
        assert!(matches!(bucket.ask(T0, lane, call), Permit::Wait(_)));
    }
    let mut served = Vec::new();
    for step in 1..=100 {
        for (lane, call) in [(0, LimitedCall::Query), (1, LimitedCall::Create), (2, LimitedCall::Delete)] {
            if !served.contains(&call) && bucket.ask(t(step * 5), lane, call) == Permit::Granted {
                served.push(call);
            }
        }
    }
    assert_eq!(served, [LimitedCall::Delete, LimitedCall::Create, LimitedCall::Query]);
}

#[test]
fn an_acquire_waits_until_its_create_may_follow() {
    let mut bucket = bucket();
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Query), Permit::Granted);
    assert_eq!(
        bucket.ask(T0, 1, LimitedCall::AcquireAndCreate),
        Permit::Wait(t(125)),
        "one permit is not enough"
    );
    assert_eq!(bucket.ask(t(125), 1, LimitedCall::AcquireAndCreate), Permit::Granted);
    assert!(matches!(bucket.ask(t(130), 0, LimitedCall::Create), Permit::Wait(_)));
    assert_eq!(bucket.ask(t(130), 1, LimitedCall::Create), Permit::Granted);
    assert!(matches!(bucket.ask(t(130), 1, LimitedCall::Create), Permit::Wait(_)), "once");
}

#[test]
fn creates_whose_acquires_are_answered_together_leave_one_by_one() {
    let limits = QuotaLimits { pcw: 30, calls_per_second: 100, burst: 100 };
    let mut bucket = TokenBucket::new(limits, T0);
    for lane in 0..3u32 {
        assert_eq!(
            bucket.ask(t(u64::from(lane) * 334), lane, LimitedCall::AcquireAndCreate),
            Permit::Granted
        );
    }
    let mut ask = |at, lane| bucket.ask(t(at), lane, LimitedCall::Create);
    assert_eq!(ask(1_400, 0), Permit::Granted);
    assert_eq!(ask(1_400, 1), Permit::Wait(t(1_734)));
    assert_eq!(ask(1_400, 2), Permit::Wait(t(2_068)));
    assert_eq!(ask(1_734, 1), Permit::Granted);
    assert_eq!(ask(2_068, 2), Permit::Granted);
}

#[test]
fn a_create_is_held_back_for_a_second_at_most_and_the_others_wait_for_it() {
    let limits = QuotaLimits { pcw: 30, calls_per_second: 100, burst: 100 };
    let mut bucket = TokenBucket::new(limits, T0);
    for lane in 0..7u32 {
        assert_eq!(
            bucket.ask(t(u64::from(lane) * 334), lane, LimitedCall::AcquireAndCreate),
            Permit::Granted
        );
    }
    let mut leaves = |lane| match bucket.ask(t(2_100), lane, LimitedCall::Create) {
        Permit::Granted => 0,
        Permit::Wait(until) => until.duration_since(t(2_100)).as_millis(),
    };
    assert_eq!([0, 1, 2, 3, 4, 5, 6].map(&mut leaves), [0, 334, 668, 0, 0, 0, 0]);
    assert_eq!(
        bucket.ask(t(2_100), 8, LimitedCall::Create),
        Permit::Wait(t(3_102)),
        "one without a reserved permit"
    );
    assert_eq!(bucket.ask(t(2_434), 1, LimitedCall::Create), Permit::Granted);
}

#[test]
fn a_create_is_held_back_for_a_whole_second() {
    let limits = QuotaLimits { pcw: 20, calls_per_second: 100, burst: 100 };
    let mut bucket = TokenBucket::new(limits, T0);
    for lane in 0..3u32 {
        assert_eq!(
            bucket.ask(t(u64::from(lane) * 500), lane, LimitedCall::AcquireAndCreate),
            Permit::Granted
        );
    }
    let mut ask = |lane| bucket.ask(t(1_100), lane, LimitedCall::Create);
    assert_eq!([ask(0), ask(1), ask(2)], [Permit::Granted, Permit::Wait(t(1_600)), Permit::Wait(t(2_100))]);
}

#[test]
fn a_create_is_not_held_back_until_its_builder_token_is_too_old() {
    let mut bucket = TokenBucket::new(QuotaLimits { pcw: 5, ..limits(30) }, T0);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::AcquireAndCreate), Permit::Granted);
    assert_eq!(bucket.ask(T0, 1, LimitedCall::AcquireAndCreate), Permit::Wait(t(2_000)));
    assert_eq!(bucket.ask(t(2_000), 1, LimitedCall::AcquireAndCreate), Permit::Granted);
    assert_eq!(bucket.ask(t(2_100), 0, LimitedCall::Create), Permit::Granted);
    assert_eq!(bucket.ask(t(2_100), 1, LimitedCall::Create), Permit::Granted);
}

#[test]
fn a_create_keeps_its_departure_time_whatever_other_lanes_ask_for() {
    let mut bucket = TokenBucket::new(QuotaLimits { pcw: 2, ..limits(30) }, T0);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Create), Permit::Granted);
    assert_eq!(bucket.ask(t(200), 1, LimitedCall::Create), Permit::Wait(t(5_000)));
    for at in [2_500, 2_600, 4_900] {
        assert_eq!(bucket.ask(t(at), 7, LimitedCall::Query), Permit::Granted);
    }
    assert_eq!(bucket.ask(t(5_000), 1, LimitedCall::Create), Permit::Granted);
}

#[test]
fn at_most_a_tenth_of_the_pcw_is_created_per_second() {
    let mut bucket = TokenBucket::new(QuotaLimits { pcw: 10, ..limits(30) }, T0);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Create), Permit::Granted);
    assert_eq!(bucket.ask(T0, 1, LimitedCall::Create), Permit::Wait(t(1000)));
    assert_eq!(bucket.ask(T0, 2, LimitedCall::Query), Permit::Granted, "a query need not wait for it");
    assert_eq!(bucket.ask(t(1000), 1, LimitedCall::Create), Permit::Granted);
}

#[test]
fn a_clock_set_forward_permits_no_eleventh_call() {
    let mut bucket = bucket();
    let mut granted =
        |at| (0..20).filter(|_| bucket.ask(at, 0, LimitedCall::Query) == Permit::Granted).count();
    assert_eq!(granted(T0), 2);
    let steady: usize = (1..8).map(|i| granted(t(i * 125))).sum();
    assert_eq!(steady, 7);
    // No time has passed, whatever the clock shows.
    let hour = 3_600_000;
    assert_eq!(granted(t(hour)), 1, "ten with those of the last second");
    assert_eq!(granted(t(hour + 1_000)), 2, "and it continues from there");
}

#[test]
fn after_a_quiet_time_the_first_call_leaves_at_once() {
    let mut bucket = bucket();
    for at in [0, 5_000, 65_000, 65_100, 185_000] {
        assert_eq!(bucket.ask(t(at), 0, LimitedCall::Query), Permit::Granted, "at {at} ms");
    }
}

#[test]
fn timers_that_are_always_late_still_get_permits() {
    let mut bucket = bucket();
    let granted =
        (0..10).filter(|i| bucket.ask(t(i * 5_000), 0, LimitedCall::Query) == Permit::Granted).count();
    assert!(granted >= 9, "{granted}");
}

#[test]
fn timers_that_are_always_late_may_ask_more_than_once() {
    let mut bucket = bucket();
    for query in 0..10 {
        for _ in 0..2 {
            assert_eq!(bucket.ask(t(query * 5_000), 0, LimitedCall::Query), Permit::Granted, "query {query}");
        }
    }
}

/// A bucket without permits, whose Creates only wait for the rate.
fn drained() -> TokenBucket {
    let limits = QuotaLimits { pcw: 1_000_000, ..limits(100) };
    let mut bucket = TokenBucket::new(limits, T0);
    for lane in [20, 21] {
        assert_eq!(bucket.ask(T0, lane, LimitedCall::Query), Permit::Granted);
    }
    bucket
}

#[test]
fn the_first_lane_to_ask_stays_first_however_often_it_asks() {
    let mut bucket = drained();
    for lane in [5, 1, 5] {
        assert_eq!(
            bucket.ask(T0, lane, LimitedCall::Query),
            Permit::Wait(t(if lane == 5 { 125 } else { 250 }))
        );
    }
    assert_eq!(bucket.ask(t(125), 1, LimitedCall::Query), Permit::Wait(t(250)));
    assert_eq!(bucket.ask(t(125), 1, LimitedCall::Delete), Permit::Granted, "it asks for another call now");
    assert_eq!(bucket.ask(t(250), 5, LimitedCall::Query), Permit::Granted);
}

#[test]
fn a_lane_that_withdraws_loses_its_claim_and_its_reservation() {
    let mut bucket = drained();
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Delete), Permit::Wait(t(125)));
    bucket.withdraw(0);
    assert_eq!(bucket.ask(t(125), 1, LimitedCall::Query), Permit::Granted);
    assert_eq!(bucket.ask(t(375), 0, LimitedCall::AcquireAndCreate), Permit::Granted);
    bucket.withdraw(0);
    assert!(matches!(bucket.ask(t(400), 0, LimitedCall::Create), Permit::Wait(_)));
}

#[test]
fn after_waiting_for_a_round_a_lane_precedes_higher_priorities() {
    let mut bucket = drained();
    let mut ask = |at, lane, call| bucket.ask(t(at), lane, call) == Permit::Granted;
    assert!(!ask(0, 0, LimitedCall::Query));
    for lane in 1..=8 {
        assert!(!ask(0, lane, LimitedCall::Create));
    }
    // Nine lanes at eight calls a second: a round takes 1125 ms.
    for turn in 1..=9u32 {
        let at = u64::from(turn) * 125;
        assert!(!ask(at, 0, LimitedCall::Query), "at {at} ms");
        let creating = (turn - 1) % 8 + 1;
        assert!(ask(at, creating, LimitedCall::Create), "at {at} ms");
        assert!(!ask(at, creating, LimitedCall::Create));
    }
    assert!(ask(1_250, 0, LimitedCall::Query));
}

#[test]
fn a_create_that_is_due_precedes_queries() {
    let mut bucket = TokenBucket::new(QuotaLimits { pcw: 10, ..limits(30) }, T0);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::Create), Permit::Granted);
    assert_eq!(bucket.ask(T0, 1, LimitedCall::Create), Permit::Wait(t(1000)));
    assert_eq!(bucket.ask(t(1000), 2, LimitedCall::Query), Permit::Granted);
    assert_eq!(bucket.ask(t(1000), 3, LimitedCall::Query), Permit::Wait(t(1125)));
}

#[test]
fn permits_that_were_reserved_count_in_the_second_in_which_they_may_be_used() {
    let mut bucket = bucket();
    for lane in 0..4u32 {
        assert_eq!(
            bucket.ask(t(u64::from(lane) * 250), lane, LimitedCall::AcquireAndCreate),
            Permit::Granted
        );
    }
    for at in [875, 1_000, 1_125] {
        assert_eq!(bucket.ask(t(at), 9, LimitedCall::Query), Permit::Granted);
    }
    // Six calls from 250 ms on and four reserved Creates: the eleventh waits until the first is more than a second
    // old.
    assert_eq!(bucket.ask(t(1_250), 9, LimitedCall::Query), Permit::Wait(t(1_251)));
    assert_eq!(bucket.ask(t(1_251), 9, LimitedCall::Query), Permit::Granted);
}

const ASKED_EVERY: u64 = 13;

proptest! {
    /// Lanes that always want a permit, with Creates up to two seconds after their Acquires.
    #[test]
    fn never_more_than_ten_in_any_second_and_no_lane_starves(
        lanes in 1u32..40, wants in prop::collection::vec(0u8..4, 40), seed: u64,
    ) {
        let mut bucket = bucket();
        let mut sent = Vec::new();
        let mut pending: BTreeMap<LaneNumber, Instant> = BTreeMap::new();
        let mut last_served = vec![T0; lanes as usize];
        let mut longest = Duration::ZERO;
        for step in 0..2_000u64 {
            let now = t(step * ASKED_EVERY);
            for lane in 0..lanes {
                if let Some(at) = pending.get(&lane).copied() {
                    if now >= at && bucket.ask(now, lane, LimitedCall::Create) == Permit::Granted {
                        sent.push(now);
                        pending.remove(&lane);
                    }
                    continue;
                }
                let call = match wants[lane as usize] { 0 => LimitedCall::Delete, 1 => LimitedCall::AcquireAndCreate, 2 => LimitedCall::Create, _ => LimitedCall::Query };
                if bucket.ask(now, lane, call) == Permit::Granted {
                    sent.push(now);
                    longest = longest.max(now.duration_since(last_served[lane as usize]));
                    last_served[lane as usize] = now;
                    if call == LimitedCall::AcquireAndCreate {
                        pending.insert(lane, now + ms((seed ^ step).wrapping_mul(7919) % 2_000));
                    }
                }
                if step % 500 == 0 {
                    let copy: TokenBucket = serde_json::from_str(&serde_json::to_string(&bucket).unwrap()).unwrap();
                    prop_assert_eq!(&copy, &bucket);
                }
            }
        }
        let most = most_in_any_second(&sent);
        prop_assert!(most <= 10, "{} calls in one second", most);
        // Two permits for an Acquire, the two seconds of its Create, and the time for which that may be held back;
        // each turn is noticed a little late.
        let bound = ms(u64::from(lanes) * (2 * 1000 / 8 + ASKED_EVERY) + 3_500);
        prop_assert!(longest <= bound, "{} waited {} of {}", lanes, longest, bound);
    }
}

/// A permitted call on its way.
struct UnderWay {
    lane: LaneNumber,
    leaves: u64,
    /// When the bucket is informed of it.
    reported: u64,
    has_left: bool,
}

proptest! {
    /// Calls and reports may be delayed by any time.
    #[test]
    fn calls_that_leave_late_do_not_exceed_the_limit(
        lanes in 1u32..60, wants in prop::collection::vec(0u8..3, 60), seed: u64,
        busy_ms in prop::sample::select(vec![0u64, 50, 600, 2_000]), way_ms in 0u64..100,
    ) {
        let limits = QuotaLimits { calls_per_second: 7, burst: 2, pcw: 10_000 };
        let mut bucket = TokenBucket::new(limits, T0).with_reported_use();
        let mut chance = seed;
        let mut random = |most: u64| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if most == 0 { 0 } else { (chance >> 33) % most }
        };
        let mut under_way: Vec<UnderWay> = Vec::new();
        let mut to_create: Vec<LaneNumber> = Vec::new();
        let (mut left, mut arrived) = (Vec::new(), Vec::new());
        for step in 0..2_000u64 {
            let at = step * ASKED_EVERY;
            for call in under_way.iter_mut().filter(|call| !call.has_left && at >= call.leaves) {
                call.has_left = true;
                left.push(t(at));
                arrived.push(t(at + random(way_ms + 1)));
            }
            under_way.retain(|call| {
                let is_reported = at >= call.reported;
                if is_reported {
                    bucket.used(t(at), call.lane);
                }
                !is_reported
            });
            for lane in 0..lanes {
                if under_way.iter().any(|call| call.lane == lane) {
                    continue;
                }
                let creates = to_create.contains(&lane);
                let call = match wants[lane as usize] {
                    _ if creates => LimitedCall::Create,
                    0 => LimitedCall::Delete,
                    1 => LimitedCall::AcquireAndCreate,
                    _ => LimitedCall::Query,
                };
                if bucket.ask(t(at), lane, call) == Permit::Granted {
                    to_create.retain(|other| *other != lane);
                    if call == LimitedCall::AcquireAndCreate {
                        to_create.push(lane);
                    }
                    let leaves = at + random(busy_ms);
                    let reported = leaves + random(busy_ms.min(500));
                    under_way.push(UnderWay { lane, leaves, reported, has_left: false });
                }
            }
        }
        arrived.sort_unstable();
        let (at_departure, at_service) = (most_in_any_second(&left), most_in_any_second(&arrived));
        prop_assert!(at_departure <= 9, "{at_departure} left within a second");
        prop_assert!(at_service <= 10, "{at_service} arrived within a second");
        // Nothing is lost: calls that have left make room again.
        let most_ms = 1_100 + busy_ms + busy_ms.min(500) + 200;
        let least = 2_000 * ASKED_EVERY / most_ms * u64::from(lanes.min(9)) / 3;
        prop_assert!(left.len() as u64 >= least, "{} of {least}", left.len());
    }
}

#[test]
fn a_permit_whose_use_is_not_reported_expires() {
    let mut bucket = TokenBucket::new(QuotaLimits { burst: 10, ..limits(100) }, T0).with_reported_use();
    let mut granted = |at: u64| {
        (0..30).filter(|lane| bucket.ask(t(at), *lane, LimitedCall::Query) == Permit::Granted).count()
    };
    assert_eq!(granted(0), 10);
    let until_then: usize = (1..=50).map(|i| granted(i * 100)).sum();
    assert_eq!(until_then, 8, "as many as a second has room for, burst and all");
    assert!(granted(5_100) >= 8);
}

#[test]
fn a_report_of_use_is_about_a_permit() {
    let mut bucket = TokenBucket::new(limits(100), T0).with_reported_use();
    bucket.used(T0, 3);
    assert_eq!(bucket.ask(T0, 3, LimitedCall::Query), Permit::Granted);
    bucket.used(t(10), 3);
    bucket.used(t(20), 3);
    let copy: TokenBucket = serde_json::from_str(&serde_json::to_string(&bucket).unwrap()).unwrap();
    assert_eq!(copy, bucket);
    assert_eq!((bucket.sent.len(), bucket.unused.unwrap().len()), (1, 0));
}

#[test]
fn the_departure_of_a_create_does_not_delay_the_next_one() {
    let mut bucket = TokenBucket::new(QuotaLimits { pcw: 20, ..limits(30) }, T0);
    assert_eq!(bucket.ask(T0, 0, LimitedCall::AcquireAndCreate), Permit::Granted);
    assert_eq!(bucket.ask(t(500), 1, LimitedCall::AcquireAndCreate), Permit::Granted);
    assert_eq!(bucket.ask(t(600), 0, LimitedCall::Create), Permit::Granted);
    assert_eq!(bucket.ask(t(600), 1, LimitedCall::Create), Permit::Wait(t(1_100)));
    // Its builder token was dropped.
    assert_eq!(bucket.ask(t(1_200), 1, LimitedCall::AcquireAndCreate), Permit::Granted);
    assert_eq!(bucket.ask(t(1_300), 0, LimitedCall::Create), Permit::Wait(t(1_700)));
    assert_eq!(bucket.ask(t(1_400), 1, LimitedCall::Create), Permit::Wait(t(1_600)), "in its turn");
}

#[test]
fn an_impossible_bucket_is_not_restored() {
    let of_burst = |burst| TokenBucket::new(QuotaLimits { burst, ..limits(100) }, T0);
    assert_eq!(of_burst(2).check(), Ok(()));
    assert_eq!(of_burst(1).check().unwrap_err().field, "quota.burst");
    let counted = TokenBucket { next_order: u64::MAX, ..of_burst(2) };
    assert_eq!(counted.check().unwrap_err().field, "permits.bucket.next_order");
}
