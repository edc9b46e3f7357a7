//! What the journal says of one product, played again from nothing.

use crate::journal::Entry;
use crate::stock::{LevelDelta, StockLevel};

/// The moves of one product's stock in one warehouse, by the version that each made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    moves: Vec<(i64, LevelDelta)>,
}

/// What came of playing a ledger again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Played {
    pub level: StockLevel,
    /// How many moves there were.
    pub moves: u64,
    /// Whether versions ran 1, 2, 3 without a gap or a repetition.
    pub is_whole: bool,
    /// Moves after which more was reserved than on hand, or less than nothing.
    pub out_of_bounds: u64,
}

impl Ledger {
    /// Adds entries, in any order. Those that moved no stock say nothing here.
    pub fn add(&mut self, entries: &[Entry]) {
        let moves = entries.iter().filter_map(|entry| {
            let delta = LevelDelta { on_hand: entry.on_hand_delta, reserved: entry.reserved_delta };
            entry.version.map(|version| (version, delta))
        });
        self.moves.extend(moves);
    }

    /// Plays the moves in the order of their versions.
    pub fn play(mut self) -> Played {
        self.moves.sort_unstable_by_key(|(version, _)| *version);
        let mut played = Played { level: StockLevel::default(), moves: 0, is_whole: true, out_of_bounds: 0 };
        for (expected, (version, delta)) in (1_i64..).zip(self.moves) {
            let StockLevel { on_hand, reserved } = played.level;
            let level = StockLevel {
                on_hand: on_hand.saturating_add(delta.on_hand),
                reserved: reserved.saturating_add(delta.reserved),
            };
            if !(0..=level.on_hand).contains(&level.reserved) {
                played.out_of_bounds += 1;
            }
            played.is_whole &= version == expected;
            played.moves += 1;
            played.level = level;
        }
        played
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(moves: &[(i64, i64, i64)]) -> Ledger {
        let moves = moves
            .iter()
            .map(|(version, on_hand, reserved)| (*version, LevelDelta { on_hand: *on_hand, reserved: *reserved }));
        Ledger { moves: moves.collect() }
    }

    #[test]
    fn moves_are_played_in_the_order_of_their_versions() {
        let played = ledger(&[(3, 0, -1), (1, 2, 0), (2, 0, 1), (4, 0, 2)]).play();
        assert_eq!(played.level, StockLevel { on_hand: 2, reserved: 2 });
        assert_eq!((played.moves, played.is_whole, played.out_of_bounds), (4, true, 0));
    }

    #[test]
    fn a_gap_a_repetition_and_an_oversold_moment_are_seen() {
        assert!(!ledger(&[(1, 2, 0), (3, 0, 1)]).play().is_whole);
        assert!(!ledger(&[(1, 2, 0), (1, 0, 1)]).play().is_whole);
        let oversold = ledger(&[(1, 1, 0), (2, 0, 2), (3, 0, -1)]).play();
        assert_eq!((oversold.level.reserved, oversold.out_of_bounds), (1, 1));
        assert_eq!(ledger(&[(1, 0, -1)]).play().out_of_bounds, 1);
    }
}
