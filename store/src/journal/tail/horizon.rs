//! Which positions are final. The one place that knows the rule, and the one to change where a database is
//! sharded: there a snapshot speaks for its own node only.
//!
//! A position is drawn from a sequence that caches one, by a transaction that has its id by then (it has
//! locked or written rows before). Transactions end in any order, so below a position that is visible others
//! may still be to come. The rule: note the greatest position seen, and only *then* draw a transaction id of
//! our own. Whoever drew a position up to the noted one had an id before us, so a smaller one. Once the xmin
//! of a snapshot has reached our id all of them have ended, and a statement that begins after that snapshot
//! was taken sees everything there will ever be up to the noted position.
//!
//! (The xmax of a snapshot instead of an id of our own will not do: it can equal the id of a running writer.)

use std::collections::BTreeMap;

/// What is known of the positions: which were seen, which may still come, and from where down nothing will.
#[derive(Debug)]
pub(super) struct Horizon {
    /// The greatest position seen.
    high: i64,
    /// Runs of positions below it that were not seen: by their first, the last of each. They are drawn, and
    /// not committed yet, or never will be.
    gaps: BTreeMap<i64, i64>,
    final_to: Option<i64>,
    mark: Option<Mark>,
}

/// A position, and a transaction id that was drawn after it was seen.
#[derive(Clone, Copy, Debug)]
struct Mark {
    position: i64,
    xid: i64,
}

impl Horizon {
    /// Begins at the greatest position of the table. What lies below and is not committed yet is not known
    /// of until that position is final.
    pub(super) fn begin(high: i64) -> Self {
        Self { high, gaps: BTreeMap::new(), final_to: None, mark: None }
    }

    pub(super) fn high(&self) -> i64 {
        self.high
    }

    /// Up to this position, inclusive, nothing will come any more. `None` until that is known of any.
    pub(super) fn final_to(&self) -> Option<i64> {
        self.final_to
    }

    /// Whether all that was seen is final.
    pub(super) fn is_settled(&self) -> bool {
        self.final_to == Some(self.high)
    }

    /// Takes note of a position that is visible. Whether it was not seen before.
    pub(super) fn saw(&mut self, position: i64) -> bool {
        if position > self.high {
            if position > self.high + 1 {
                self.gaps.insert(self.high + 1, position - 1);
            }
            self.high = position;
            return true;
        }
        let Some((&first, &last)) = self.gaps.range(..=position).next_back() else { return false };
        if position > last {
            return false;
        }
        self.gaps.remove(&first);
        if first < position {
            self.gaps.insert(first, position - 1);
        }
        if position < last {
            self.gaps.insert(position + 1, last);
        }
        true
    }

    /// The runs of positions that were skipped and may still come: the first and the last of each.
    pub(super) fn gaps(&self) -> impl ExactSizeIterator<Item = (i64, i64)> {
        self.gaps.iter().map(|(first, last)| (*first, *last))
    }

    /// Whether a transaction id is to be drawn: something was seen that is neither final nor marked.
    pub(super) fn wants_mark(&self) -> bool {
        self.mark.is_none() && !self.is_settled()
    }

    /// Marks what was seen so far with an id that was drawn after it was.
    pub(super) fn mark(&mut self, xid: i64) {
        self.mark = Some(Mark { position: self.high, xid });
    }

    /// The marked position, if every transaction that could have drawn one up to it has ended before a
    /// snapshot of this xmin. It may be settled once the gaps below it were read after that snapshot.
    pub(super) fn reached(&self, xmin: i64) -> Option<i64> {
        self.mark.filter(|mark| xmin >= mark.xid).map(|mark| mark.position)
    }

    /// Everything up to this position was read, and is final.
    pub(super) fn settle(&mut self, position: i64) {
        self.mark = None;
        self.final_to = self.final_to.max(Some(position));
        let above = self.gaps.split_off(&(position + 1));
        let crossing = self.gaps.pop_last().filter(|(_, last)| *last > position);
        self.gaps = above;
        if let Some((_, last)) = crossing {
            self.gaps.insert(position + 1, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(horizon: &Horizon) -> Vec<(i64, i64)> {
        horizon.gaps().collect()
    }

    #[test]
    fn what_is_skipped_is_remembered_until_it_comes_or_can_not_come_any_more() {
        let mut horizon = Horizon::begin(10);
        assert!(horizon.saw(11) && horizon.saw(15) && horizon.saw(17));
        assert_eq!(gaps(&horizon), [(12, 14), (16, 16)]);
        assert!(horizon.saw(13));
        assert_eq!(gaps(&horizon), [(12, 12), (14, 14), (16, 16)]);
        assert!(!horizon.saw(13) && !horizon.saw(15) && !horizon.saw(9), "seen before, or final");
        assert!(horizon.saw(12) && horizon.saw(16));
        assert_eq!(gaps(&horizon), [(14, 14)]);
        horizon.mark(100);
        horizon.settle(17);
        assert_eq!((gaps(&horizon), horizon.final_to(), horizon.is_settled()), (vec![], Some(17), true));
    }

    #[test]
    fn nothing_is_final_before_all_older_transactions_have_ended() {
        let mut horizon = Horizon::begin(0);
        assert!(horizon.wants_mark(), "not even that nothing is there is known to be final");
        horizon.saw(5);
        horizon.mark(100);
        assert!(!horizon.wants_mark());
        horizon.saw(6);
        assert_eq!(horizon.reached(99), None);
        assert_eq!(horizon.reached(100), Some(5), "what was seen after the mark is not covered by it");
        horizon.settle(5);
        assert_eq!((horizon.final_to(), horizon.is_settled(), horizon.wants_mark()), (Some(5), false, true));
        assert_eq!(horizon.reached(i64::MAX), None, "the mark is used up");
    }

    #[test]
    fn settling_inside_a_gap_keeps_what_is_above() {
        let mut horizon = Horizon::begin(0);
        horizon.saw(10);
        horizon.saw(20);
        horizon.settle(14);
        assert_eq!(gaps(&horizon), [(15, 19)]);
    }
}
