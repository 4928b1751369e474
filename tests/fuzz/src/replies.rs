//! Replies of any shape, as the answer to every call that a supervisor makes.

use steadymix::supervisor::Answer;

use crate::material::CALLS;
use crate::source::Source;

/// The call, the status, which headers came, those headers, and the body, as it is.
///
/// # Panics
/// When a rule is broken.
pub fn replies(data: &[u8]) {
    let mut source = Source::new(data);
    let (mut driver, id, carried) = CALLS[source.below(CALLS.len())].clone();
    driver.secrets.keep_only(carried);
    // Nearly all of the statuses that mean something are below 600.
    let status = 100 + u16::from(source.byte()) * 2 + source.short() % 256;
    let headers = source.byte();
    let mut header = |bit| (headers & bit != 0).then(|| source.text());
    let (retry_after, request_id, resource_id, date) = (header(1), header(2), header(4), header(8));
    let answer = Answer::Http { status, retry_after, date, request_id, resource_id, body: source.rest() };
    driver.answer(id, answer.clone());
    driver.rest();
    driver.rests();
    // The same once more: it is late now.
    driver.answer(id, answer);
    driver.oblige_for(6);
}
