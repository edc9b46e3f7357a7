//! What was measured, run by run.

use std::collections::BTreeMap;

use super::super::report::median;

/// One figure of each run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Line {
    OneProduct50,
    OneProduct200,
    Reference50,
    Reference200,
    RowPerUnitReference,
    BatchReference,
    HollowReference,
    ManyProducts,
    ManyProductsReference,
    Refusals,
    RefusalsWritten,
    Open50P50,
    Open50P99,
    Open200P50,
    Open200P99,
    AloneP50,
    AloneP99,
    AloneReferenceP50,
    AloneReferenceP99,
}

/// The figures of all runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeMap<Line, Vec<f64>>);

impl Lines {
    /// The next run's figure.
    pub(super) fn add(&mut self, line: Line, figure: f64) {
        eprintln!("  {line:?}: {}", super::super::report::figure(figure));
        self.0.entry(line).or_default().push(figure);
    }

    pub(super) fn has(&self, line: Line) -> bool {
        self.0.contains_key(&line)
    }

    pub(super) fn median(&self, line: Line) -> f64 {
        self.0.get(&line).map_or(f64::NAN, |samples| median(samples))
    }

    /// The median of the ratios of each run: what slowed the machine down for a while slowed both.
    pub(super) fn ratio(&self, ours: Line, reference: Line) -> f64 {
        let (Some(ours), Some(reference)) = (self.0.get(&ours), self.0.get(&reference)) else { return f64::NAN };
        let ratios: Vec<f64> = ours.iter().zip(reference).map(|(ours, reference)| ours / reference).collect();
        median(&ratios)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_the_median_of_the_ratios_and_not_of_the_figures() {
        let mut lines = Lines::default();
        for (ours, reference) in [(10.0, 1.0), (20.0, 2.0), (3.0, 1.0)] {
            lines.add(Line::OneProduct50, ours);
            lines.add(Line::Reference50, reference);
        }
        assert!((lines.ratio(Line::OneProduct50, Line::Reference50) - 10.0).abs() < f64::EPSILON);
        assert!(lines.ratio(Line::OneProduct50, Line::Refusals).is_nan());
    }
}
