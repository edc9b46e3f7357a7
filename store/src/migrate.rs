//! Bringing the schema up to date, and giving the server's login its rights.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

/// The migrations of this version.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the database can't be reached")]
    Unreachable(#[source] sqlx::Error),
    #[error("the migrations did not run through")]
    Failed(#[from] sqlx::migrate::MigrateError),
    #[error("the login {login} could not be given its rights")]
    Rights { login: String, source: sqlx::Error },
    #[error("{login} can't be the name of a login here: only letters, digits and _")]
    Login { login: String },
}

/// Runs the migrations that have not run yet, as the owner of the schema. `login` then gets the rights
/// that the server needs, and no others: it may append to the journal and read it, never change it.
///
/// # Errors
/// [`MigrateError`] says which step failed; each migration is a transaction of its own.
pub async fn migrate(owner: PgConnectOptions, login: Option<&str>) -> Result<(), MigrateError> {
    let mut conn = owner.connect().await.map_err(MigrateError::Unreachable)?;
    MIGRATIONS.run(&mut conn).await?;
    if let Some(login) = login {
        let granted = rights_grant(&mut conn, &rights(login)?).await;
        granted.map_err(|source| MigrateError::Rights { login: login.to_owned(), source })?;
    }
    conn.close().await.map_err(MigrateError::Unreachable)
}

/// All at once: not even for a moment does the login have a right that is taken away again.
async fn rights_grant(conn: &mut PgConnection, statements: &[String]) -> Result<(), sqlx::Error> {
    let mut tx = conn.begin().await?;
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement.as_str())).execute(&mut *tx).await?;
    }
    tx.commit().await
}

fn rights(login: &str) -> Result<[String; 5], MigrateError> {
    if login.is_empty() || !login.chars().all(|char| char.is_ascii_alphanumeric() || char == '_') {
        return Err(MigrateError::Login { login: login.to_owned() });
    }
    Ok([
        format!(r#"grant usage on schema public to "{login}""#),
        format!(r#"grant select, insert, update, delete on all tables in schema public to "{login}""#),
        format!(r#"revoke update, delete, truncate on journal from "{login}""#),
        format!(r#"revoke all on _sqlx_migrations from "{login}""#),
        format!(r#"grant usage on all sequences in schema public to "{login}""#),
    ])
}
