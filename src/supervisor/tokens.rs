//! The builder tokens of one logical create: which of them may have started its task, and which were answered.
//!
//! The service starts at most one task for a builder token. Its documentation gives a token five minutes, and two seconds for
//! the first Create with it.

use macro_rules_attribute::apply;

use super::request::RequestId;
use crate::document::document;
use crate::time::{Duration, Instant};

/// The first Create must follow its Acquire this soon, or the token is dropped.
pub(super) const FIRST_CREATE_WITHIN: Duration = Duration::from_secs(2);
/// A builder token lives this long.
pub(super) const LIFETIME: Duration = Duration::from_secs(300);
/// How many candidates are kept; each stands for five minutes of unknown outcome.
const MAX_CANDIDATES: usize = 12;

/// The builder token that the next Create would carry.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct BuilderToken {
    pub(super) name: String,
    acquired_at: Instant,
    /// Creates that were sent with it.
    creates: u32,
}

impl BuilderToken {
    /// Whether no Create was sent with it yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.creates == 0
    }

    /// The last moment for a Create with it.
    pub(super) fn expires_at(&self) -> Instant {
        let lifetime = if self.is_fresh() { FIRST_CREATE_WITHIN } else { LIFETIME };
        self.acquired_at + lifetime
    }

    fn is_usable(&self, now: Instant) -> bool {
        if self.is_fresh() { now <= self.expires_at() } else { now < self.expires_at() }
    }
}

/// A Create that was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SentCreate<'a> {
    pub(super) id: RequestId,
    /// The builder token that it carried.
    pub(super) token: &'a str,
}

/// A token whose Creates have an unknown outcome.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
struct Unresolved {
    token: String,
    /// Those that may have been carried out, the oldest first.
    creates: Vec<RequestId>,
}

impl Unresolved {
    fn is_of(&self, token: &str) -> bool {
        self.token == token
    }
}

/// What the service answered to a call with one builder token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenAnswer {
    /// 404.
    NotFound,
    /// 400 or 403: the token may be the wrong one.
    Refused,
    /// 401: the customer's credentials, which come with every token, are wrong.
    Unauthorized,
}

/// The result of a call that is made with one candidate after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Round {
    /// There is another candidate to try.
    GoesOn,
    /// 404.
    NotFound,
    /// 400 or 403 to all of them; or 401 to one, which the others would be answered as well.
    Refused,
}

/// The builder tokens of one logical create.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct TokenLedger {
    next: Option<BuilderToken>,
    /// Tokens that may have started the task. Calls about the task carry the first.
    candidates: Vec<String>,
    /// The newest first.
    unresolved: Vec<Unresolved>,
    /// How many candidates the call that is due has tried in vain.
    tried: usize,
    /// One of these was answered 404.
    is_one_not_found: bool,
    /// Creates that were sent and may have been carried out.
    creates: u32,
    last_create_at: Instant,
    /// When the next Create was due as another launch took the place of this one.
    resumes_at: Instant,
    is_closed: bool,
}

impl TokenLedger {
    /// Of a task whose Create is not to be repeated: it is called with these tokens.
    pub(super) fn of_task(candidates: Vec<String>) -> Self {
        Self { candidates, ..Self::default() }
    }

    /// Of a create that was given up, and whose task is in the channel nevertheless.
    pub(super) fn found_again(candidates: Vec<String>, is_closed: bool, now: Instant) -> Self {
        Self { candidates, is_closed, creates: 1, last_create_at: now, ..Self::default() }
    }

    pub(super) fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// Everything that a late answer may name: first those whose Create is unresolved.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        let others = self.candidates.iter().filter(|token| !self.is_unresolved(token));
        self.unresolved.iter().map(|unresolved| &unresolved.token).chain(others)
    }

    /// The token to call the task with. Empty where none is known, which the service refuses.
    pub(super) fn first(&self) -> &str {
        self.candidates.first().map(String::as_str).unwrap_or_default()
    }

    /// Whether a Create was sent that may have been carried out.
    pub(super) fn has_created(&self) -> bool {
        self.creates > 0
    }

    /// Whether no more than one Create was sent that may have been carried out.
    pub(super) fn is_first_create(&self) -> bool {
        self.creates <= 1
    }

    pub(super) fn last_create_at(&self) -> Instant {
        self.last_create_at
    }

    /// If it is resumed, no Create is sent before.
    pub(super) fn resume_at(&mut self, at: Instant) {
        self.resumes_at = at;
    }

    pub(super) fn resumes_at(&self) -> Instant {
        self.resumes_at
    }

    /// Whether the outcome of every Create is known.
    pub(super) fn is_resolved(&self) -> bool {
        self.unresolved.is_empty()
    }

    fn is_unresolved(&self, token: &str) -> bool {
        self.unresolved.iter().any(|unresolved| unresolved.is_of(token))
    }

    /// Whether nothing more is to be sent for this create.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Nothing more is sent for this create.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    // ---- Acquire and Create --------------------------------------------------------------------------------------

    pub(super) fn acquired(&mut self, name: String, now: Instant) {
        self.next = Some(BuilderToken { name, acquired_at: now, creates: 0 });
    }

    /// The token that the next Create would carry, unless it [has expired](Self::has_expired).
    pub(super) fn next(&self) -> Option<&BuilderToken> {
        self.next.as_ref()
    }

    pub(super) fn has_expired(&self, now: Instant) -> bool {
        self.next.as_ref().is_some_and(|token| !token.is_usable(now))
    }

    /// Drops the next token if it is too old. True if Creates were sent with it.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let expired = self.next.take_if(|token| !token.is_usable(now));
        expired.is_some_and(|token| !token.is_fresh())
    }

    /// The next Create acquires a new token.
    pub(super) fn drop_next(&mut self) {
        self.next = None;
    }

    /// Whether another Create would need one more token than are kept: the one that started the task might be forgotten for
    /// it.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        let has_next = self.next.as_ref().is_some_and(|token| token.is_usable(now));
        self.candidates.len() >= MAX_CANDIDATES && !has_next
    }

    /// A Create is sent now, with the next token.
    pub(super) fn create_leaves(&mut self, id: RequestId, now: Instant) {
        if let Some(token) = &mut self.next {
            token.creates = token.creates.saturating_add(1);
            if !self.candidates.contains(&token.name) {
                self.candidates.insert(0, token.name.clone());
                self.unresolved.retain(|other| !other.is_of(&token.name));
                self.unresolved.insert(0, Unresolved { token: token.name.clone(), creates: Vec::new() });
                // Not the first of them, which is the likeliest to have started the task.
                if self.candidates.len() > MAX_CANDIDATES {
                    let forgotten = self.candidates.remove(MAX_CANDIDATES - 1);
                    self.unresolved.retain(|other| !other.is_of(&forgotten));
                }
            }
            if let Some(unresolved) = self.unresolved.iter_mut().find(|other| other.is_of(&token.name)) {
                unresolved.creates.push(id);
            }
        }
        self.creates = self.creates.saturating_add(1);
        self.last_create_at = now;
    }

    /// This Create was certainly not carried out.
    pub(super) fn create_did_not_happen(&mut self, SentCreate { id, token }: SentCreate<'_>) {
        self.creates = self.creates.saturating_sub(1);
        if let Some(unresolved) = self.unresolved.iter_mut().find(|other| other.is_of(token)) {
            unresolved.creates.retain(|other| *other != id);
        }
    }

    /// This Create was never sent: if it was the first with its token, the next one still is.
    pub(super) fn create_did_not_leave(&mut self, create: SentCreate<'_>) {
        self.create_did_not_happen(create);
        let token = create.token;
        let was_the_only_one = match self.next.as_mut().filter(|next| next.name == token) {
            Some(next) => {
                next.creates = next.creates.saturating_sub(1);
                next.creates == 0
            }
            None => self.creates == 0,
        };
        if was_the_only_one {
            self.candidates.retain(|other| other != token);
            self.unresolved.retain(|other| !other.is_of(token));
        }
    }

    /// This Create is resolved: tasks that earlier Creates started are either the one just reported or already over. But that
    /// one may be over already, too, and a later Create with the same token may have begun another. True if the next Create
    /// would have carried its token, which starts one task only.
    pub(super) fn answered(&mut self, create: SentCreate<'_>) -> bool {
        let mut others = self.unresolved.iter_mut().enumerate();
        if let Some((at, unresolved)) = others.find(|(_, other)| other.is_of(create.token)) {
            unresolved.creates.retain(|later| *later > create.id);
            let is_last = unresolved.creates.is_empty();
            self.unresolved.truncate(if is_last { at } else { at + 1 });
        }
        self.next.take_if(|next| next.name == create.token).is_some()
    }

    // ---- calls about the task ------------------------------------------------------------------------------------

    /// This token started the task: it is called with it first.
    pub(super) fn started_with(&mut self, token: &str) {
        self.candidates.retain(|other| other != token);
        self.candidates.insert(0, token.to_owned());
    }

    /// Whatever is called next, every candidate is to be tried for it.
    pub(super) fn begin_round(&mut self) {
        self.tried = 0;
        self.is_one_not_found = false;
    }

    /// Goes on to the next candidate. Once all were tried in vain, a 404 to any of them counts: it is the answer to the right
    /// one, or, where the service answers 404 to wrong ones too, to all. But refused credentials end the round, and what was
    /// answered before them counts for nothing.
    pub(super) fn try_next(&mut self, answer: TokenAnswer) -> Round {
        if answer == TokenAnswer::Unauthorized {
            self.begin_round();
            return Round::Refused;
        }
        self.tried = self.tried.saturating_add(1);
        self.is_one_not_found |= answer == TokenAnswer::NotFound;
        if self.tried < self.candidates.len() {
            self.candidates.rotate_left(1);
            return Round::GoesOn;
        }
        let round = if self.is_one_not_found { Round::NotFound } else { Round::Refused };
        self.begin_round();
        round
    }

    /// The task answered to the first candidate: the others did not start it.
    pub(super) fn first_is_proven(&mut self) {
        self.candidates.truncate(1);
        self.begin_round();
    }

    // ---- more tasks than one -------------------------------------------------------------------------------------

    /// Whether a Create with another token than that of the known task may have started one as well.
    pub(super) fn may_have_started_another(&self) -> bool {
        match self.candidates.as_slice() {
            [] => false,
            [only] => self.unresolved.iter().any(|other| !other.is_of(only)),
            _ => !self.unresolved.is_empty(),
        }
    }

    /// The known task is over; what is left are the Creates that are unresolved.
    pub(super) fn task_is_over(&mut self) {
        if let [started_it] = self.candidates.as_slice() {
            self.unresolved.retain(|other| !other.is_of(started_it));
        }
        self.forget_answered();
    }

    /// What the other tokens started is over.
    pub(super) fn forget_answered(&mut self) {
        self.candidates = self.unresolved.iter().map(|unresolved| unresolved.token.clone()).collect();
        self.next.take_if(|next| !self.unresolved.iter().any(|other| other.is_of(&next.name)));
    }

    /// Every token that the service was sent, or would be.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &String> {
        self.all().chain(self.next.iter().map(|next| &next.name))
    }
}

#[cfg(test)]
mod tests;
