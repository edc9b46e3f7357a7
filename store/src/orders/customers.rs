//! The customers of a batch: those who are known, and those who are new.

use std::collections::BTreeSet;

use domain::decide::State;
use domain::ids::CustomerId;
use domain::order::{Customer, CustomerRequest};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::customer;
use crate::error::StoreError;
use crate::idempotency::Claimed;

/// The customers who may be meant.
pub(crate) async fn customers_find_in_tx(
    conn: &mut PgConnection,
    wanted: &[&CustomerRequest],
) -> Result<Vec<Customer>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let emails: Vec<String> =
        wanted.iter().filter_map(|each| each.email.as_ref()).map(|email| email.as_str().to_owned()).collect();
    let references: Vec<String> = wanted
        .iter()
        .filter_map(|each| each.reference.as_ref())
        .map(|reference| reference.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"select
            id as "id!",
            email,
            name,
            reference
        from customers
        where email = any($1)
        union
        select
            id,
            email,
            name,
            reference
        from customers
        where reference = any($2)
        order by 1"#,
        &emails,
        &references,
    )
    .fetch_all(conn)
    .await?;
    let customers = rows.into_iter().map(|row| customer(Some(row.id), row.email, row.name, row.reference).transpose());
    customers.flatten().collect()
}

/// Writes customers who are new. One who became known meanwhile is found the next time round.
pub(crate) async fn customers_insert_in_tx(
    conn: &mut PgConnection,
    state: &State,
    ids: &BTreeSet<CustomerId>,
) -> Result<Result<(), Claimed>, StoreError> {
    let mut new: Vec<&Customer> = state.customers.iter().filter(|customer| ids.contains(&customer.id)).collect();
    if new.is_empty() {
        return Ok(Ok(()));
    }
    // Whoever makes the same customer is waited for: all in one order.
    new.sort_by(|one, other| (&one.email, &one.reference).cmp(&(&other.email, &other.reference)));
    let uuids: Vec<Uuid> = new.iter().map(|customer| customer.id.as_uuid()).collect();
    let emails: Vec<Option<String>> = new.iter().map(|customer| customer.email.clone().map(String::from)).collect();
    let names: Vec<Option<String>> = new.iter().map(|customer| customer.name.clone().map(String::from)).collect();
    let references: Vec<Option<String>> =
        new.iter().map(|customer| customer.reference.clone().map(String::from)).collect();
    let inserted = sqlx::query!(
        "insert into customers (
            id,
            email,
            name,
            reference,
            created_at
        )
        select *, $5::timestamptz
        from unnest(
            $1::uuid[],
            $2::text[],
            $3::text[],
            $4::text[]
        )
        on conflict do nothing",
        &uuids,
        &emails as &[Option<String>],
        &names as &[Option<String>],
        &references as &[Option<String>],
        state.now.as_datetime(),
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(if inserted == new.len() as u64 { Ok(()) } else { Err(Claimed) })
}
