//! The `Retry-After` and `Date` headers of a reply.

use crate::time::{Duration, WallTime};

/// Parses a `Retry-After` header: seconds, also with a fraction, or an HTTP date. A date is relative to `sent_at`: the
/// reply's `Date` header, because the service's clock may differ from the caller's, or else the caller's time. If the
/// header came several times, the largest number counts. A number out of range means the longest possible delay, and a
/// past date none. Everything else, negative numbers included, yields `None`.
#[must_use]
pub fn parse_retry_after(header: &str, sent_at: WallTime) -> Option<Duration> {
    let longest = header.split(',').map(parse_seconds).reduce(|a, b| Some(a?.max(b?))).flatten();
    longest.or_else(|| Some(parse_http_date(header)?.duration_since(sent_at)))
}

/// Decimal seconds, cut to ms.
fn parse_seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (mut ms, mut unit, mut is_fraction) = (0_u64, 1_000_u64, false);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if !is_fraction => {
                ms = ms.saturating_mul(10).saturating_add(u64::from(byte - b'0') * 1_000);
            }
            b'0'..=b'9' => {
                unit /= 10;
                ms = ms.saturating_add(u64::from(byte - b'0') * unit);
            }
            b'.' if !is_fraction => is_fraction = true,
            _ => return None,
        }
    }
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(Duration::from_millis(ms))
}

/// Parses an HTTP date.
#[must_use]
pub fn parse_http_date(header: &str) -> Option<WallTime> {
    let date = httpdate::parse_http_date(header.trim()).ok()?;
    Some(WallTime::ZERO + Duration::from_secs(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::short::wall;

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let sent_at = parse_http_date(" Sun, 06 Nov 1994 08:49:37 GMT ").unwrap();
        assert_eq!(sent_at, wall(784_111_777_000));
        let read = |header: &str| parse_retry_after(header, sent_at).map(Duration::as_millis);
        for (header, ms) in [
            (" 120 ", 120_000),
            ("0", 0),
            ("60.5", 60_500),
            ("5.", 5_000),
            ("0.0129", 12),
            ("1.9999", 1_999),
            ("1.5000", 1_500),
            ("007", 7_000),
            ("5, 30, 7", 30_000),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("Sunday, 06-Nov-94 08:49:47 GMT", 10_000),
            ("Sun Nov  6 08:49:47 1994", 10_000),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ] {
            assert_eq!(read(header), Some(ms), "{header}");
        }
        for huge in ["18446744073709551615", "99999999999999999999999999", "99999999999999999999999999.5"] {
            assert!(read(huge) > Some(1 << 52), "{huge}");
        }
        for none in
            ["", " ", "soon", "-5", "-0.5", "+5", "1e3", ".5", "5 s", "5,", "5, soon", "0x10", "5.5.5", "NaN"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_panic(header in "\\PC{0,40}", now: u64) {
            let _ = parse_retry_after(&header, wall(now));
            let _ = parse_http_date(&header);
        }
    }
}
