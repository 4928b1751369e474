//! Bounded model checking: explores every small world to a depth. A world has one output with two uids. The moves at each
//! request are all possible answers, crashes of the process, deaths of the task, notifications and the operator's stop.

mod small;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use self::small::{Move, Small};

/// From one of this many states, the search also checks that the world recovers.
const RECOVERY_SAMPLE: u64 = 64;
const SHARDS: usize = 256;
/// Worlds at this depth are distributed among the threads.
const SPLIT_DEPTH: u8 = 3;

/// The result of a search.
#[derive(Debug, Default)]
pub struct Found {
    /// The number of distinct states.
    pub states: u64,
    /// The number of moves that were tried.
    pub moves: u64,
    /// The number of states from which recovery was checked.
    pub settled: u64,
    /// The violation, and the trace that leads to it.
    pub failed: Option<String>,
}

/// The limits of a search.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The number of moves.
    pub depth: u8,
    /// How many of the moves may be faults.
    pub mishaps: u8,
    /// A task of another process runs under the second uid: a violation that the search must find.
    pub intruder: bool,
}

/// Searches all worlds within these bounds.
///
/// The core is cloned at every branch. A state that was already searched to the same depth is skipped. The reported failure
/// has the fewest moves.
#[must_use]
pub fn search(bounds: Bounds) -> Found {
    let mut search = Search::within(bounds);
    let Some((mut path, mut violation)) = search.failure() else {
        return Found {
            states: search.seen.iter().map(|shard| shard.lock().unwrap().len() as u64).sum(),
            moves: search.moves.into_inner(),
            settled: search.settled.into_inner(),
            failed: None,
        };
    };
    while path.len() > 1 {
        search = Search::within(Bounds { depth: path.len() as u8 - 1, ..bounds });
        match search.failure() {
            Some(shorter) => (path, violation) = shorter,
            None => break,
        }
    }
    Found {
        failed: Some(format!("{violation}\n\n{}", trace_of(&path, bounds).join("\n"))),
        ..Found::default()
    }
}

/// The trace of these moves.
fn trace_of(path: &[Move], bounds: Bounds) -> Vec<String> {
    let Ok(mut small) = Small::new(bounds).map(Small::traced) else { return Vec::new() };
    if path.iter().all(|next| small.step(*next).is_ok()) {
        let _recovery = small.settles();
    }
    small.into_trace()
}

type Failure = (Vec<Move>, String);

struct Search {
    /// The remaining depth to which each state was searched.
    seen: Vec<Mutex<BTreeMap<u64, u8>>>,
    moves: AtomicU64,
    settled: AtomicU64,
    has_failed: AtomicBool,
    failure: Mutex<Option<Failure>>,
}

impl Search {
    fn within(bounds: Bounds) -> Self {
        let depth = bounds.depth;
        let search = Self {
            seen: (0..SHARDS).map(|_| Mutex::default()).collect(),
            moves: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        };
        let small = match Small::new(bounds) {
            Ok(small) => small,
            Err(violation) => {
                search.fail(&[], violation);
                return search;
            }
        };
        let handed_out = Mutex::new(Vec::new());
        search.visit(&small, depth, &mut Vec::new(), depth.saturating_sub(SPLIT_DEPTH), &|small, path| {
            handed_out.lock().unwrap().push((small.clone(), path.to_vec()));
        });
        let handed_out = handed_out.into_inner().unwrap();
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some((small, path)) = handed_out.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let left = depth - path.len() as u8;
                        search.visit(small, left, &mut path.clone(), 0, &|_, _| {});
                    }
                });
            }
        });
        search
    }

    /// Searches depth-first. Worlds with `until` moves left go to `hand_out` instead.
    fn visit(
        &self,
        small: &Small,
        left: u8,
        path: &mut Vec<Move>,
        until: u8,
        hand_out: &dyn Fn(&Small, &[Move]),
    ) {
        if left == until {
            hand_out(small, path);
            return;
        }
        for next in small.moves() {
            if self.has_failed.load(Ordering::Relaxed) {
                return;
            }
            self.moves.fetch_add(1, Ordering::Relaxed);
            path.push(next);
            let mut after = small.clone();
            let kept = after.step(next);
            match kept {
                Err(violation) => self.fail(path, violation),
                Ok(()) if !after.is_over() => {
                    let fingerprint = after.fingerprint();
                    if self.is_new(fingerprint, left - 1) {
                        self.settle(fingerprint, &after, path);
                        self.visit(&after, left - 1, path, until, hand_out);
                    }
                }
                Ok(()) => {}
            }
            path.pop();
        }
    }

    /// Whether a state was not searched to this depth before.
    fn is_new(&self, fingerprint: u64, left: u8) -> bool {
        let mut shard = self.seen[fingerprint as usize % SHARDS].lock().unwrap();
        let before = shard.insert(fingerprint, left);
        match before {
            Some(deeper) if deeper >= left => {
                shard.insert(fingerprint, deeper);
                false
            }
            _ => true,
        }
    }

    fn settle(&self, fingerprint: u64, small: &Small, path: &[Move]) {
        if !fingerprint.is_multiple_of(RECOVERY_SAMPLE) {
            return;
        }
        self.settled.fetch_add(1, Ordering::Relaxed);
        if let Err(violation) = small.clone().settles() {
            self.fail(path, format!("without further faults: {violation}"));
        }
    }

    fn fail(&self, path: &[Move], violation: String) {
        self.has_failed.store(true, Ordering::Relaxed);
        self.failure.lock().unwrap().get_or_insert_with(|| (path.to_vec(), violation));
    }

    fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap().clone()
    }
}
