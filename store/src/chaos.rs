//! The negative control of the chaos test: what becomes of stock that is read and then written, without a
//! lock, without a check, without a condition in the `WHERE`. Nothing here is to be imitated.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::error::StoreError;
use crate::ids;
use crate::store::Store;
use crate::tx;

/// How long a buyer takes from reading the stock to writing it: what rendering an answer takes. The race
/// is there without it, and a machine that is busy elsewhere may miss it.
const BETWEEN: Duration = Duration::from_millis(2);

/// Stock that nothing guards, for one run.
#[derive(Debug)]
pub struct UnguardedStock {
    pool: PgPool,
    run_id: Uuid,
    /// How many buyers can be at it at once.
    pub buyers_max: u32,
}

/// What a buyer was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnguardedAnswer {
    Bought,
    SoldOut,
}

impl Store {
    /// Makes stock of so many units that nothing guards. `buyers` connections are opened first, as far as
    /// the pool has them, so that the buyers begin together.
    ///
    /// # Errors
    /// What the database said.
    pub async fn chaos_unguarded_begin(&self, units: u32, buyers: u32) -> Result<UnguardedStock, StoreError> {
        let pool = self.pool.clone();
        tx::detached(async move {
            let run_id = ids::change_id().as_uuid();
            let buyers_max = buyers.min(pool.options().get_max_connections());
            let mut opening = JoinSet::new();
            for _ in 0..buyers_max {
                let pool = pool.clone();
                opening.spawn(async move { pool.acquire().await });
            }
            // All of them before the first is given back.
            for opened in opening.join_all().await {
                opened?;
            }
            // What runs left behind whose server was killed goes too.
            sqlx::query!("delete from chaos_unguarded where created_at < now() - interval '1 hour'")
                .execute(&pool)
                .await?;
            sqlx::query!(
                "insert into chaos_unguarded (
                    run_id,
                    units,
                    created_at
                )
                values ($1, $2, now())",
                run_id,
                i64::from(units),
            )
            .execute(&pool)
            .await?;
            Ok(UnguardedStock { pool, run_id, buyers_max })
        })
        .await
    }
}

impl UnguardedStock {
    /// Buys a unit the naive way: reads how many there are, and writes one fewer.
    ///
    /// # Errors
    /// What the database said.
    pub async fn buy(&self) -> Result<UnguardedAnswer, StoreError> {
        let (pool, run_id) = (self.pool.clone(), self.run_id);
        tx::detached(async move {
            let mut conn = pool.acquire().await?;
            let units = units(&mut conn, run_id).await?;
            if units <= 0 {
                return Ok(UnguardedAnswer::SoldOut);
            }
            tokio::time::sleep(BETWEEN).await;
            sqlx::query!("update chaos_unguarded set units = $2 where run_id = $1", run_id, units - 1)
                .execute(&mut *conn)
                .await?;
            Ok(UnguardedAnswer::Bought)
        })
        .await
    }

    /// Takes the stock away, and tells how many units its count says are left.
    ///
    /// # Errors
    /// What the database said.
    pub async fn end(&self) -> Result<i64, StoreError> {
        let (pool, run_id) = (self.pool.clone(), self.run_id);
        tx::detached(async move {
            let mut conn = pool.acquire().await?;
            let units = units(&mut conn, run_id).await?;
            sqlx::query!("delete from chaos_unguarded where run_id = $1", run_id).execute(&mut *conn).await?;
            Ok(units)
        })
        .await
    }
}

async fn units(conn: &mut PgConnection, run_id: Uuid) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select units from chaos_unguarded where run_id = $1", run_id).fetch_one(conn).await?)
}
