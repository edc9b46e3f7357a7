//! Links that sign in once: for the first admin of an empty database, and for users who were created
//! without a password.

use domain::account::User;
use domain::ids::UserId;
use domain::problem::Problem;
use domain::time::Timestamp;
use sqlx::PgConnection;

use super::secrets::LinkToken;
use super::users::user_share_in_tx;
use crate::error::StoreError;

/// A link for somebody who is invited works for a day.
pub(super) const INVITATION_SECONDS: i64 = 24 * 60 * 60;
/// The link that a server prints as it starts works for an hour.
pub(super) const SETUP_SECONDS: i64 = 60 * 60;

pub(super) async fn link_insert_in_tx(
    conn: &mut PgConnection,
    token: &LinkToken,
    user: UserId,
    now: Timestamp,
    life_seconds: i64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sign_in_links (
            token_hash,
            user_id,
            created_at,
            expires_at
        )
        values ($1, $2, $3, $4)",
        &token.hash(),
        user.as_uuid(),
        now.as_datetime(),
        now.plus_seconds(life_seconds).as_datetime(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the link away and gives its user, with the user's row shared. Of those who come with it at once
/// one takes it.
///
/// # Errors
/// `link_spent`.
pub(super) async fn link_spend_in_tx(conn: &mut PgConnection, token: &LinkToken) -> Result<User, StoreError> {
    // Users are locked before their links, here as elsewhere.
    let user = sqlx::query_scalar!("select user_id from sign_in_links where token_hash = $1", &token.hash())
        .fetch_optional(&mut *conn)
        .await?;
    let user = UserId::from_uuid(user.ok_or(Problem::LinkSpent)?);
    let shared = user_share_in_tx(conn, user).await?;
    let (user, _) = shared.filter(|(user, _)| user.active).ok_or(Problem::LinkSpent)?;
    let spent = sqlx::query!(
        "delete from sign_in_links
        where token_hash = $1
          and expires_at > clock_timestamp()",
        &token.hash(),
    )
    .execute(conn)
    .await?;
    if spent.rows_affected() == 1 { Ok(user) } else { Err(Problem::LinkSpent.into()) }
}

pub(super) async fn links_delete_in_tx(conn: &mut PgConnection, user: UserId) -> Result<(), StoreError> {
    sqlx::query!("delete from sign_in_links where user_id = $1", user.as_uuid()).execute(conn).await?;
    Ok(())
}
