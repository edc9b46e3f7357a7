//! The route table: each route is declared once, with its handler, what the document says of it, and who
//! may call it. There is no way to add one without saying who.

use app::ssr::access::admit;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use domain::account::Access;
use domain::problem::Problem;
use http::Method;
use store::Identity;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa_axum::router::UtoipaMethodRouter;

use super::openapi::{self, Document};
use super::problem::ApiError;
use crate::state::AppState;

/// A route as it was declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    pub method: Method,
    /// With its parameters in braces: `/api/products/{product}`.
    pub path: String,
    pub access: Access,
}

/// Routes, and what is derived from their declarations: a guard before each, and the document.
pub(crate) struct Routes {
    router: Router<AppState>,
    declared: Vec<Declared>,
    document: Document,
}

/// What stands before a handler.
#[derive(Clone, Copy)]
struct Guard {
    access: Access,
    query: Query,
}

/// Whether a route has parameters in its query. Where it has none, any is one too many.
#[derive(Clone, Copy)]
enum Query {
    Read,
    Refused,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), declared: Vec::new(), document: Document::new() }
    }

    /// Adds a route: whom it is open to, and what `routes!` makes of its handler.
    pub(crate) fn add(mut self, access: Access, route: UtoipaMethodRouter<AppState>) -> Self {
        let (schemas, paths, mut handler) = route;
        for (path, mut item) in paths.paths {
            let mut query = Query::Refused;
            for (method, operation) in operations(&mut item) {
                if openapi::takes(operation, ParameterIn::Query) {
                    query = Query::Read;
                }
                self.document.complete(operation, &method, access);
                self.declared.push(Declared { method, path: path.clone(), access });
            }
            let guarded = std::mem::take(&mut handler);
            let guarded = guarded.route_layer(middleware::from_fn_with_state(Guard { access, query }, guard));
            self.router = self.router.route(&path, guarded);
            self.document.add_path(path, item);
        }
        self.document.add_schemas(schemas);
        self
    }

    pub(crate) fn into_router(self) -> Router<AppState> {
        self.router
    }

    pub(crate) fn into_declared(self) -> Vec<Declared> {
        self.declared
    }

    pub(crate) fn into_document(self) -> Document {
        self.document
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::POST, post),
        (Method::PUT, put),
        (Method::PATCH, patch),
        (Method::DELETE, delete),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.admit(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => ApiError(problem).into_response(),
    }
}

impl Guard {
    fn admit(self, request: &Request) -> Result<(), Problem> {
        admit(self.access, request.extensions().get::<Identity>().copied())?;
        match (self.query, request.uri().query()) {
            (Query::Refused, Some(query)) if !query.is_empty() => {
                Err(Problem::malformed("This path takes no parameters in its query."))
            }
            (Query::Refused | Query::Read, _) => Ok(()),
        }
    }
}
