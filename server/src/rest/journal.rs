//! `/api/audit`: the journal.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::actor::Actor;
use domain::form::Fields;
use domain::journal::{Action, Entry, EntryFilter, Subject};
use domain::page::Page;
use domain::product::ProductRef;
use domain::sku::Sku;
use domain::time::Timestamp;
use serde::Deserialize;
use store::Store;

use super::extract::{Query, checked, limit};
use super::problem::ApiError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    subject: Option<String>,
    sku: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<ListQuery>,
) -> Result<JsonAnswer<Page<Entry>>, ApiError> {
    let mut fields = Fields::default();
    let subject = query.subject.map(|subject| fields.take("subject", subject.parse::<Subject>()));
    let sku = query.sku.map(|sku| fields.take("sku", Sku::new(sku)));
    let actor = query.actor.map(|actor| fields.take("actor", actor.parse::<Actor>()));
    let action = query.action.map(|action| {
        fields.take("action", action.parse::<Action>().map_err(|_| "must be an action such as order.shipped"))
    });
    let from = query.from.map(|from| fields.take("from", from.parse::<Timestamp>()));
    let to = query.to.map(|to| fields.take("to", to.parse::<Timestamp>()));
    if let (Some(Some(from)), Some(Some(to))) = (from, to)
        && from > to
    {
        fields.refuse("from", "must not be after to");
    }
    let (subject, sku) = checked(fields.finish(|| Some((subject.flatten(), sku.flatten()))))?;
    let product = match sku {
        Some(sku) => Some(store.product_fetch(&ProductRef::Sku(sku)).await?.id),
        None => None,
    };
    let limit = limit(query.limit.as_deref())?;
    let filter = EntryFilter {
        subject,
        product,
        actor: actor.flatten(),
        action: action.flatten(),
        from: from.flatten(),
        to: to.flatten(),
    };
    Ok(JsonAnswer(store.journal_list(&filter, limit, query.cursor.as_deref()).await?))
}
