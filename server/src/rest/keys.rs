//! `/api/keys`: keys with which programs call the API.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::account::{ApiKey, KeyRequest};
use domain::ids::KeyId;
use domain::page::Page;
use domain::problem::Problem;
use serde::Deserialize;
use store::Store;
use utoipa::ToSchema;

use super::extract::{Change, Json, Nothing, Query, Segment, checked};
use super::page::PageQuery;
use super::problem::ApiError;
use super::render::{self, Sent};
use super::schema::{answers, scalar};

/// Lists keys, newest first, those that were revoked included.
#[utoipa::path(
    get, path = "/api/keys", operation_id = "key_list", tag = "keys",
    params(PageQuery),
    responses((status = 200, description = "A page of keys.", body = answers::Page<answers::Key>)),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<PageQuery>,
) -> Result<JsonAnswer<Page<ApiKey>>, ApiError> {
    Ok(JsonAnswer(store.key_list(query.limit()?, query.cursor()).await?))
}

/// A key to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyRequest)]
pub(crate) struct CreateBody {
    /// What it is for.
    #[schema(value_type = scalar::Name)]
    name: String,
    #[schema(value_type = scalar::Role)]
    role: String,
    /// From when on it is refused: a time that lies ahead, or never.
    #[schema(value_type = Option<scalar::Instant>)]
    expires_at: Option<String>,
}

/// Creates a key.
///
/// The answer has the key itself, and only the first one: a replay says that it was shown.
#[utoipa::path(
    post, path = "/api/keys", operation_id = "key_create", tag = "keys",
    request_body(content = CreateBody, example = json!({"name": "web shop", "role": "operator"})),
    responses(
        (status = 201, description = "The key.", body = answers::NewKey,
         headers(("Location" = String, description = "Its path.")),
         links(("revoke" = (operation_id = "key_revoke", parameters(("id" = "$response.body#/id")))))),
    ),
)]
pub(crate) async fn create(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<CreateBody>,
) -> Result<Sent, ApiError> {
    let new = checked(KeyRequest::new(&body.name, &body.role, body.expires_at.as_deref()))?;
    let request = change.request(&new, render::key_created);
    Ok(Sent(store.key_create(request, new).await?))
}

/// Revokes a key: from then on it is refused.
///
/// It stays in the list, for the journal names it.
#[utoipa::path(
    delete, path = "/api/keys/{id}", operation_id = "key_revoke", tag = "keys",
    params(("id" = scalar::Id, Path)),
    responses((status = 200, description = "The key.", body = answers::Key)),
)]
pub(crate) async fn revoke(
    State(store): State<Store>,
    Segment(key): Segment,
    change: Change,
    Nothing: Nothing,
) -> Result<Sent, ApiError> {
    let id: KeyId = key.parse().map_err(|_| Problem::not_found("key"))?;
    let request = change.request(&id, render::key);
    Ok(Sent(store.key_revoke(request, id).await?))
}
