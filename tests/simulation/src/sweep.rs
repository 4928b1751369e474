//! What the settings are worth: one setting at a time is varied, and what comes of it is kept as a table, so that a
//! change of behaviour shows as a difference.

mod broadcasts;
mod figures;
mod pictures;

/// The tables, as they are committed.
pub const KEPT: &str = include_str!("../sweep.md");

const HEAD: &str = "\
# What the settings are worth

Made by `npm run prove -- --sweep tests/simulation/sweep.md`, from fixed seeds under simulated time; the tests make it anew
and compare. Every row changes one thing; four figures in one cell are the median, the 95th and the 99th percentile and the
maximum.
";

/// The tables, made anew.
///
/// # Errors
/// The rule that a broadcast or a viewer has broken.
pub fn tables() -> Result<String, String> {
    Ok(format!("{HEAD}\n{}\n{}", broadcasts::table()?, pictures::tables()?))
}

/// Whether these are the tables that are kept.
///
/// # Errors
/// The first row that differs, and where it stands.
pub fn compare(tables: &str) -> Result<(), String> {
    let Some((at, found, kept)) = first_difference(tables, KEPT) else { return Ok(()) };
    let heading = tables.lines().take(at + 1).filter(|line| line.starts_with('#')).last().unwrap_or_default();
    Err(format!(
        "{heading}\n is: {found}\nwas: {kept}\nIf that is meant: npm run prove -- --sweep tests/simulation/sweep.md"
    ))
}

/// The first line that is not as it was kept: its number from 0, the line, and the one that was kept.
fn first_difference<'a>(found: &'a str, kept: &'a str) -> Option<(usize, &'a str, &'a str)> {
    let count = found.lines().count().max(kept.lines().count());
    let lines = |text: &'a str| text.lines().chain(std::iter::repeat("(nothing)"));
    let mut pairs = lines(found).zip(lines(kept)).take(count).enumerate();
    pairs.find(|(_, (found, kept))| found != kept).map(|(at, (found, kept))| (at, found, kept))
}
