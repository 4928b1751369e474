//! Replies of any shape to every call of a supervisor.

use steadymix::supervisor::Answer;

use crate::fixtures::CALLS;
use crate::source::Source;

/// The input contains the call, the status, the set of headers, their values, and the body.
///
/// # Panics
/// If an invariant is violated.
pub fn replies(data: &[u8]) {
    let mut source = Source::new(data);
    let (mut driver, id, carried) = CALLS[source.below(CALLS.len())].clone();
    driver.secrets.keep_only(carried);
    // Nearly all meaningful statuses are below 600.
    let status = 100 + u16::from(source.byte()) * 2 + source.short() % 256;
    let headers = source.byte();
    let mut header = |bit| (headers & bit != 0).then(|| source.text());
    let (retry_after, request_id, resource_id, date) = (header(1), header(2), header(4), header(8));
    let answer = Answer::Http { status, retry_after, date, request_id, resource_id, body: source.rest() };
    driver.answer(id, answer.clone());
    driver.settle();
    driver.assert_settled();
    // The same answer again is a late one.
    driver.answer(id, answer);
    driver.serve_for(6);
}
