//! Any signals, in any order.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn any_signal() -> impl Strategy<Value = Signal> {
    let uid = prop_oneof![Just(A), Just(B), Just(7)];
    let kind = prop_oneof![Just(Kind::Audio), Just(Kind::Video)];
    let left = prop_oneof![
        Just(LeaveReason::Quit),
        Just(LeaveReason::TimedOut),
        Just(LeaveReason::BecameAudience),
        Just(LeaveReason::Unknown)
    ];
    let connection = prop_oneof![
        4 => Just(Connection::Connected), 2 => Just(Connection::Reconnecting)
    ];
    prop_oneof![
        2 => uid.clone().prop_map(Signal::Joined),
        2 => (uid.clone(), left).prop_map(|(uid, left)| Signal::Left(uid, left)),
        4 => (uid.clone(), kind.clone()).prop_map(|(uid, kind)| Signal::Published(uid, kind)),
        1 => (uid.clone(), kind.clone()).prop_map(|(uid, kind)| Signal::Unpublished(uid, kind)),
        1 => (uid.clone(), kind.clone(), any::<bool>()).prop_map(|(uid, kind, muted)| Signal::Muted(uid, kind, muted)),
        8 => (uid.clone(), kind.clone(), select(MediaState::ALL), 0u8..14).prop_map(|(uid, kind, state, reason)| {
            Signal::State(uid, kind, state, StateReason::from_number(reason))
        }),
        8 => uid.clone().prop_map(Signal::Frame),
        4 => (uid.clone(), kind.clone(), any::<bool>()).prop_map(|(uid, kind, on)| Signal::Stats(uid, kind, on)),
        1 => (uid.clone(), kind).prop_map(|(uid, kind)| Signal::SubscribeFailed(uid, kind)),
        1 => connection.prop_map(Signal::Connection),
        1 => any::<bool>().prop_map(Signal::MediaConnection),
        1 => any::<bool>().prop_map(Signal::Network),
        1 => any::<bool>().prop_map(Signal::Visible),
        1 => uid.prop_map(Signal::OnAir),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn invariants_hold_whatever_the_sdk_reports(signals in prop::collection::vec((any_signal(), 0u64..3_000), 1..60), standby in 0u8..3) {
        let standby = [Standby::Hot, Standby::Warm, Standby::Cold][usize::from(standby)];
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
                // In a hidden page bytes are the only evidence of video.
                Signal::Stats(uid, Kind::Video, true) if !visible => decoded.push(uid),
                Signal::Visible(now) => visible = now,
                _ => {}
            }
            let before = viewer.failover.shown();
            viewer.outputs.clear();
            viewer.signal(signal);
            viewer.pass(wait);
            for (at, output) in viewer.outputs.clone() {
                if let Output::Show(uid) = output {
                    prop_assert!(decoded.contains(&uid), "{} was never seen", uid);
                    let was_lost = before.is_some_and(|before| {
                        viewer.failover.feeds.iter().any(|feed| feed.uid == before && (feed.phase.is_lost() || feed.failed))
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
        // Without further signals, it comes to rest.
        viewer.signal(Signal::Connection(Connection::Connected));
        viewer.signal(Signal::MediaConnection(true));
        viewer.pass(120_000);
        let at_rest = viewer.failover.shown();
        viewer.pass(120_000);
        prop_assert_eq!(viewer.failover.shown(), at_rest);
        // It never shows an output that is gone while another one is published and healthy.
        if let Some(shown) = at_rest.filter(|shown| offline.contains(shown)) {
            let other = if shown == A { B } else { A };
            let is_ready = viewer.failover.feed(other).is_some_and(|feed| viewer.failover.is_ready(feed));
            prop_assert!(!is_ready, "shows {} though {} is well", shown, other);
        }
    }
}

#[test]
fn the_snapshot_is_the_state() {
    let mut viewer = hot();
    viewer.frames(&[A, B], 1_000);
    viewer.video(A, 3, 0);
    let text = serde_json::to_string(&viewer.failover).unwrap();
    assert_eq!(serde_json::from_str::<Failover>(&text).unwrap(), viewer.failover);
}
