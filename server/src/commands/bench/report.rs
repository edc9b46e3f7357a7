//! The report: sections of one Markdown file, each owned by the benchmark that writes it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use domain::quantity::grouped;

/// What this ran on, in words: machine, memory, system, and the versions of what was measured.
pub(super) fn machine(postgres: &str) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = first_value("/proc/cpuinfo", "model name").map(|model| format!(" of {model}")).unwrap_or_default();
    let memory = first_value("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map(|kilobytes| format!(", {} GiB of memory", (kilobytes + (1 << 19)) >> 20))
        .unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").map(|text| format!(" {}", text.trim()));
    format!(
        "{cores} cores{model}{memory}; {} {}{}; Postgres {postgres}; Holdfast {}",
        std::env::consts::OS,
        std::env::consts::ARCH,
        kernel.unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
    )
}

fn first_value(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Prints the section, and puts it into the file in place of the one of that name, or at the end.
pub(super) fn publish(path: Option<&Path>, section: &str) -> anyhow::Result<()> {
    println!("{section}");
    let Some(path) = path else { return Ok(()) };
    let text = std::fs::read_to_string(path).unwrap_or_else(|_| "# Benchmarks\n\n".to_owned());
    std::fs::write(path, replaced(&text, section)).with_context(|| format!("can't write {}", path.display()))?;
    println!("Written to {}.", path.display());
    Ok(())
}

fn replaced(text: &str, section: &str) -> String {
    let head = section.lines().next().unwrap_or_default();
    // A line of its own: another section's name may begin alike.
    let at = text.match_indices(head).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).unwrap_or_default();
        let after = text.get(at + head.len()..).unwrap_or_default();
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
    });
    let (before, rest) = at.and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
    let after = rest.find("\n## ").map_or("", |at| rest.get(at + 1..).unwrap_or_default());
    format!("{}\n\n{}\n\n{after}", before.trim_end(), section.trim_end()).trim().to_owned() + "\n"
}

/// The middle of what was measured.
pub(super) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), sorted.get(middle.wrapping_sub(1))) {
        (Some(high), Some(low)) if sorted.len().is_multiple_of(2) => f64::midpoint(*low, *high),
        (Some(one), _) => *one,
        (None, _) => f64::NAN,
    }
}

/// `12,345`, `12.3` or `0.12`: as many digits as say something.
pub(super) fn figure(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "figures of benchmarks are small")]
    match number.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => grouped(number.round() as i64),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 0.01 => format!("{number:.2}"),
        _ if number.is_nan() => "–".to_owned(),
        _ => format!("{number:.4}"),
    }
}

/// A table of Markdown, its first column text and the rest numbers.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = format!("| {} |\n|---|{}\n", head.join(" | "), "--:|".repeat(head.len().saturating_sub(1)));
    for row in rows {
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {} |", row.join(" | "));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_the_one_before_and_leaves_the_others() {
        let text = "# Benchmarks\n\n## Orders\n\nold\n\n### a\n\n## Orders by night\n\nkept\n";
        let text = replaced(text, "## Orders\n\nnew\n");
        assert_eq!(text, "# Benchmarks\n\n## Orders\n\nnew\n\n## Orders by night\n\nkept\n");
        let text = replaced(&text, "## Third\n\nx\n");
        assert_eq!(replaced(&text, "## Third\n\nx\n"), text);
        assert!(text.ends_with("kept\n\n## Third\n\nx\n"));
    }

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn figures_have_the_digits_that_matter() {
        for (number, text) in [(12_345.6, "12,346"), (12.34, "12.3"), (1.234, "1.23"), (0.0, "0"), (f64::NAN, "–")] {
            assert_eq!(figure(number), text);
        }
    }
}
