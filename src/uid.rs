//! The next output uid.

#[cfg(feature = "server")]
use macro_rules_attribute::apply;

#[cfg(feature = "server")]
use crate::document::{Document, Json, Writer, Wrong, document};
use crate::error::{Invalid, list_of};

/// An RTC user id: 1 to 4294967295 for an output.
pub type Uid = u32;

/// A uid was taken while its last task may still be live: two publishers with one uid kick each other out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("uid {0} may still be live")]
pub struct MayBeLive(pub Uid);

/// The output uids of a lane, used in turn, so no two tasks publish under the same one.
///
/// A taken uid is held until its task is proven gone and the uid is released.
///
/// ```
/// use steadymix::uid::UidRing;
///
/// let mut ring = UidRing::new(vec![9001, 9002]).unwrap();
/// ring.take(9001).unwrap();
/// assert_eq!(ring.next(), Some(9002)); // for the replacement
/// ring.take(9002).unwrap();
/// assert_eq!(ring.next(), None); // until one is released
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UidRing(Parts);

#[cfg(feature = "server")]
impl Document for UidRing {
    fn blank() -> Self {
        Self(Parts::blank())
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = json.value::<Parts>()?.try_into().map_err(|wrong| json.wrong_within(wrong))?;
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        self.0.write(out);
    }
}
#[cfg(feature = "server")]
document!(@serde both UidRing);

#[cfg_attr(feature = "server", apply(document), json(same))]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    uids: Vec<Uid>,
    /// In the ring's order, not in the order in which they were taken.
    held: Vec<Uid>,
    last: Option<Uid>,
}

impl UidRing {
    /// A ring of `uids`, the primary first.
    ///
    /// # Errors
    /// Fewer than two uids, a zero, or a uid twice.
    pub fn new(uids: Vec<Uid>) -> Result<Self, Invalid> {
        Parts { uids, held: Vec::new(), last: None }.try_into()
    }

    /// All uids, the primary first.
    #[must_use]
    pub fn uids(&self) -> &[Uid] {
        &self.0.uids
    }

    /// The uid that was taken last.
    #[must_use]
    pub fn last(&self) -> Option<Uid> {
        self.0.last
    }

    /// Whether the last task on `uid` may still be live.
    #[must_use]
    pub fn is_held(&self, uid: Uid) -> bool {
        self.0.held.contains(&uid)
    }

    /// All uids in turn: they start after the one that was taken last, which comes last.
    pub fn in_turn(&self) -> impl Iterator<Item = Uid> + '_ {
        let uids = &self.0.uids;
        let after_last = uids.iter().position(|uid| Some(*uid) == self.0.last).map_or(0, |i| i + 1);
        uids.iter().cycle().skip(after_last).take(uids.len()).copied()
    }

    /// The first uid in turn that is not held.
    #[must_use]
    pub fn next(&self) -> Option<Uid> {
        self.in_turn().find(|uid| !self.is_held(*uid))
    }

    /// Takes `uid` for a new task and holds it.
    ///
    /// # Errors
    /// It is already held, or not part of this ring.
    pub fn take(&mut self, uid: Uid) -> Result<(), MayBeLive> {
        if !self.0.uids.contains(&uid) || self.is_held(uid) {
            return Err(MayBeLive(uid));
        }
        self.hold(uid);
        self.0.last = Some(uid);
        Ok(())
    }

    /// Makes `uid`, which is held, the last one taken.
    pub fn resume(&mut self, uid: Uid) {
        if self.is_held(uid) {
            self.0.last = Some(uid);
        }
    }

    /// Holds `uid` without changing the turn: a task was found on it.
    pub fn hold(&mut self, uid: Uid) {
        if self.0.uids.contains(&uid)
            && let Err(at) = self.0.held.binary_search(&uid)
        {
            self.0.held.insert(at, uid);
        }
    }

    /// The last task on `uid` is known to be gone.
    pub fn release(&mut self, uid: Uid) {
        self.0.held.retain(|held| *held != uid);
    }
}

impl TryFrom<Parts> for UidRing {
    type Error = Invalid;

    fn try_from(parts: Parts) -> Result<Self, Invalid> {
        let Parts { uids, held, last } = &parts;
        let wrong = |allowed| Err(Invalid::new("uids", list_of(uids), allowed));
        let is_distinct =
            |(at, uid): (usize, &Uid)| *uid != 0 && !uids.iter().take(at).any(|other| other == uid);
        if uids.len() < 2 || !uids.iter().enumerate().all(is_distinct) {
            return wrong("two or more distinct uids from 1 to 4294967295");
        }
        if !held.iter().chain(last).all(|uid| uids.contains(uid)) {
            return wrong("a list that contains all held and taken uids");
        }
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn primary_and_backup_alternate() {
        let mut ring = UidRing::new(vec![7, 8]).unwrap();
        let mut seen = Vec::new();
        for _ in 0..4 {
            let uid = ring.next().unwrap();
            ring.take(uid).unwrap();
            seen.push(uid);
            ring.release(uid);
        }
        assert_eq!(seen, [7, 8, 7, 8]);
    }

    #[test]
    fn a_uid_that_may_be_live_is_refused() {
        let mut ring = UidRing::new(vec![7, 8]).unwrap();
        ring.take(7).unwrap();
        assert_eq!(ring.take(7), Err(MayBeLive(7)));
        assert_eq!(ring.take(9), Err(MayBeLive(9)));
        ring.take(8).unwrap();
        assert_eq!(ring.next(), None);
        ring.release(8);
        assert_eq!(
            ring.next(),
            Some(8),
            "the one just used is better than none, once it is known to be gone"
        );
    }

    #[test]
    fn a_found_uid_is_held_and_a_resumed_one_has_had_its_turn() {
        let mut ring = UidRing::new(vec![7, 8, 9]).unwrap();
        assert_eq!(ring.uids(), [7, 8, 9]);
        ring.hold(8);
        ring.hold(5);
        assert_eq!((ring.is_held(8), ring.is_held(5), ring.last()), (true, false, None));
        ring.resume(7);
        assert_eq!(ring.last(), None, "a uid that is not held cannot be resumed");
        ring.resume(8);
        assert_eq!((ring.last(), ring.in_turn().collect()), (Some(8), vec![9, 7, 8]));
        assert_eq!(ring.next(), Some(9));
    }

    #[test]
    fn invalid_rings_name_the_allowed_values() {
        for uids in [vec![], vec![1], vec![1, 1], vec![0, 1]] {
            let error = UidRing::new(uids.clone()).unwrap_err();
            assert_eq!((error.field.as_str(), error.value), ("uids", format!("{uids:?}")));
            assert_eq!(error.allowed, "two or more distinct uids from 1 to 4294967295");
        }
        assert!(serde_json::from_str::<UidRing>(r#"{"uids":[1,2],"held":[3],"last":null}"#).is_err());
    }

    proptest! {
        #[test]
        fn next_is_never_held_and_exists_if_any_uid_is_free(
            size in 2usize..6,
            moves in prop::collection::vec((any::<bool>(), 0usize..6), 0..60),
        ) {
            let uids: Vec<Uid> = (1..=size as Uid).collect();
            let mut ring = UidRing::new(uids.clone()).unwrap();
            let mut live = BTreeSet::new();
            for (take, which) in moves {
                if take {
                    match ring.next() {
                        Some(uid) => {
                            prop_assert!(live.insert(uid), "{uid} was live");
                            prop_assert_eq!(ring.take(uid), Ok(()));
                        }
                        None => prop_assert_eq!(live.len(), size),
                    }
                } else if let Some(uid) = uids.get(which % size) {
                    live.remove(uid);
                    ring.release(*uid);
                }
                let copy: UidRing = serde_json::from_str(&serde_json::to_string(&ring).unwrap()).unwrap();
                prop_assert_eq!(&copy, &ring);
                prop_assert_eq!(ring.in_turn().collect::<BTreeSet<_>>().len(), size);
            }
        }
    }
}
