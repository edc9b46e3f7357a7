//! How a run stands.

use serde::{Deserialize, Serialize};

use super::{ChaosPlan, Verdict};
use crate::sku::Sku;

/// A run, as it stands at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChaosRun {
    pub plan: ChaosPlan,
    /// The product that was made for it; none before it is there, and none without guards.
    pub sku: Option<Sku>,
    pub phase: Phase,
    pub squares: Squares,
    pub counts: Counts,
    pub latency: LatencySummary,
    /// From the first request until every buyer had been answered; what is left then are holds that run out.
    pub answered_milliseconds: Option<u64>,
    /// From the first request until now, or until the last unit had found its buyer.
    pub elapsed_milliseconds: u64,
    pub verdict: Option<Verdict>,
    /// What kept the run from its verdict, or from putting its things away.
    pub trouble: Option<String>,
}

impl ChaosRun {
    /// Whether the run came to its end and proved what it was to prove.
    pub fn passes(&self) -> bool {
        self.phase == Phase::Ended && self.verdict.as_ref().is_some_and(Verdict::passes)
    }
}

/// What a run is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// The scratch product is made.
    Preparing,
    /// The buyers come.
    Crowd,
    /// Holds run out, late payers pay, and who was refused comes again.
    Settling,
    /// Stock and journal are read.
    Proving,
    /// Orders are cancelled, the stock is written off, the product archived.
    TidyingUp,
    Ended,
    /// Somebody stopped it.
    Stopped,
    /// It could not be carried out.
    Broken,
}

impl Phase {
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Preparing | Self::Crowd | Self::Settling | Self::Proving | Self::TidyingUp => true,
            Self::Ended | Self::Stopped | Self::Broken => false,
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Preparing => "A product is made for the run",
            Self::Crowd => "The buyers come",
            Self::Settling => "Short holds run out; who was refused comes again",
            Self::Proving => "Stock and journal are read",
            Self::TidyingUp => "Everything is put away",
            Self::Ended => "The run has ended",
            Self::Stopped => "The run was stopped",
            Self::Broken => "The run broke off",
        }
    }
}

/// What became of one buyer so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, strum::VariantArray)]
pub enum Square {
    Waiting,
    /// Has a unit held and has not paid yet.
    Held,
    /// The answer was lost, and is asked for again under the same key.
    Asking,
    Won,
    /// Won, and learned it on asking again.
    WonAgain,
    Refused,
    /// Had a unit, and let it go or let its time run out.
    GaveBack,
    /// Got an answer that nobody should get, or none at all.
    Failed,
}

impl Square {
    pub const fn letter(self) -> char {
        match self {
            Self::Waiting => '.',
            Self::Held => 'h',
            Self::Asking => 'a',
            Self::Won => 'w',
            Self::WonAgain => 'W',
            Self::Refused => 'r',
            Self::GaveBack => 'g',
            Self::Failed => 'f',
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Held => "holding",
            Self::Asking => "asking again",
            Self::Won => "won",
            Self::WonAgain => "won, on asking again",
            Self::Refused => "refused",
            Self::GaveBack => "gave back",
            Self::Failed => "failed",
        }
    }

    fn from_letter(letter: char) -> Option<Self> {
        <Self as strum::VariantArray>::VARIANTS.iter().copied().find(|square| square.letter() == letter)
    }
}

/// The buyers in their order; a letter each on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Squares(pub Vec<Square>);

impl From<Squares> for String {
    fn from(squares: Squares) -> Self {
        squares.0.into_iter().map(Square::letter).collect()
    }
}

/// A letter that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{letter:?} stands for no square")]
pub struct SquareError {
    letter: char,
}

impl TryFrom<String> for Squares {
    type Error = SquareError;

    fn try_from(letters: String) -> Result<Self, SquareError> {
        let square = |letter| Square::from_letter(letter).ok_or(SquareError { letter });
        letters.chars().map(square).collect::<Result<_, _>>().map(Self)
    }
}

/// How many buyers there are of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    pub waiting: u64,
    pub held: u64,
    pub asking: u64,
    /// All who won, on the first answer or on asking again.
    pub won: u64,
    pub won_again: u64,
    pub refused: u64,
    pub gave_back: u64,
    pub failed: u64,
}

impl Counts {
    pub fn of(squares: &[Square]) -> Self {
        let mut counts = Self::default();
        for square in squares {
            match square {
                Square::Waiting => counts.waiting += 1,
                Square::Held => counts.held += 1,
                Square::Asking => counts.asking += 1,
                Square::Won => counts.won += 1,
                Square::WonAgain => {
                    counts.won += 1;
                    counts.won_again += 1;
                }
                Square::Refused => counts.refused += 1,
                Square::GaveBack => counts.gave_back += 1,
                Square::Failed => counts.failed += 1,
            }
        }
        counts
    }

    /// Buyers whose matter is not over.
    pub const fn open(&self) -> u64 {
        self.waiting + self.held + self.asking
    }
}

/// How long answers took, from the request's first byte to the answer's last.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LatencySummary {
    pub answers: u64,
    pub p50_microseconds: u64,
    pub p90_microseconds: u64,
    pub p99_microseconds: u64,
    pub max_microseconds: u64,
    pub bars: Vec<LatencyBar>,
}

/// Answers that took longer than the bar before says, and no longer than this.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct LatencyBar {
    pub up_to_microseconds: u64,
    pub answers: u64,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn squares_read_back_from_their_letters() {
        let all = Squares(Square::VARIANTS.to_vec());
        let letters = String::from(all.clone());
        assert_eq!(letters, ".hawWrgf");
        assert_eq!(Squares::try_from(letters), Ok(all));
        assert!(Squares::try_from("w?".to_owned()).is_err());
    }

    #[test]
    fn every_square_is_counted_once_and_winners_together() {
        let counts = Counts::of(Square::VARIANTS);
        assert_eq!((counts.won, counts.won_again, counts.open()), (2, 1, 3));
        assert_eq!(counts.open() + counts.won + counts.refused + counts.gave_back + counts.failed, 8);
    }
}
