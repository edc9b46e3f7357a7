//! The journal as it is watched: what has been seen of it, and what may still come.

use domain::time::Timestamp;
use sqlx::PgConnection;

use super::ROWS_MAX;
use super::backlog::Backlog;
use super::horizon::Horizon;
use super::read::{self, Draw};
use crate::error::StoreError;
use crate::journal::told::Sight;

/// What is known of a journal that is watched without a break.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) horizon: Horizon,
    pub(super) backlog: Backlog,
    /// Whether what was committed before the watch began is known to be all there is, so that nothing can
    /// be missed any more.
    pub(super) whole: bool,
}

/// What a look at the journal has brought.
pub(super) struct Seen {
    /// What was not seen before, by position.
    pub(super) rows: Vec<Sight>,
    /// Everything that was visible at this time was seen by now, if this is all.
    pub(super) clock: Timestamp,
    pub(super) is_all: bool,
    /// Whether nothing can be missed from here on, and could before.
    pub(super) began: bool,
}

impl Watch {
    pub(super) fn begin(high: i64) -> Self {
        Self { horizon: Horizon::begin(high), backlog: Backlog::begin(high), whole: false }
    }

    /// Reads what was not seen before; in full only where somebody follows, for they alone are told all of it.
    pub(super) async fn look(&mut self, connection: &mut PgConnection, in_full: bool) -> Result<Seen, StoreError> {
        let draw = if self.horizon.wants_mark() { Draw::Xid } else { Draw::Nothing };
        let moment = read::moment(connection, draw).await?;
        if let Some(xid) = moment.xid {
            self.horizon.mark(xid);
        }
        let reached = self.horizon.reached(moment.xmin);
        // Those that come late are read last: an entry of a stock row that comes on top is then never
        // there before the one below it.
        let gaps: Vec<(i64, i64)> = self.horizon.gaps().collect();
        let high = self.horizon.high();
        let (mut rows, late) = if in_full {
            let rows: Vec<Sight> = read::above(connection, high, i64::MAX, ROWS_MAX).await?;
            (rows, read::within(connection, gaps.into_iter(), ROWS_MAX).await?)
        } else {
            let rows = read::glimpse_above(connection, high, ROWS_MAX).await?;
            (rows, read::glimpse_within(connection, gaps.into_iter(), ROWS_MAX).await?)
        };
        let is_full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= ROWS_MAX);
        let (gaps_read, is_all) = (!is_full(late.len()), !is_full(rows.len()) && !is_full(late.len()));
        rows.extend(late);
        rows.sort_unstable_by_key(|row| row.position);
        rows.retain(|row| self.horizon.saw(row.position));
        if in_full {
            self.backlog.keep(&rows, self.horizon.high());
        } else {
            self.backlog.skip(self.horizon.high());
        }
        let mut began = false;
        if let Some(position) = reached.filter(|_| gaps_read) {
            self.horizon.settle(position);
            began = !std::mem::replace(&mut self.whole, true);
        }
        Ok(Seen { rows, clock: moment.clock, is_all, began })
    }
}
