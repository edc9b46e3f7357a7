//! The REST API. Its contract is told to shops: names stay.

mod docs;
mod events;
mod health;
mod journal;
mod keys;
mod orders;
mod products;
mod reservations;
mod stats;
mod transfers;
mod users;
mod warehouses;

pub(crate) mod extract;
mod page;
pub(crate) mod problem;
mod render;

mod openapi;
mod route;
mod schema;

use std::sync::LazyLock;

use axum::Router;
use domain::account::{Access, Role};
use utoipa_axum::routes;

pub use route::Declared;
use route::Routes;

use crate::state::AppState;

const VIEWER: Access = Access::Role(Role::Viewer);
const OPERATOR: Access = Access::Role(Role::Operator);
const ADMIN: Access = Access::Role(Role::Admin);

/// The API with its documents, and the health of the server.
pub(crate) fn router() -> Router<AppState> {
    routes().into_router()
}

/// Every route of the API, and whom it is open to.
pub fn declared() -> Vec<Declared> {
    routes().into_declared()
}

/// The OpenAPI document, as JSON.
pub fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| routes().into_document().into_json());
    &DOCUMENT
}

fn routes() -> Routes {
    Routes::new()
        .add(VIEWER, routes!(products::list))
        .add(ADMIN, routes!(products::create))
        .add(VIEWER, routes!(products::fetch))
        .add(ADMIN, routes!(products::change))
        .add(ADMIN, routes!(products::adjust))
        .add(VIEWER, routes!(warehouses::list))
        .add(ADMIN, routes!(warehouses::create))
        .add(VIEWER, routes!(warehouses::fetch))
        .add(ADMIN, routes!(warehouses::change))
        .add(ADMIN, routes!(transfers::transfer))
        .add(VIEWER, routes!(reservations::list))
        .add(OPERATOR, routes!(reservations::hold))
        .add(VIEWER, routes!(reservations::fetch))
        .add(OPERATOR, routes!(reservations::change))
        .add(OPERATOR, routes!(reservations::extend))
        .add(OPERATOR, routes!(reservations::release))
        .add(VIEWER, routes!(orders::list))
        .add(OPERATOR, routes!(orders::place))
        .add(VIEWER, routes!(orders::export::export))
        .add(VIEWER, routes!(orders::fetch))
        .add(OPERATOR, routes!(orders::change))
        .add(VIEWER, routes!(orders::journal))
        .add(VIEWER, routes!(journal::list))
        .add(VIEWER, routes!(events::follow))
        .add(VIEWER, routes!(stats::fetch))
        .add(ADMIN, routes!(users::list))
        .add(ADMIN, routes!(users::create))
        .add(ADMIN, routes!(users::fetch))
        .add(ADMIN, routes!(users::change))
        .add(ADMIN, routes!(keys::list))
        .add(ADMIN, routes!(keys::create))
        .add(ADMIN, routes!(keys::revoke))
        .add(Access::Anyone, routes!(health::alive))
        .add(Access::Anyone, routes!(health::ready))
        .add(VIEWER, routes!(health::metrics))
        .add(Access::Anyone, routes!(docs::json))
        .add(Access::Anyone, routes!(docs::page))
        .add(Access::Anyone, routes!(docs::style))
}
