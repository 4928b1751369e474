//! Every small world, to a depth: one output with two uids, and at every request every answer that may come, with the
//! process's death, the task's, notifications and the operator's stop as moves.

mod small;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use self::small::{Move, Small};

/// One state in so many is followed until all is well again.
const SAMPLE: u64 = 64;
const SHARDS: usize = 256;
/// Worlds that this many moves lead to are shared out among the threads.
const HANDED_OUT: u8 = 3;

/// What a search came to.
#[derive(Debug, Default)]
pub struct Found {
    /// Different states.
    pub states: u64,
    /// Moves that were tried.
    pub moves: u64,
    /// States from which all became well again when nothing went wrong any more.
    pub settled: u64,
    /// What breaks a rule: the rule, and how it comes to that.
    pub failed: Option<String>,
}

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many moves lead to a world.
    pub depth: u8,
    /// How many of them are not as they should be.
    pub mishaps: u8,
    /// Somebody else's task runs under the second uid, which breaks the rule that a search must find broken.
    pub intruder: bool,
}

/// Searches all worlds within these bounds.
///
/// The core is cloned at every branch, and a state that was searched to the same depth before is not searched again. A
/// failure is the shortest there is.
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
    Found { failed: Some(format!("{violation}\n\n{}", retold(&path, bounds).join("\n"))), ..Found::default() }
}

/// What happens on the way.
fn retold(path: &[Move], bounds: Bounds) -> Vec<String> {
    let Ok(mut small) = Small::new(bounds).map(Small::traced) else { return Vec::new() };
    if path.iter().all(|next| small.step(*next).is_ok()) {
        let _goes_well_from_then_on = small.settles();
    }
    small.into_trace()
}

type Failure = (Vec<Move>, String);

struct Search {
    /// How much further each state was searched.
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
        search.visit(&small, depth, &mut Vec::new(), depth.saturating_sub(HANDED_OUT), &|small, path| {
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

    /// Tries every move, and those after it; what has `until` moves left is handed out in place of that.
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

    /// Whether a state was not searched as deep before.
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
        if !fingerprint.is_multiple_of(SAMPLE) {
            return;
        }
        self.settled.fetch_add(1, Ordering::Relaxed);
        if let Err(violation) = small.clone().settles() {
            self.fail(path, format!("if all goes well from then on: {violation}"));
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
