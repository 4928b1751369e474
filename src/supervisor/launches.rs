//! The launches of a lane, and a memory of those that are over.

use std::collections::VecDeque;

use macro_rules_attribute::apply;

use super::launch::Launch;
use super::transitions;
use crate::document::document;
use crate::error::Invalid;
use crate::time::Instant;
use crate::uid::Uid;

/// How many launches that are over are remembered.
const MAX_RETIRED: usize = 32;

/// The launches of a lane, in the order in which they were added.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Launches {
    list: Vec<Launch>,
    /// Launches that are over, the newest last.
    pub(super) retired: VecDeque<Retired>,
    /// The newest generation.
    pub(super) generation: u32,
}

/// A launch that is over. It is remembered because a late reply or a notification may still name its task.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Retired {
    pub(super) generation: u32,
    pub(super) uid: Uid,
    pub(super) instance_id: String,
    pub(super) tokens: Vec<String>,
    /// No further Create may be sent.
    #[json(omit = false)]
    pub(super) closed: bool,
    /// Its task, if the id is known.
    pub(super) task: Option<String>,
    /// Its task is known to be gone.
    pub(super) is_gone: bool,
    /// When its next call was due. A task adopted later waits until then, too: nothing shortens a backoff.
    #[json(omit = Instant::ZERO)]
    pub(super) due: Instant,
}

impl Retired {
    fn new(launch: Launch, gone: Option<String>) -> Self {
        Self {
            is_gone: gone.is_some(),
            task: gone.or_else(|| launch.task_id().map(str::to_owned)),
            due: launch.phase().due().unwrap_or_default(),
            tokens: launch.tokens.candidates().to_vec(),
            closed: launch.tokens.is_closed(),
            generation: launch.generation,
            uid: launch.uid,
            instance_id: launch.instance_id,
        }
    }
}

/// All launches except one that is borrowed separately.
pub(super) struct Others<'a> {
    launches: [&'a [Launch]; 2],
    retired: &'a VecDeque<Retired>,
}

impl Others<'_> {
    /// The builder tokens and RTC tokens that the service may repeat.
    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> =
            self.launches.into_iter().flatten().flat_map(Launch::secrets).collect();
        self.retired.iter().for_each(|old| secrets.extend_from_slice(&old.tokens));
        secrets
    }
}

impl Launches {
    /// Checks restored state: generations are unique, and the next one will be new.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let is_wrong = |(at, launch): &(usize, &Launch)| {
            let is_twice = self.list.iter().take(*at).any(|other| other.generation == launch.generation);
            is_twice || launch.generation > self.generation
        };
        match self.list.iter().enumerate().find(is_wrong) {
            None => Ok(()),
            Some((_, launch)) => Err(Invalid::new(
                "lane.launches.list.generation",
                launch.generation,
                format!("at most {} and unique", self.generation),
            )),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Launch> {
        self.list.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Launch> {
        self.list.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn position(&self, generation: u32) -> Option<usize> {
        self.list.iter().position(|launch| launch.generation == generation)
    }

    pub(super) fn find(&self, generation: u32) -> Option<&Launch> {
        self.list.iter().find(|launch| launch.generation == generation)
    }

    pub(super) fn find_mut(&mut self, generation: u32) -> Option<&mut Launch> {
        self.list.iter_mut().find(|launch| launch.generation == generation)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Launch> {
        self.list.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Launch> {
        self.list.get_mut(at)
    }

    /// The launch at this index, which the caller has just looked up.
    #[allow(clippy::indexing_slicing, reason = "callers pass the index of a launch in the list")]
    pub(super) fn at(&self, at: usize) -> &Launch {
        &self.list[at]
    }

    #[allow(clippy::indexing_slicing, reason = "callers pass the index of a launch in the list")]
    pub(super) fn at_mut(&mut self, at: usize) -> &mut Launch {
        &mut self.list[at]
    }

    /// The launch at this index, and all others.
    #[allow(clippy::indexing_slicing, reason = "callers pass the index of a launch in the list")]
    pub(super) fn split(&mut self, at: usize) -> (&mut Launch, Others<'_>) {
        let (before, rest) = self.list.split_at_mut(at);
        let (launch, after) = rest.split_at_mut(1);
        (&mut launch[0], Others { launches: [before, after], retired: &self.retired })
    }

    pub(super) fn all(&self) -> Others<'_> {
        Others { launches: [&self.list, &[]], retired: &self.retired }
    }

    /// The generation of a new launch.
    pub(super) fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.saturating_add(1);
        self.generation
    }

    pub(super) fn add(&mut self, launch: Launch) {
        transitions::note(None, Some(launch.phase()));
        // There is rarely more than one launch.
        self.list.reserve_exact(1);
        self.list.push(launch);
    }

    /// Removes a launch. `gone` is its task, if that is known to be over. Returns its uid, if no other launch uses
    /// it.
    pub(super) fn remove(&mut self, at: usize, gone: Option<String>) -> Option<Uid> {
        let launch = self.list.remove(at);
        transitions::note(Some(launch.phase()), None);
        let uid = launch.uid;
        if launch.may_be_live() {
            self.remember(Retired::new(launch, gone));
        }
        (!self.list.iter().any(|other| other.uid == uid)).then_some(uid)
    }

    /// Remembers the task of a launch that is over; the launch itself continues as another create.
    pub(super) fn remember_gone(&mut self, at: usize, gone: Option<String>) {
        let launch = self.at(at).clone();
        self.remember(Retired::new(launch, gone));
    }

    /// Takes back the newest launch under this uid that is over, unless its task is known to be gone.
    pub(super) fn take_retired(&mut self, uid: Uid) -> Option<Retired> {
        let last = self.retired.iter().enumerate().rfind(|(_, old)| old.uid == uid);
        let (at, _) = last.filter(|(_, old)| !old.is_gone)?;
        self.retired.remove(at)
    }

    fn remember(&mut self, old: Retired) {
        self.retired.push_back(old);
        if self.retired.len() > MAX_RETIRED {
            self.retired.pop_front();
        }
    }

    // ---- the create of a task ------------------------------------------------------------------------------------

    /// The instanceId of the create that started this task. A retired launch counts only if its task is known to be
    /// gone.
    pub(super) fn create_of(&self, task_id: &str) -> Option<&str> {
        let of_launch = |launch: &&Launch| launch.task_id() == Some(task_id);
        let launch = self.list.iter().find(of_launch).map(|launch| launch.instance_id.as_str());
        let of_retired = |old: &&Retired| old.is_gone && old.task.as_deref() == Some(task_id);
        launch.or_else(|| self.retired.iter().rfind(of_retired).map(|old| old.instance_id.as_str()))
    }

    /// Whether a launch of this lane started this task, under another instanceId than `other_than`. Remembered
    /// launches count.
    pub(super) fn has_started(&self, task_id: &str, other_than: Option<&str>) -> bool {
        let of_launches = self.list.iter().map(|launch| (launch.task_id(), &launch.instance_id));
        let of_retired = self.retired.iter().map(|old| (old.task.as_deref(), &old.instance_id));
        let mut all = of_launches.chain(of_retired);
        all.any(|(task, instance_id)| task == Some(task_id) && Some(instance_id.as_str()) != other_than)
    }

    /// Whether this task is known to belong to another create than this launch's.
    pub(super) fn is_of_another_create(&self, task_id: &str, generation: u32) -> bool {
        self.has_started(task_id, self.instance_id_of(generation))
    }

    /// The launch with exactly this instanceId. If several share it, the oldest one owns the create.
    pub(super) fn generation_of(&self, instance_id: &str) -> Option<u32> {
        let of_launches = self.list.iter().map(|launch| (launch.generation, &launch.instance_id));
        let of_retired = self.retired.iter().map(|old| (old.generation, &old.instance_id));
        let of_it = of_launches.chain(of_retired).filter(|(_, other)| *other == instance_id);
        of_it.map(|(generation, _)| generation).min()
    }

    fn instance_id_of(&self, generation: u32) -> Option<&str> {
        let launch = self.find(generation).map(|launch| launch.instance_id.as_str());
        let of_it = |old: &&Retired| old.generation == generation;
        launch.or_else(|| self.retired.iter().rfind(of_it).map(|old| old.instance_id.as_str()))
    }
}
