//! The builder tokens of one logical create: which of them may have started its task, and which were answered.
//!
//! The service starts at most one task for a builder token. According to its documentation, a token is valid for five
//! minutes, and its first Create must follow within two seconds.

use macro_rules_attribute::apply;

use super::request::RequestId;
use crate::document::document;
use crate::time::{Duration, Instant};

/// A token without a Create is dropped after this time.
pub(super) const FIRST_CREATE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a builder token is valid.
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
    /// How many Creates were sent with it.
    creates: u32,
}

impl BuilderToken {
    /// Whether no Create was sent with it yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.creates == 0
    }

    /// The latest time for a Create with it.
    pub(super) fn expires_at(&self) -> Instant {
        let lifetime = if self.is_fresh() { FIRST_CREATE_TIMEOUT } else { LIFETIME };
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
    /// Its builder token.
    pub(super) token: &'a str,
}

/// A token whose Creates have an unknown outcome.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
struct Unresolved {
    token: String,
    /// The Creates that may have been carried out, oldest first.
    creates: Vec<RequestId>,
}

impl Unresolved {
    fn is_of(&self, token: &str) -> bool {
        self.token == token
    }
}

/// The answer to a call with one builder token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenAnswer {
    /// 404.
    NotFound,
    /// 400 or 403: it may be the wrong token.
    Refused,
    /// 401: the customer's credentials are wrong, whatever the token.
    Unauthorized,
}

/// The result of trying the candidates in turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Round {
    /// Another candidate is left.
    Continues,
    /// All failed, and at least one was answered 404.
    NotFound,
    /// All were answered 400 or 403; or one was answered 401, which applies to all.
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
    /// Newest first.
    unresolved: Vec<Unresolved>,
    /// How many candidates the due call has tried without success.
    tried: usize,
    /// One of these was answered 404.
    is_one_not_found: bool,
    /// Creates that may have been carried out.
    creates: u32,
    last_create_at: Instant,
    /// When the next Create was due when another launch displaced this one.
    resumes_at: Instant,
    is_closed: bool,
}

impl TokenLedger {
    /// For a task whose Create is not repeated.
    pub(super) fn of_task(candidates: Vec<String>) -> Self {
        Self { candidates, ..Self::default() }
    }

    /// For a create that was given up, but whose uid is in the channel.
    pub(super) fn reopened(candidates: Vec<String>, is_closed: bool, now: Instant) -> Self {
        Self { candidates, is_closed, creates: 1, last_create_at: now, ..Self::default() }
    }

    pub(super) fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// All tokens that a late answer may concern: unresolved ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        let others = self.candidates.iter().filter(|token| !self.is_unresolved(token));
        self.unresolved.iter().map(|unresolved| &unresolved.token).chain(others)
    }

    /// The token for calls about the task. Empty if none is known, which the service refuses.
    pub(super) fn first(&self) -> &str {
        self.candidates.first().map(String::as_str).unwrap_or_default()
    }

    /// Whether a Create may have been carried out.
    pub(super) fn has_created(&self) -> bool {
        self.creates > 0
    }

    /// Whether at most one Create may have been carried out.
    pub(super) fn is_first_create(&self) -> bool {
        self.creates <= 1
    }

    pub(super) fn last_create_at(&self) -> Instant {
        self.last_create_at
    }

    /// A resumed create sends nothing before `at`.
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

    /// Whether no further Create may be sent.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// No further Create may be sent.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    // ---- Acquire and Create --------------------------------------------------------------------------------------

    pub(super) fn acquired(&mut self, name: String, now: Instant) {
        self.next = Some(BuilderToken { name, acquired_at: now, creates: 0 });
    }

    /// The token that the next Create would carry. It may [have expired](Self::has_expired).
    pub(super) fn next(&self) -> Option<&BuilderToken> {
        self.next.as_ref()
    }

    pub(super) fn has_expired(&self, now: Instant) -> bool {
        self.next.as_ref().is_some_and(|token| !token.is_usable(now))
    }

    /// Drops the next token if it has expired. Returns whether Creates were sent with it.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let expired = self.next.take_if(|token| !token.is_usable(now));
        expired.is_some_and(|token| !token.is_fresh())
    }

    /// The next Create needs a new token.
    pub(super) fn drop_next(&mut self) {
        self.next = None;
    }

    /// Whether another Create would need more tokens than are kept. The token that started the task might be forgotten
    /// then.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        let has_next = self.next.as_ref().is_some_and(|token| token.is_usable(now));
        self.candidates.len() >= MAX_CANDIDATES && !has_next
    }

    /// A Create is sent now, with the next token.
    pub(super) fn create_sent(&mut self, id: RequestId, now: Instant) {
        if let Some(token) = &mut self.next {
            token.creates = token.creates.saturating_add(1);
            if !self.candidates.contains(&token.name) {
                self.candidates.insert(0, token.name.clone());
                self.unresolved.retain(|other| !other.is_of(&token.name));
                self.unresolved.insert(0, Unresolved { token: token.name.clone(), creates: Vec::new() });
                // The first token is kept: it is the likeliest to have started the task.
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
    pub(super) fn create_not_carried_out(&mut self, SentCreate { id, token }: SentCreate<'_>) {
        self.creates = self.creates.saturating_sub(1);
        if let Some(unresolved) = self.unresolved.iter_mut().find(|other| other.is_of(token)) {
            unresolved.creates.retain(|other| *other != id);
        }
    }

    /// This Create was never sent. If it was its token's first, the next one is the first again.
    pub(super) fn create_not_sent(&mut self, create: SentCreate<'_>) {
        self.create_not_carried_out(create);
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

    /// This Create is resolved: tasks that earlier Creates started are either the one just reported or already over.
    /// The reported one may be over, too, and a later Create with the same token may have started another. Returns
    /// whether the next Create would have carried the same token: it is dropped, because a token starts only one task.
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

    /// This token started the task: calls try it first.
    pub(super) fn started_with(&mut self, token: &str) {
        self.candidates.retain(|other| other != token);
        self.candidates.insert(0, token.to_owned());
    }

    /// The next call may try every candidate.
    pub(super) fn begin_round(&mut self) {
        self.tried = 0;
        self.is_one_not_found = false;
    }

    /// Moves on to the next candidate. Once all have failed, a single 404 decides: either it is the right token's
    /// answer, or the service answers 404 to wrong tokens, too. Refused credentials (401) end the round and void
    /// earlier answers.
    pub(super) fn try_next(&mut self, answer: TokenAnswer) -> Round {
        if answer == TokenAnswer::Unauthorized {
            self.begin_round();
            return Round::Refused;
        }
        self.tried = self.tried.saturating_add(1);
        self.is_one_not_found |= answer == TokenAnswer::NotFound;
        if self.tried < self.candidates.len() {
            self.candidates.rotate_left(1);
            return Round::Continues;
        }
        let round = if self.is_one_not_found { Round::NotFound } else { Round::Refused };
        self.begin_round();
        round
    }

    /// The first candidate is proven: the others did not start the task.
    pub(super) fn first_is_proven(&mut self) {
        self.candidates.truncate(1);
        self.begin_round();
    }

    // ---- several tasks of one create -----------------------------------------------------------------------------

    /// Whether a Create with another token than the known task's may have started a second task.
    pub(super) fn may_have_started_another(&self) -> bool {
        match self.candidates.as_slice() {
            [] => false,
            [only] => self.unresolved.iter().any(|other| !other.is_of(only)),
            _ => !self.unresolved.is_empty(),
        }
    }

    /// The known task is over: only unresolved Creates are left.
    pub(super) fn task_is_over(&mut self) {
        if let [started_it] = self.candidates.as_slice() {
            self.unresolved.retain(|other| !other.is_of(started_it));
        }
        self.forget_answered();
    }

    /// Forgets answered tokens: the tasks that they started are over.
    pub(super) fn forget_answered(&mut self) {
        self.candidates = self.unresolved.iter().map(|unresolved| unresolved.token.clone()).collect();
        self.next.take_if(|next| !self.unresolved.iter().any(|other| other.is_of(&next.name)));
    }

    /// All tokens that the service has received or may receive.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &String> {
        self.all().chain(self.next.iter().map(|next| &next.name))
    }
}

#[cfg(test)]
mod tests;
