//! The place of one product among those that are remembered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::product::ProductView;
use domain::time::Timestamp;

use super::known::{Change, Known};

/// How many changes are kept for loads that are under way; one that takes longer is not remembered.
const PENDING_MAX: usize = 1_000;

#[derive(Default, Debug)]
pub(super) struct Slot {
    state: Mutex<State>,
}

#[derive(Default, Debug)]
struct State {
    known: Option<Known>,
    /// The stretch of time in which it is known.
    stretch: u64,
    /// How many read the product from its tables at this moment.
    loads: u32,
    /// What happened while they did: what they read may be of before it, or after.
    pending: VecDeque<Change>,
    /// How many changes happened before those.
    past: u64,
    /// What somebody was told meanwhile. What a load brings may be older, for it read earlier; and nobody is to see
    /// less than before.
    told: Option<Known>,
}

/// How many changes had happened when a load began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(u64);

impl Slot {
    pub(super) fn look(&self, stretch: u64, seen_to: Option<Timestamp>) -> Option<ProductView> {
        let state = self.lock();
        state.known.as_ref().filter(|_| state.stretch == stretch).map(|known| known.view(seen_to))
    }

    pub(super) fn apply(&self, change: Change) {
        let mut state = self.lock();
        if state.known.as_mut().is_some_and(|known| known.apply(&change).is_err()) {
            state.forget();
        }
        if state.loads > 0 {
            state.pending.push_back(change);
            if state.pending.len() > PENDING_MAX {
                state.pending.pop_front();
                state.past += 1;
            }
        }
    }

    /// A load begins, in this stretch.
    pub(super) fn load_begins(&self, stretch: u64) -> Since {
        let mut state = self.lock();
        if state.loads == 0 {
            state.told = None;
            if state.stretch != stretch {
                // Something may have been missed, and the tables alone count: after a fail-over they may be older.
                (state.stretch, state.known) = (stretch, None);
            }
        }
        state.loads += 1;
        Since(state.past + state.pending.len() as u64)
    }

    pub(super) fn load_ends(&self) {
        let mut state = self.lock();
        state.loads -= 1;
        if state.loads == 0 {
            state.past += state.pending.len() as u64;
            (state.pending, state.told) = (VecDeque::new(), None);
        }
    }

    /// Remembers what was read in this stretch, brought up to date with what happened since; and gives what is
    /// known then.
    pub(super) fn loaded(&self, stretch: u64, since: Since, read: Known) -> ProductView {
        let mut state = self.lock();
        if state.stretch < stretch {
            state.forget();
            state.stretch = stretch;
        }
        if state.known.is_none() && state.stretch == stretch {
            state.known = state.brought_up_to_date(since, &read);
        }
        state.tell(read).view(None)
    }

    /// Gives what was read while something may have been missed: true enough for who asked, and remembered only where
    /// something is known already.
    pub(super) fn told(&self, read: Known) -> ProductView {
        self.lock().tell(read).view(None)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Applies what happened since a load began to what it read; `None` where that can't be done.
    fn brought_up_to_date(&self, since: Since, read: &Known) -> Option<Known> {
        let seen = usize::try_from(since.0.checked_sub(self.past)?).ok()?;
        let mut read = read.clone();
        for change in self.pending.iter().skip(seen) {
            read.apply(change).ok()?;
        }
        if let Some(told) = &self.told {
            read.merge(told);
        }
        Some(read)
    }

    fn forget(&mut self) {
        if let Some(known) = self.known.take()
            && self.loads > 0
        {
            self.tell(known);
        }
    }

    /// The newest of what is known or was told, this included.
    fn tell(&mut self, read: Known) -> &Known {
        let newest = match self.known.as_mut() {
            Some(known) => known,
            // For as long as somebody loads: who begins to from here on reads what is at least as new.
            None => self.told.get_or_insert_with(|| read.clone()),
        };
        newest.merge(&read);
        newest
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::ProductId;
    use domain::money::Money;
    use domain::product::Product;
    use domain::stock::{StockLevel, StockRow};
    use domain::warehouse::WarehouseCode;

    use super::*;

    const STRETCH: u64 = 1;

    fn time(milliseconds: i64) -> Timestamp {
        Timestamp::from_unix_milliseconds(milliseconds).unwrap()
    }

    /// The product as it was after its row had moved so many times.
    fn known(version: i64) -> Known {
        let product = Product {
            id: ProductId::from_uuid(uuid::Uuid::from_u128(1)),
            sku: domain::sku::Sku::new("MUG").unwrap(),
            name: domain::text::Name::new("Mug").unwrap(),
            price: Money::new(1, "GBP".parse().unwrap()),
            archived: false,
            low_stock_threshold: None,
            version: 1,
            created_at: time(0),
        };
        let row = StockRow { level: StockLevel { on_hand: version, reserved: 0 }, version };
        Known { product, rows: vec![(WarehouseCode::main(), row)], as_of: time(version) }
    }

    fn on_hand(view: &ProductView) -> i64 {
        view.total().on_hand
    }

    fn seen(slot: &Slot) -> Option<i64> {
        slot.look(STRETCH, None).as_ref().map(on_hand)
    }

    #[test]
    fn what_a_load_brings_is_not_older_than_what_another_has_told_and_could_not_leave() {
        let slot = Slot::default();
        let first = slot.load_begins(STRETCH);
        slot.apply(Change::Facts);
        let second = slot.load_begins(STRETCH);
        // The first reads last, and what happened to the product while it did keeps it from being remembered.
        assert_eq!(on_hand(&slot.loaded(STRETCH, first, known(8))), 8);
        assert_eq!(seen(&slot), None);
        assert_eq!(on_hand(&slot.loaded(STRETCH, second, known(7))), 8);
        assert_eq!(seen(&slot), Some(8));
        slot.load_ends();
        slot.load_ends();
    }

    #[test]
    fn what_is_forgotten_is_not_followed_by_something_older() {
        let slot = Slot::default();
        let loads = [(); 3].map(|()| slot.load_begins(STRETCH));
        let [first, second, _] = loads;
        slot.loaded(STRETCH, first, known(5));
        // The second read later than what is known, of which the tail has not heard yet.
        assert_eq!(on_hand(&slot.loaded(STRETCH, second, known(9))), 9);
        slot.apply(Change::Facts);
        let last = slot.load_begins(STRETCH);
        assert_eq!(on_hand(&slot.loaded(STRETCH, last, known(8))), 9);
    }

    #[test]
    fn a_load_that_something_was_missed_in_is_told_and_not_remembered() {
        let slot = Slot::default();
        let (_missed, whole) = (slot.load_begins(STRETCH), slot.load_begins(STRETCH));
        assert_eq!(on_hand(&slot.told(known(9))), 9);
        assert_eq!(seen(&slot), None);
        assert_eq!(on_hand(&slot.loaded(STRETCH, whole, known(8))), 9);
        assert_eq!(seen(&slot), Some(9));
        // Nor is what is known newer than what somebody else was told.
        assert_eq!((on_hand(&slot.told(known(10))), seen(&slot)), (10, Some(10)));
    }

    #[test]
    fn what_was_known_before_something_may_have_been_missed_does_not_count_against_the_tables() {
        for between in [None, Some(0)] {
            let slot = Slot::default();
            let since = slot.load_begins(STRETCH);
            slot.loaded(STRETCH, since, known(9));
            slot.load_ends();
            if let Some(broken) = between {
                slot.load_begins(broken);
                assert_eq!(on_hand(&slot.told(known(8))), 8);
                slot.load_ends();
            }
            let since = slot.load_begins(STRETCH + 1);
            assert_eq!(on_hand(&slot.loaded(STRETCH + 1, since, known(8))), 8);
            assert_eq!(slot.look(STRETCH + 1, None).as_ref().map(on_hand), Some(8));
            slot.load_ends();
        }
    }

    #[test]
    fn what_was_told_is_kept_for_as_long_as_somebody_loads() {
        let slot = Slot::default();
        slot.load_begins(STRETCH);
        slot.told(known(9));
        slot.load_ends();
        assert!(slot.lock().told.is_none());
    }
}
