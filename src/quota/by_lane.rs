//! A map from lanes to values.

use super::LaneNumber;
use crate::document::{Document, Json, Writer, Wrong};

/// A map from lanes as a sorted list: less code than a tree, for the few lanes that ask at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ByLane<T>(Vec<(LaneNumber, T)>);

impl<T> ByLane<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(LaneNumber, T)> {
        self.0.iter()
    }

    pub(super) fn get(&self, lane: LaneNumber) -> Option<&T> {
        self.0.get(self.find(lane).ok()?).map(|(_, item)| item)
    }

    pub(super) fn get_mut(&mut self, lane: LaneNumber) -> Option<&mut T> {
        let at = self.find(lane).ok()?;
        self.0.get_mut(at).map(|(_, item)| item)
    }

    pub(super) fn insert(&mut self, lane: LaneNumber, item: T) {
        self.remove(lane);
        let at = self.find(lane).unwrap_or_else(|at| at);
        self.0.insert(at, (lane, item));
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.0.retain(|(_, item)| keep(item));
    }

    pub(super) fn remove(&mut self, lane: LaneNumber) {
        if let Ok(at) = self.find(lane) {
            self.0.remove(at);
        }
    }

    /// Its position, or where it would be inserted.
    fn find(&self, lane: LaneNumber) -> Result<usize, usize> {
        self.0.binary_search_by_key(&lane, |(lane, _)| *lane)
    }
}

impl<T: Document> Document for ByLane<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        self.0.read(json)?;
        let is_sorted = self.0.is_sorted_by(|(one, _), (next, _)| one < next);
        if is_sorted { Ok(()) } else { Err(json.must_be("sorted by lane, each lane once")) }
    }

    fn write(&self, out: &mut dyn Writer) {
        self.0.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{read, write};

    #[test]
    fn a_map_by_lane_is_sorted_and_read_as_written() {
        let mut some = ByLane::new();
        for lane in [12, 1, 7] {
            some.insert(lane, lane * 10);
        }
        assert_eq!(write(&some), "[[1,10],[7,70],[12,120]]");
        assert_eq!(read("lanes", "[[1,10],[7,70],[12,120]]"), Ok(some.clone()));
        assert_eq!((some.len(), some.get(7)), (3, Some(&70)));
        for wrong in ["[[2,0],[1,0]]", "[[1,0],[1,1]]"] {
            let refused = read::<ByLane<u32>>("lanes", wrong).unwrap_err();
            assert_eq!((&*refused.field, &*refused.allowed), ("lanes", "sorted by lane, each lane once"));
        }
    }
}
