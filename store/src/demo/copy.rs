//! Rows in the text form of Postgres's COPY, its fastest way in.

use std::fmt::{Display, Write as _};

use sqlx::PgConnection;

use crate::error::StoreError;

/// Rows for one statement.
#[derive(Debug)]
pub(super) struct Rows {
    statement: &'static str,
    text: String,
    rows: u64,
}

impl Rows {
    /// The statement names the table and its columns.
    pub(super) const fn new(statement: &'static str) -> Self {
        Self { statement, text: String::new(), rows: 0 }
    }

    /// Adds a row, a value for each column.
    pub(super) fn push(&mut self, values: &[&dyn Display]) {
        for (column, value) in values.iter().enumerate() {
            if column > 0 {
                self.text.push('\t');
            }
            // Writing to a string does not fail.
            let _ = write!(self.text, "{value}");
        }
        self.text.push('\n');
        self.rows += 1;
    }

    pub(super) async fn copy_in_tx(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut copy = conn.copy_in_raw(self.statement).await?;
        copy.send(self.text.as_bytes()).await?;
        let rows = copy.finish().await?;
        if rows == self.rows {
            Ok(())
        } else {
            Err(StoreError::Corrupt(format!("{rows} of {} rows arrived", self.rows)))
        }
    }
}

/// A value that may be missing.
pub(super) struct Nullable<T>(pub(super) Option<T>);

impl<T: Display> Display for Nullable<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str(r"\N"),
        }
    }
}

/// Text in which a backslash, a tab or a line end may stand.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '\\' => f.write_str(r"\\"),
            '\t' => f.write_str(r"\t"),
            '\n' => f.write_str(r"\n"),
            '\r' => f.write_str(r"\r"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_the_form_is_escaped() {
        let mut rows = Rows::new("copy t from stdin");
        rows.push(&[&Escaped("a\\N\tb\nc"), &Nullable(None::<i64>), &Nullable(Some(6))]);
        assert_eq!(rows.text, "a\\\\N\\tb\\nc\t\\N\t6\n");
    }
}
