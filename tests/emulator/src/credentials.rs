//! HTTP Basic authentication.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whether the header contains an id and a secret.
pub(crate) fn are_basic(authorization: &str) -> bool {
    let Some((scheme, pair)) = authorization.split_once(' ') else { return false };
    let Ok(pair) = STANDARD.decode(pair.trim()) else { return false };
    let has_both =
        |pair: &str| pair.split_once(':').is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty());
    scheme.eq_ignore_ascii_case("basic") && std::str::from_utf8(&pair).is_ok_and(has_both)
}
