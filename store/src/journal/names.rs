//! The names of whom entries tell. The journal knows people by id alone; who reads it wants to know them.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::journal::{Entry, NamedEntry, Subject};
use domain::page::Page;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// The entries with the names that users, keys, orders and warehouses have now. What the system does has none, nor
    /// have reservations; a product's is in the entry.
    ///
    /// # Errors
    /// What the database said.
    pub async fn journal_name(&self, entries: Vec<Entry>) -> Result<Vec<NamedEntry>, StoreError> {
        let mut ids: Vec<Uuid> = entries.iter().flat_map(|entry| [by(entry), about(entry)]).flatten().collect();
        ids.sort_unstable();
        ids.dedup();
        let names = if ids.is_empty() { HashMap::new() } else { self.names(ids).await? };
        let name = |id: Option<Uuid>| names.get(&id?).cloned();
        let named = entries.into_iter().map(|entry| NamedEntry {
            actor_name: name(by(&entry)),
            subject_name: name(about(&entry)),
            entry,
        });
        Ok(named.collect())
    }

    /// [`Self::journal_name`] for a page of the journal.
    ///
    /// # Errors
    /// As there.
    pub async fn journal_name_page(&self, page: Page<Entry>) -> Result<Page<NamedEntry>, StoreError> {
        let Page { items, next, prev } = page;
        Ok(Page { items: self.journal_name(items).await?, next, prev })
    }

    async fn names(&self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>, StoreError> {
        self.read(async move |mut conn| {
            let rows = sqlx::query!(
                r#"select
                    id as "id!",
                    name as "name!"
                from users
                where id = any($1)
                union all
                select
                    id,
                    name
                from api_keys
                where id = any($1)
                union all
                select
                    id,
                    number::text
                from orders
                where id = any($1)
                union all
                select
                    id,
                    code
                from warehouses
                where id = any($1)"#,
                &ids,
            )
            .fetch_all(&mut *conn)
            .await?;
            Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
        })
        .await
    }
}

fn by(entry: &Entry) -> Option<Uuid> {
    match entry.actor {
        Actor::User(id) => Some(id.as_uuid()),
        Actor::Key(id) => Some(id.as_uuid()),
        Actor::Local | Actor::System(_) => None,
    }
}

fn about(entry: &Entry) -> Option<Uuid> {
    match entry.subject {
        Subject::Warehouse(_) | Subject::Order(_) | Subject::User(_) | Subject::Key(_) => Some(entry.subject.id()),
        Subject::Product(_) | Subject::Reservation(_) => None,
    }
}
