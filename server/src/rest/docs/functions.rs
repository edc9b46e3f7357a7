//! The server functions: what the pages call, open to anyone with `curl`.

use app::ssr::access::{ServerFunction, server_functions};
use domain::account::Access;
use http::Method;

use super::curl;

/// A server function as the page shows it.
pub(super) struct Function {
    pub(super) path: &'static str,
    pub(super) method: Method,
    pub(super) about: &'static str,
    pub(super) role: String,
    pub(super) line: String,
}

/// What a line sends to be let in by.
#[derive(Clone, Copy)]
enum By {
    Key,
    /// The cookie of a session, which is kept in a file.
    Session,
    /// The same, and it is given a new one.
    NewSession,
    Nothing,
    /// Nothing, and it is given a session.
    SignIn,
}

/// All that are listed, in the order of the list.
pub(super) fn all() -> Vec<Function> {
    let known = server_functions();
    let function = |(name, about, by, arguments): (&str, &'static str, By, &str)| {
        let found = known.iter().find(|function| function.path.strip_prefix("/api/fn/") == Some(name))?;
        let ServerFunction { path, method, access } = found.clone();
        let role = match access {
            Some(Access::Anyone) => "open to anyone".to_owned(),
            Some(Access::Role(role)) => format!("role {role}"),
            None => "closed".to_owned(),
        };
        let line = line(&method, path, by, arguments);
        Some(Function { path, method, about, role, line })
    };
    FUNCTIONS.into_iter().filter_map(function).collect()
}

fn line(method: &Method, path: &str, by: By, arguments: &str) -> String {
    let credentials = match by {
        By::Key => curl::KEY,
        By::Session => " -b cookies.txt",
        By::NewSession => " -b cookies.txt -c cookies.txt",
        By::Nothing => "",
        By::SignIn => " -c cookies.txt",
    };
    match (method, arguments) {
        (&Method::GET, "") => curl::start(path) + credentials,
        (&Method::GET, arguments) => curl::start(&format!("{path}?{arguments}")) + credentials,
        (_, arguments) => format!("{}{credentials} \\\n  -d \"{arguments}\"", curl::start(path)),
    }
}

/// Name, what it does, what lets one in, and arguments that work. They are read from top to bottom, as the
/// lines of the API are, and after those.
#[rustfmt::skip]
const FUNCTIONS: [(&str, &str, By, &str); 47] = [
    ("product_create", "Creates a product.", By::Key,
     "sku=MUG-2&name=Enamel%20mug,%20blue&price=12.99&currency=GBP"),
    ("product_list", "Lists products by SKU. `archived` is `without`, `only` or `with`.", By::Key,
     "q=ena%20mug"),
    ("product_fetch", "Reads a product with its stock, by its SKU or its id.", By::Key,
     "product=MUG-2"),
    ("product_fetch_at", "Reads a product with its stock as it was at a moment by UTC, and who held it.", By::Key,
     "product=MUG-2&at=2026-01-31T09:30"),
    ("stock_history_fetch", "How a product's stock has moved over the last `hour`, `day` or `month`, or over `all` time.", By::Key,
     "product=MUG-2&over=all"),
    ("product_change", "Renames a product, prices it anew, sets its low-stock threshold or takes it away.", By::Key,
     "product=MUG-2&name=Enamel%20mug,%20navy&price=13.49&currency=GBP&low_stock_threshold=5"),
    ("stock_adjust", "Records units that were `received`, `adjusted` or `written_off`.", By::Key,
     "product=MUG-2&quantity=10&reason=received"),
    ("warehouse_create", "Creates a warehouse, active and empty.", By::Key,
     "code=AMS&name=Amsterdam&priority=3"),
    ("warehouse_list", "Lists warehouses, first the one that is drawn on first.", By::Key,
     ""),
    ("warehouse_fetch", "Reads a warehouse, by its code.", By::Key,
     "warehouse=AMS"),
    ("warehouse_change", "Renames a warehouse and says when it is drawn on.", By::Key,
     "warehouse=AMS&name=Amsterdam%20Noord&priority=2"),
    ("stock_transfer", "Moves units of a product from one warehouse to another.", By::Key,
     "product=MUG-2&from=MAIN&to=AMS&quantity=2"),
    ("warehouse_activate", "Passes a warehouse by (`active` is `false`), or draws on it again.", By::Key,
     "warehouse=AMS&active=false"),
    ("reservation_hold", "Holds units of a product for some minutes. `from` is a strategy, or `in:` and a warehouse.", By::Key,
     "product=MUG-2&quantity=6&from=fewest_splits&minutes=10&owner=desk"),
    ("reservation_list", "Lists reservations by their deadlines. `sort` is `soonest` or `latest`.", By::Key,
     "status=held"),
    ("reservation_fetch", "Reads a reservation.", By::Key,
     "id=$RESERVATION_ID"),
    ("reservation_extend", "Holds units until so many minutes from now.", By::Key,
     "id=$RESERVATION_ID&minutes=15"),
    ("reservation_release", "Gives the units of a reservation back.", By::Key,
     "id=$RESERVATION_ID"),
    ("order_place", "Makes an order of a reservation that is held. `confirm` is `now` or `later`.", By::Key,
     "reservation=$RESERVATION_ID&email=ada@example.com&confirm=now"),
    ("order_list", "Lists orders. `status` may be several, separated by commas; totals are typed as amounts.", By::Key,
     "status=confirmed,processing&sort=highest"),
    ("order_fetch", "Reads an order, by its number or its id.", By::Key,
     "order=$ORDER"),
    ("order_journal", "Tells what happened to an order and its reservation.", By::Key,
     "order=$ORDER"),
    ("order_proceed", "Takes a step of the order machine, writes a note, or both.", By::Key,
     "order=$ORDER&to=processing&note=Gift%20wrapped."),
    ("product_archive", "Takes a product off sale (`archived` is `true`) or brings it back.", By::Key,
     "product=MUG-2&archived=true"),
    ("journal_list", "Lists the entries of the journal, newest first.", By::Key,
     "product=MUG-2&limit=5"),
    ("stats_fetch", "Counts products, units, reservations and orders.", By::Key,
     ""),
    ("chaos_start", "Starts a chaos test on this server. `guards` is `on`, or `off` for the negative control.", By::Key,
     "attempts=50&stock=10&clients=50"),
    ("chaos_fetch", "Tells how the chaos test stands, or how the last one ended.", By::Key,
     ""),
    ("chaos_stop", "Stops the chaos test; it still puts its things away.", By::Key,
     ""),
    ("form_key", "Makes an idempotency key, to be sent as `key` with any change.", By::Key,
     ""),
    ("theme_set", "Remembers `light` or `dark` in a cookie.", By::Nothing,
     "theme=dark"),
    ("user_create", "Creates a user. Without a password the answer has a link that signs in once.", By::Key,
     "name=Alan&email=alan@example.com&role=viewer&password=tin%20mug%20with%20a%20blue%20rim"),
    ("user_list", "Lists users, first the one that was there first.", By::Key,
     ""),
    ("user_fetch", "Reads a user.", By::Key,
     "user=$USER_ID"),
    ("user_change", "Changes a user's name, email and role.", By::Key,
     "user=$USER_ID&name=Alan&email=alan@example.com&role=operator"),
    ("session_open", "Signs in. The session is a cookie.", By::SignIn,
     "email=alan@example.com&password=tin%20mug%20with%20a%20blue%20rim"),
    ("account_fetch", "Reads who is signed in. An API key is nobody's account.", By::Session,
     ""),
    ("password_change", "Changes one's own password. All other sessions of one's own end.", By::NewSession,
     "current=tin%20mug%20with%20a%20blue%20rim&new=tin%20mug%20with%20a%20red%20rim"),
    ("session_close_all", "Signs out everywhere.", By::Session,
     ""),
    ("session_open_by_link", "Signs in by a link that works once, as `POST /api/users` answered it.", By::SignIn,
     "link=$LINK"),
    ("session_close", "Signs out.", By::Session,
     ""),
    ("user_password_set", "Sets a user's password. All their sessions end.", By::Key,
     "user=$USER_ID&password=tin%20mug%20with%20a%20green%20rim"),
    ("user_activate", "Lets a user in no more (`active` is `false`), or again.", By::Key,
     "user=$USER_ID&active=false"),
    ("key_create", "Creates an API key; the answer has the key itself, once.", By::Key,
     "name=till&role=operator&expires=2099-12-31"),
    ("key_list", "Lists keys, newest first, those that were revoked included.", By::Key,
     ""),
    ("key_revoke", "Revokes a key: from then on it is refused.", By::Key,
     "id=$KEY_ID"),
    ("shown_once_take", "Gives what a form without a script has just made and is shown once.", By::Key,
     ""),
];
