//! `/api/users`: people who sign in.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::account::{User, UserChange, UserRequest};
use domain::ids::UserId;
use domain::page::Page;
use domain::problem::Problem;
use serde::Deserialize;
use store::Store;
use utoipa::ToSchema;

use super::extract::{Change, Json, Query, Segment, checked};
use super::page::PageQuery;
use super::problem::ApiError;
use super::render::{self, Sent};
use super::schema::{answers, scalar};

/// Lists users, first the one that was there first.
#[utoipa::path(
    get, path = "/api/users", operation_id = "user_list", tag = "users",
    params(PageQuery),
    responses((status = 200, description = "A page of users.", body = answers::Page<answers::User>)),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<PageQuery>,
) -> Result<JsonAnswer<Page<User>>, ApiError> {
    Ok(JsonAnswer(store.user_list(query.limit()?, query.cursor()).await?))
}

/// Reads a user.
#[utoipa::path(
    get, path = "/api/users/{id}", operation_id = "user_fetch", tag = "users",
    params(("id" = scalar::Id, Path)),
    responses((status = 200, description = "The user.", body = answers::User)),
)]
pub(crate) async fn fetch(State(store): State<Store>, Segment(user): Segment) -> Result<JsonAnswer<User>, ApiError> {
    Ok(JsonAnswer(store.user_fetch(named(&user)?).await?))
}

/// A user to be created.
// Not printed: it may hold a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserRequest)]
pub(crate) struct CreateBody {
    #[schema(value_type = scalar::Email)]
    email: String,
    #[schema(value_type = scalar::Name)]
    name: String,
    #[schema(value_type = scalar::Role)]
    role: String,
    /// Without one the answer has a link that signs in once.
    #[schema(value_type = Option<scalar::Password>)]
    password: Option<String>,
    /// Whether the user is let in; so it is, if nothing is said.
    active: Option<bool>,
}

/// Creates a user.
///
/// Without a password the answer has the path of a link that signs in once, and only the first answer: a
/// replay says that it was shown.
#[utoipa::path(
    post, path = "/api/users", operation_id = "user_create", tag = "users",
    request_body(content = CreateBody, example = json!({
        "email": "grace@example.com", "name": "Grace", "role": "operator",
    })),
    responses(
        (status = 201, description = "The user.", body = answers::NewUser,
         headers(("Location" = String, description = "Its path.")),
         links(
            ("user" = (operation_id = "user_fetch", parameters(("id" = "$response.body#/id")))),
            ("change" = (operation_id = "user_change", parameters(("id" = "$response.body#/id")))),
         )),
    ),
    extensions(("x-problems" = json!(["email_taken"]))),
)]
pub(crate) async fn create(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<CreateBody>,
) -> Result<Sent, ApiError> {
    let CreateBody { email, name, role, password, active } = body;
    let new = checked(UserRequest::new(&email, &name, &role, password.as_deref(), active))?;
    let request = change.request(&new, render::user_created);
    Ok(Sent(store.user_create(request, new).await?))
}

/// What to change of a user; what is left out stays.
// Not printed: it may hold a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserPatch)]
pub(crate) struct PatchBody {
    #[schema(value_type = Option<scalar::Email>)]
    email: Option<String>,
    #[schema(value_type = Option<scalar::Name>)]
    name: Option<String>,
    #[schema(value_type = Option<scalar::Role>)]
    role: Option<String>,
    /// A new one: all sessions of the user end.
    #[schema(value_type = Option<scalar::Password>)]
    password: Option<String>,
    /// Whether the user is let in.
    active: Option<bool>,
}

/// Changes a user, or lets one in no more.
#[utoipa::path(
    patch, path = "/api/users/{id}", operation_id = "user_change", tag = "users",
    params(("id" = scalar::Id, Path)),
    request_body(content = PatchBody, example = json!({"role": "viewer"})),
    responses((status = 200, description = "The user.", body = answers::User)),
    extensions(("x-problems" = json!(["email_taken", "last_admin"]))),
)]
pub(crate) async fn change(
    State(store): State<Store>,
    Segment(user): Segment,
    change: Change,
    Json(body): Json<PatchBody>,
) -> Result<Sent, ApiError> {
    let user = named(&user)?;
    let PatchBody { email, name, role, password, active } = body;
    let patch = UserChange::new(email.as_deref(), name.as_deref(), role.as_deref(), password.as_deref(), active);
    let patch = checked(patch)?;
    let request = change.request(&patch, render::user);
    Ok(Sent(store.user_change(request, user, patch).await?))
}

/// What is no id names no user.
fn named(segment: &str) -> Result<UserId, Problem> {
    segment.parse().map_err(|_| Problem::not_found("user"))
}
