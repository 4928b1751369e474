//! Formats figures with integer arithmetic: the result is the same on every machine.

/// `part / whole`, rounded to this many decimals.
pub(super) fn ratio(part: u64, whole: u64, decimals: u32) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let scale = 10_u64.pow(decimals);
    let scaled = (part * scale + whole / 2) / whole;
    let (integer, rest) = (scaled / scale, scaled % scale);
    if decimals == 0 {
        integer.to_string()
    } else {
        format!("{integer}.{rest:0width$}", width = decimals as usize)
    }
}

pub(super) fn percent(part: u64, whole: u64, decimals: u32) -> String {
    ratio(part * 100, whole, decimals)
}

pub(super) fn per_hour(count: u64, ms: u64, decimals: u32) -> String {
    ratio(count * 3_600_000, ms, decimals)
}

pub(super) fn seconds(ms: u64) -> String {
    ratio(ms, 1_000, 1)
}

/// Median, 95th and 99th percentile and maximum, by the nearest rank.
pub(super) fn spread(values: &[u64], show: impl Fn(u64) -> String) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    let shown = [50, 95, 99, 100].map(|percent| at(percent).map_or_else(|| "–".to_owned(), &show));
    shown.join(" / ")
}

/// The total time of these intervals, which may overlap.
pub(super) fn covered(mut times: Vec<(u64, u64)>) -> u64 {
    times.sort_unstable();
    let mut reached = 0;
    times.into_iter().fold(0, |total, (from, until)| {
        let new = until.saturating_sub(from.max(reached));
        reached = reached.max(until);
        total + new
    })
}

/// The head of a Markdown table: a column with text, then columns with figures.
pub(super) fn head(columns: &[&str]) -> String {
    let rule = vec!["---:"; columns.len() - 1].join("|");
    format!("{}|---|{rule}|\n", row(columns))
}

/// A row of a Markdown table.
pub(super) fn row(cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_and_need_a_whole() {
        assert_eq!((ratio(2, 3, 3), ratio(2, 3, 0)), ("0.667".to_owned(), "1".to_owned()));
        assert_eq!((percent(999, 1_000, 1), percent(1, 0, 1)), ("99.9".to_owned(), "–".to_owned()));
        assert_eq!(per_hour(3, 7_200_000, 1), "1.5");
    }

    #[test]
    fn spread_uses_the_nearest_rank() {
        let values: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(spread(&values, |value| value.to_string()), "50 / 95 / 99 / 100");
        assert_eq!(spread(&[7], |value| value.to_string()), "7 / 7 / 7 / 7");
        assert_eq!(spread(&[], |value| value.to_string()), "– / – / – / –");
    }

    #[test]
    fn overlapping_time_is_counted_once() {
        assert_eq!(covered(vec![(10, 20), (0, 5), (15, 30), (16, 18), (40, 40)]), 25);
        assert_eq!(covered(vec![(20, 10)]), 0, "an interval that ends before it begins");
    }
}
