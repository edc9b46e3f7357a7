//! What a run proves: the buyers, the counters and the journal tell one story, or they do not.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ChaosPlan, Counts, Ledger};
use crate::quantity::grouped;
use crate::stock::StockLevel;

/// What is known when a run is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    pub plan: ChaosPlan,
    /// What the buyers were told.
    pub counts: Counts,
    /// How many orders, each counted once, the winners were told of.
    pub orders: u64,
    /// Answers that were lost or broken off.
    pub lost: Retold,
    /// Requests that were sent twice at once.
    pub twins: Retold,
    /// What the product says of its stock.
    pub level: StockLevel,
    /// What the journal says of it.
    pub ledger: Ledger,
    /// Reservations of the product that are still held, and are no order's.
    pub still_held: u64,
}

/// What came of requests that were sent more than once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retold {
    /// How many there were.
    pub requests: u64,
    /// How many of them had been carried out before: the answer was the one of then.
    pub replayed: u64,
    /// How many stayed without an answer, or were answered in two ways.
    pub unresolved: u64,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Check {
    pub kind: CheckKind,
    pub passed: bool,
    /// What was found, in words.
    pub found: String,
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    SoldIsStock,
    EveryoneAnswered,
    CountersAgree,
    JournalAgrees,
    NeverNegative,
    LostAnswersResolved,
    TwinsAgree,
    /// Without guards: that they are what it rests on.
    Oversells,
}

impl CheckKind {
    pub const fn words(self) -> &'static str {
        match self {
            Self::SoldIsStock => "As many sold as there were",
            Self::EveryoneAnswered => "Every buyer has an answer",
            Self::CountersAgree => "The stock says what the buyers say",
            Self::JournalAgrees => "The journal adds up to the stock",
            Self::NeverNegative => "Never oversold, not for a moment",
            Self::LostAnswersResolved => "Lost answers were learned on asking again",
            Self::TwinsAgree => "Sent twice, done once",
            Self::Oversells => "Without guards it oversells",
        }
    }
}

/// The outcome in numbers, and the checks behind it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    pub sold: u64,
    pub stock: u64,
    pub refused: u64,
    pub gave_back: u64,
    pub oversold: u64,
    /// How the journal stands to the stock; none without guards, where there is no journal.
    pub journal: Option<Balance>,
    pub checks: Vec<Check>,
}

/// Whether two sums are one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    Balanced,
    Unbalanced,
}

impl Verdict {
    /// Whether the run proved what it was to prove.
    pub fn passes(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.passed)
    }
}

/// `10 sold of 10, 40 refused, 0 oversold, journal balanced`.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sold of {}, {} refused", count(self.sold), count(self.stock), count(self.refused))?;
        if self.gave_back > 0 {
            write!(f, ", {} gave back", count(self.gave_back))?;
        }
        write!(f, ", {} oversold", count(self.oversold))?;
        match self.journal {
            Some(Balance::Balanced) => f.write_str(", journal balanced"),
            Some(Balance::Unbalanced) => f.write_str(", journal not balanced"),
            None => Ok(()),
        }
    }
}

impl Evidence {
    /// The verdict on a run with guards.
    pub fn verdict(self) -> Verdict {
        let Self { plan, counts, orders, lost, twins, level, ledger, still_held } = self;
        let (attempts, stock) = (u64::from(plan.attempts()), u64::from(plan.stock()));
        // Who gave a unit back wants none any more.
        let to_be_sold = stock.min(attempts.saturating_sub(counts.gave_back));
        let told = counts.won + counts.refused + counts.gave_back;
        let reserved = u64::try_from(level.reserved).unwrap_or(0);
        let counters = u64::try_from(level.on_hand) == Ok(stock)
            && level.reserved >= 0
            && reserved == counts.won
            && still_held == 0;
        let played = ledger.play();
        let balanced = played.is_whole && played.level == level;
        let check = |kind, passed, found| Check { kind, passed, found };
        let checks = vec![
            check(
                CheckKind::SoldIsStock,
                counts.won == to_be_sold && orders == counts.won,
                format!("{} sold of {}, in {} orders", count(counts.won), count(to_be_sold), count(orders)),
            ),
            check(
                CheckKind::EveryoneAnswered,
                told == attempts,
                format!("{} of {}, {} failed", count(told), count(attempts), count(counts.failed)),
            ),
            check(
                CheckKind::CountersAgree,
                counters,
                format!(
                    "{} on hand, {} of them sold, {} still held",
                    grouped(level.on_hand),
                    grouped(level.reserved),
                    count(still_held)
                ),
            ),
            check(
                CheckKind::JournalAgrees,
                balanced,
                format!(
                    "{} moves sum up to {} on hand and {} reserved",
                    count(played.moves),
                    grouped(played.level.on_hand),
                    grouped(played.level.reserved)
                ),
            ),
            check(
                CheckKind::NeverNegative,
                played.out_of_bounds == 0,
                format!("{} of {} moves out of bounds", count(played.out_of_bounds), count(played.moves)),
            ),
            check(
                CheckKind::LostAnswersResolved,
                lost.unresolved == 0,
                format!(
                    "{} lost: {} had been carried out, {} had not or were refused, {} unknown",
                    count(lost.requests),
                    count(lost.replayed),
                    count(lost.requests.saturating_sub(lost.replayed + lost.unresolved)),
                    count(lost.unresolved)
                ),
            ),
            check(
                CheckKind::TwinsAgree,
                twins.unresolved == 0,
                format!("{} pairs, {} answered in two ways", count(twins.requests), count(twins.unresolved)),
            ),
        ];
        Verdict {
            sold: counts.won,
            stock,
            refused: counts.refused,
            gave_back: counts.gave_back,
            oversold: counts.won.max(reserved).saturating_sub(stock),
            journal: Some(if balanced { Balance::Balanced } else { Balance::Unbalanced }),
            checks,
        }
    }
}

/// The verdict on a run without guards: it is right where it oversold. `left` is what its counter says.
pub fn control_verdict(plan: ChaosPlan, counts: Counts, left: i64) -> Verdict {
    let stock = u64::from(plan.stock());
    let oversold = counts.won.saturating_sub(stock);
    let found = format!(
        "{} were told that they had bought one of {}; the counter says {} left",
        count(counts.won),
        count(stock),
        grouped(left)
    );
    Verdict {
        sold: counts.won,
        stock,
        refused: counts.refused,
        gave_back: counts.gave_back,
        oversold,
        journal: None,
        checks: vec![Check { kind: CheckKind::Oversells, passed: oversold > 0, found }],
    }
}

fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::{ChaosLimits, Guards};
    use super::*;

    fn plan(attempts: u32, stock: u32) -> ChaosPlan {
        ChaosPlan::new(attempts, stock, 10, Guards::On, ChaosLimits::COMMAND).unwrap()
    }

    /// Fifty for ten, one of whom gave a unit back.
    fn sound() -> Evidence {
        let entries = [(1, 10, 0), (2, 0, 10), (3, 0, -1), (4, 0, 1)].map(|(version, on_hand, reserved)| {
            let entry = serde_json::json!({
                "position": version, "at": "2026-11-22T17:12:52.000Z", "actor": "local", "request_id": null,
                "change_id": "019a0000-0000-7000-8000-000000000001", "action": "reservation.held",
                "subject": {"kind": "product", "id": "019a0000-0000-7000-8000-000000000001"},
                "on_hand_delta": on_hand, "reserved_delta": reserved, "version": version,
            });
            serde_json::from_value(entry).unwrap()
        });
        let mut ledger = Ledger::default();
        ledger.add(&entries);
        Evidence {
            plan: plan(50, 10),
            counts: Counts { won: 10, won_again: 2, refused: 39, gave_back: 1, ..Counts::default() },
            orders: 10,
            lost: Retold { requests: 4, replayed: 2, unresolved: 0 },
            twins: Retold { requests: 3, replayed: 1, unresolved: 0 },
            level: StockLevel { on_hand: 10, reserved: 10 },
            ledger,
            still_held: 0,
        }
    }

    #[test]
    fn a_sound_run_passes_and_says_so_in_a_line() {
        let verdict = sound().verdict();
        assert!(verdict.passes(), "{:?}", verdict.checks);
        assert_eq!(verdict.to_string(), "10 sold of 10, 39 refused, 1 gave back, 0 oversold, journal balanced");
    }

    #[test]
    fn each_lie_is_found_by_the_check_that_looks_for_it() {
        type Lie = fn(&mut Evidence);
        let lies: [(CheckKind, Lie); 9] = [
            (CheckKind::SoldIsStock, |it| it.orders = 9),
            (CheckKind::SoldIsStock, |it| it.counts = Counts { won: 9, refused: 40, ..it.counts }),
            (CheckKind::EveryoneAnswered, |it| it.counts = Counts { refused: 38, failed: 1, ..it.counts }),
            (CheckKind::CountersAgree, |it| it.level.reserved = 11),
            (CheckKind::CountersAgree, |it| it.still_held = 1),
            (CheckKind::JournalAgrees, |it| it.ledger = Ledger::default()),
            (CheckKind::NeverNegative, |it| {
                it.ledger = Ledger::default();
                let entries = serde_json::json!([{
                    "position": 1, "at": "2026-11-22T17:12:52.000Z", "actor": "local", "request_id": null,
                    "change_id": "019a0000-0000-7000-8000-000000000001", "action": "reservation.held",
                    "subject": {"kind": "product", "id": "019a0000-0000-7000-8000-000000000001"},
                    "on_hand_delta": 0, "reserved_delta": 1, "version": 1,
                }]);
                it.ledger.add(&serde_json::from_value::<Vec<_>>(entries).unwrap());
            }),
            (CheckKind::LostAnswersResolved, |it| it.lost.unresolved = 1),
            (CheckKind::TwinsAgree, |it| it.twins.unresolved = 1),
        ];
        for (kind, lie) in lies {
            let mut evidence = sound();
            lie(&mut evidence);
            let verdict = evidence.verdict();
            assert!(!verdict.passes());
            assert!(verdict.checks.iter().any(|check| check.kind == kind && !check.passed), "{kind:?}");
        }
    }

    #[test]
    fn oversold_units_are_counted_by_whoever_counts_more() {
        let mut evidence = sound();
        evidence.counts = Counts { won: 12, refused: 38, ..Counts::default() };
        assert_eq!(evidence.clone().verdict().oversold, 2);
        evidence.counts.won = 10;
        evidence.level.reserved = 13;
        assert_eq!(evidence.verdict().oversold, 3);
    }

    #[test]
    fn fewer_buyers_than_units_can_buy_no_more_than_they_are() {
        let mut evidence = sound();
        evidence.plan = plan(5, 10);
        evidence.counts = Counts { won: 4, gave_back: 1, ..Counts::default() };
        let verdict = Evidence { orders: 4, ..evidence }.verdict();
        let sold = verdict.checks.iter().find(|check| check.kind == CheckKind::SoldIsStock).unwrap();
        assert!(sold.passed, "{}", sold.found);
    }

    #[test]
    fn the_control_is_right_only_where_it_oversells() {
        let counts = |won| Counts { won, refused: 50 - won, ..Counts::default() };
        let verdict = control_verdict(plan(50, 10), counts(37), 4);
        assert!(verdict.passes());
        assert_eq!(verdict.to_string(), "37 sold of 10, 13 refused, 27 oversold");
        assert!(!control_verdict(plan(50, 10), counts(10), 0).passes());
    }
}
