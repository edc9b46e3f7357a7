//! A statement that is put into words now, and sent later.

use std::fmt;
use std::pin::Pin;

use sqlx::PgConnection;

type Asking<'c, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'c>>;
type Ask<T> = dyn for<'c> FnOnce(&'c mut PgConnection) -> Asking<'c, T> + Send;

/// With all that it says, in the form in which that is sent: it borrows nothing.
pub(super) struct Statement<T>(Box<Ask<T>>);

impl<T> Statement<T> {
    pub(super) fn new(ask: impl for<'c> FnOnce(&'c mut PgConnection) -> Asking<'c, T> + Send + 'static) -> Self {
        Self(Box::new(ask))
    }

    /// # Errors
    /// What the database or the way there has against it.
    pub(super) async fn ask(self, conn: &mut PgConnection) -> sqlx::Result<T> {
        (self.0)(conn).await
    }
}

impl<T> fmt::Debug for Statement<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Statement")
    }
}
