//! Texts that are committed, and made anew to be compared.

/// The first line that is not as it was kept: its number from 0, the line, and the one that was kept.
pub(crate) fn first_difference<'a>(found: &'a str, kept: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let count = found.lines().count().max(kept.lines().count());
    let lines = |text: &'a str| text.lines().chain(std::iter::repeat("(nothing)"));
    let mut pairs = lines(found).zip(lines(kept)).take(count).enumerate();
    pairs.find(|(_, (found, kept))| found != kept).map(|(at, (found, kept))| (at, found, kept))
}
