//! The OpenAPI document. What is particular to a route stands at its handler; what follows from its form
//! is added here: who may call it, the headers that all share, and the problems that it can answer.

mod problems;

pub(crate) use problems::{codes, list as problems};

use app::ssr::credentials::Transport;
use domain::account::{Access, Role};
use http::Method;
use serde_json::Value;
use utoipa::PartialSchema as _;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Schema};

use super::schema::scalar::{self, Id, IdempotencyKey};

const REQUEST_ID: &str = "X-Request-Id";
const REPLAYED: &str = "Idempotency-Replayed";
const RETRY_AFTER: &str = "Retry-After";

/// At a handler: the codes of the problems that are its own, beside those that its form implies.
const PROBLEMS: &str = "x-problems";
/// In the document: the role that a route asks for.
pub(crate) const ROLE: &str = "x-role";

const ABOUT: &str = "\
Holdfast holds stock and never oversells: units are reserved for some minutes, ordered, and followed to \
the customer's door.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code`. **Unknown fields and parameters \
are refused**, so that a typo is never silently ignored. Every change takes an **`Idempotency-Key`**: sent \
again under its key, a request is answered again, byte for byte, and carried out once. **Money** is in \
minor units, **times** are RFC 3339 in UTC.";

const TAGS: [(&str, &str); 9] = [
    ("products", "What is sold, and how many of it there are."),
    ("warehouses", "Where stock lies, and moving it."),
    ("reservations", "Units held for a while."),
    ("orders", "What was reserved and is bought, on its way to the customer."),
    ("journal", "Every change, by whom and when."),
    ("figures", "Counts of the whole."),
    ("users", "People who sign in."),
    ("keys", "Keys with which programs call."),
    ("server", "The server itself, and this document. Open to anyone."),
];

/// The document as far as it is known.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) api: OpenApi,
    pub(crate) components: Components,
}

impl Document {
    pub(crate) fn new() -> Self {
        let info = InfoBuilder::new()
            .title("Holdfast")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(ABOUT))
            .license(Some(utoipa::openapi::License::new(env!("CARGO_PKG_LICENSE"))));
        let tags = TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
        let api = OpenApiBuilder::new().info(info.build()).tags(Some(tags)).build();
        let mut document = Self { api, components: components() };
        document.add_schemas(problems::schemas());
        document.add_schemas(scalar::in_paths());
        document
    }

    pub(crate) fn add_path(&mut self, path: String, item: PathItem) {
        let mut paths = utoipa::openapi::Paths::new();
        paths.paths.insert(path, item);
        self.api.paths.merge(paths);
    }

    pub(crate) fn add_schemas(&mut self, schemas: Vec<(String, RefOr<Schema>)>) {
        self.components.schemas.extend(schemas);
    }

    /// Says of an operation what follows from its form.
    pub(crate) fn complete(&mut self, operation: &mut Operation, method: &Method, access: Access) {
        let own = own_problems(operation);
        let codes = problems::implied(operation, method, access).into_iter().chain(own.iter().map(String::as_str));
        let refusals = problems::responses(codes);
        let mut shared = vec![REQUEST_ID];
        if is_change(method) {
            operation.parameters.get_or_insert_default().push(idempotency_key().into());
            shared.push(REPLAYED);
        }
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                response.headers.extend(shared.iter().map(|name| ((*name).to_owned(), header(name))));
            }
        }
        for (status, problems) in refusals {
            let name = problems::response_name(&problems);
            let refusal = Ref::from_response_name(&name);
            // What the handler says of a status has precedence.
            operation.responses.responses.entry(status.to_string()).or_insert_with(|| refusal.into());
            self.components.responses.entry(name).or_insert_with(|| problems::response(&problems).into());
        }
        operation.security = Some(security(access));
        if let Access::Role(role) = access {
            operation.extensions.get_or_insert_default().insert(ROLE.to_owned(), Value::String(role.to_string()));
        }
    }

    /// Its text, in the order in which it was declared.
    pub(crate) fn into_json(self) -> String {
        let Self { mut api, components } = self;
        api.components = Some(components);
        // Its maps have keys of text, and its numbers are numbers of JSON.
        serde_json::to_string(&api).unwrap_or_default()
    }
}

/// The operations of a path.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::POST, post),
        (Method::PUT, put),
        (Method::PATCH, patch),
        (Method::DELETE, delete),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

/// Whether a method changes something, so that it takes an idempotency key.
fn is_change(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

/// Whether an operation has a parameter in this place.
pub(crate) fn takes(operation: &Operation, place: ParameterIn) -> bool {
    parameters(operation).any(|parameter| parameter.parameter_in == place)
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

/// Takes the list of codes that stands at the handler.
fn own_problems(operation: &mut Operation) -> Vec<String> {
    let listed = operation.extensions.as_mut().and_then(|extensions| extensions.remove(PROBLEMS));
    let codes = listed.as_ref().and_then(Value::as_array).into_iter().flatten();
    codes.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn components() -> Components {
    let mut components = Components::new();
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("hf_...")
        .description(Some("An API key, as `/settings` and `holdfast key` make them."));
    let session = format!(
        "The session of somebody who signed in in a browser. Over plain HTTP, on the machine itself, it is `{}`.",
        Transport::Plain.cookie_name()
    );
    let session = ApiKeyValue::with_description(Transport::Tls.cookie_name(), &session);
    components.add_security_scheme("key", SecurityScheme::Http(key.build()));
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    components.headers.extend([
        (REQUEST_ID.to_owned(), request_id().into()),
        (REPLAYED.to_owned(), replayed().into()),
        (RETRY_AFTER.to_owned(), retry_after().into()),
    ]);
    components
}

fn security(access: Access) -> Vec<SecurityRequirement> {
    match access {
        Access::Anyone => vec![SecurityRequirement::default()],
        Access::Role(Role::Viewer | Role::Operator | Role::Admin) => {
            ["key", "session"].map(|scheme| SecurityRequirement::new(scheme, [""; 0])).into()
        }
    }
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Sent again under its key, a request is answered again and carried out once. Kept for 24 hours.",
        ))
        .schema(Some(IdempotencyKey::schema()))
        .build()
}

fn replayed() -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["true"]));
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some("There where the answer is that of an earlier request under the same key."))
        .build()
}

fn retry_after() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("The seconds after which to try again, where that may help."))
        .build()
}

/// A header that is described among the components.
fn header(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}

fn request_id() -> Header {
    HeaderBuilder::new().schema(Some(Id::schema())).description(Some("Names the request in the server's log.")).build()
}
