//! `/api/audit`: the journal.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::actor::Actor;
use domain::form::Fields;
use domain::journal::{Action, Entry, EntryFilter, SubjectRef};
use domain::page::Page;
use domain::product::ProductRef;
use domain::sku::Sku;
use domain::time::Timestamp;
use serde::Deserialize;
use store::Store;
use utoipa::IntoParams;

use super::extract::{Query, checked, limit};
use super::problem::ApiError;
use super::schema::{answers, scalar};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[param(inline, value_type = scalar::SubjectText, required = false)]
    subject: Option<String>,
    /// Entries about this product or moving its stock.
    #[param(inline, value_type = scalar::Sku, required = false)]
    sku: Option<String>,
    #[param(inline, value_type = scalar::Actor, required = false)]
    actor: Option<String>,
    #[param(inline, value_type = scalar::Action, required = false)]
    action: Option<String>,
    /// From this moment on.
    #[param(inline, value_type = scalar::Instant, required = false)]
    from: Option<String>,
    /// Before this moment.
    #[param(inline, value_type = scalar::Instant, required = false)]
    to: Option<String>,
    #[param(inline, value_type = scalar::Limit, required = false)]
    limit: Option<String>,
    #[param(inline, value_type = scalar::Cursor, required = false)]
    cursor: Option<String>,
}

/// Lists the entries of the journal, newest first.
#[utoipa::path(
    get, path = "/api/audit", operation_id = "journal_list", tag = "journal",
    params(ListQuery),
    responses((status = 200, description = "A page of entries.", body = answers::Page<answers::Entry>)),
    extensions(("x-problems" = json!(["not_found"]))),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<ListQuery>,
) -> Result<JsonAnswer<Page<Entry>>, ApiError> {
    let mut fields = Fields::default();
    let subject = query.subject.map(|subject| fields.take("subject", subject.parse::<SubjectRef>()));
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
    let subject = match subject {
        Some(subject) => Some(store.subject_find(subject).await?),
        None => None,
    };
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
