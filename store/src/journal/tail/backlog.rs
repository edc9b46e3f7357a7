//! Entries that were seen and are not final yet, kept so that they need not be read again. Where a long
//! writer makes them too many they are let go of, and read from the table once they are final.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::journal::Told;
use crate::journal::told::{Row, Sight};

/// How many entries are kept.
const KEPT_MAX: usize = 10_000;

#[derive(Debug)]
pub(super) struct Backlog {
    /// By position; `None` for an entry that can't be read.
    kept: BTreeMap<i64, Option<Arc<Told>>>,
    /// Only above this position everything that was seen is kept.
    from: i64,
}

impl Backlog {
    /// What is seen from here on is above this position.
    pub(super) fn begin(from: i64) -> Self {
        Self { kept: BTreeMap::new(), from }
    }

    /// Keeps rows; `high` is the greatest position seen, theirs included.
    pub(super) fn keep(&mut self, rows: &[Sight], high: i64) {
        let above = rows.iter().filter(|row| row.position > self.from);
        self.kept.extend(above.map(|row| (row.position, row.told.clone())));
        if self.kept.len() > KEPT_MAX {
            self.skip(high);
        }
    }

    /// What was seen up to `high` was not read in full.
    pub(super) fn skip(&mut self, high: i64) {
        self.kept.clear();
        self.from = high;
    }

    /// Up to this position entries have to be read from the table.
    pub(super) fn from(&self) -> i64 {
        self.from
    }

    /// Takes out what is kept up to a position, in order.
    pub(super) fn take(&mut self, to: i64) -> Vec<Row> {
        let above = self.kept.split_off(&(to + 1));
        let taken = std::mem::replace(&mut self.kept, above);
        taken.into_iter().map(|(position, told)| Row { position, told }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(positions: impl Iterator<Item = i64>) -> Vec<Sight> {
        positions.map(|position| Sight { position, glimpse: None, told: None }).collect()
    }

    #[test]
    fn too_many_are_let_go_of_and_none_is_kept_twice_or_in_part() {
        let most = i64::try_from(KEPT_MAX).unwrap();
        let mut backlog = Backlog::begin(100);
        backlog.keep(&rows(101..=110), 110);
        let taken: Vec<i64> = backlog.take(105).iter().map(|row| row.position).collect();
        assert_eq!(taken, [101, 102, 103, 104, 105]);
        let high = 111 + most;
        backlog.keep(&rows(111..=high), high);
        assert_eq!((backlog.from(), backlog.take(high).len()), (high, 0));
        // One that comes late is below what has to be read anyway.
        backlog.keep(&rows([50, high + 1].into_iter()), high + 1);
        let taken: Vec<i64> = backlog.take(high + 1).iter().map(|row| row.position).collect();
        assert_eq!(taken, [high + 1]);
    }
    #[test]
    fn what_was_not_read_in_full_and_what_comes_late_below_it_is_left_to_the_table() {
        let mut backlog = Backlog::begin(100);
        backlog.keep(&rows(101..=105), 105);
        backlog.skip(110);
        backlog.keep(&rows([103, 108, 111, 112].into_iter()), 112);
        assert_eq!(backlog.from(), 110);
        let taken: Vec<i64> = backlog.take(112).iter().map(|row| row.position).collect();
        assert_eq!(taken, [111, 112]);
    }
}
