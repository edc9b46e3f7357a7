//! The journal in words, each line with what changed.

use domain::actor::{Actor, SystemActor};
use domain::journal::{Action, Entry, NamedEntry, Subject};
use domain::money::Money;
use domain::quantity::grouped;
use domain::time::Timestamp;
use leptos::prelude::*;
use serde_json::Value;

use super::moment::Moment;
use crate::links;
use crate::words::capital;

/// What one line tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tells {
    /// One entry.
    Entry,
    /// All entries of one action of one change: what an order's step did to all its units.
    Action,
}

/// Entries in their order; a line opens to what was and what is.
#[component]
pub(crate) fn Timeline(
    #[prop(into)] entries: Signal<Vec<NamedEntry>>,
    /// What the list is called.
    label: &'static str,
    #[prop(default = Tells::Entry)] line: Tells,
) -> impl IntoView {
    let tells = line;
    let lines = move || entries.with(|entries| lines(entries, tells));
    view! {
        <ol class="timeline" aria-label=label>
            <For each=lines key=|(named, moves)| (named.entry.position, moves.len()) let:line>
                <Line named=line.0 moves=line.1 tells=tells />
            </For>
        </ol>
    }
}

/// The first entry of each line, and what all of its entries did to the stock.
fn lines(entries: &[NamedEntry], line: Tells) -> Vec<(NamedEntry, Vec<String>)> {
    let mut lines: Vec<(NamedEntry, Vec<String>)> = Vec::new();
    for named in entries {
        let entry = &named.entry;
        let moved = entry.stock_words();
        match lines.last_mut() {
            Some((NamedEntry { entry: first, .. }, moves))
                if line == Tells::Action
                    && (first.change_id, first.action) == (entry.change_id, entry.action)
                    && first.subject == entry.subject =>
            {
                moves.extend(moved);
            }
            Some(_) | None => lines.push((named.clone(), moved.into_iter().collect())),
        }
    }
    lines
}

#[component]
fn Line(named: NamedEntry, moves: Vec<String>, tells: Tells) -> impl IntoView {
    let NamedEntry { entry, actor_name, subject_name } = named;
    let tone = tone(entry.action);
    let changes = changes(&entry);
    let what = match moves.as_slice() {
        [] => in_short(&entry, &changes),
        [one] => Some(one.clone()),
        [one, rest @ ..] => Some(format!("{one} and {} more", grouped(rest.len() as i64))),
    };
    let subject_name = subject_name.filter(|_| tells == Tells::Entry);
    let (title, by) = (title(&entry, subject_name), who(entry.actor, actor_name));
    let link = subject_link(&entry);
    let moves = if moves.len() > 1 { moves } else { Vec::new() };
    let line = view! {
        <span class="entry-dot" data-tone=tone aria-hidden="true"></span>
        <span class="entry-what">
            <strong>{title}</strong>
            {what.map(|what| view! { <span>{what}</span> })}
        </span>
        <span class="entry-who">{by}</span>
        <Moment at=entry.at />
    };
    view! {
        <li class="entry">
            <details>
                <summary class="entry-line">
                    {line} <span class="entry-opens" aria-hidden="true"></span>
                </summary>
                <More changes=changes moves=moves link=link />
            </details>
        </li>
    }
}

/// What moved, where it is more than one line says; what was and what is, fact by fact.
#[component]
fn More(changes: Vec<Change>, moves: Vec<String>, link: (String, &'static str)) -> impl IntoView {
    let moves = (!moves.is_empty()).then(|| {
        let moves = moves.into_iter().map(|moved| view! { <li>{moved}</li> }).collect_view();
        view! { <ul class="moves">{moves}</ul> }
    });
    let changes = (!changes.is_empty()).then(|| view! { <Changes changes=changes /> });
    let (href, words) = link;
    view! {
        <div class="entry-more">
            {moves}
            {changes}
            <a href=href>{words}</a>
        </div>
    }
}

#[component]
fn Changes(changes: Vec<Change>) -> impl IntoView {
    let row = |change: Change| {
        view! {
            <tr>
                <th scope="row">{change.fact}</th>
                <td>{change.before.unwrap_or_else(|| "–".to_owned())}</td>
                <td>{change.after.unwrap_or_else(|| "–".to_owned())}</td>
            </tr>
        }
    };
    view! {
        <table class="changes">
            <thead>
                <tr>
                    <th scope="col">"Fact"</th>
                    <th scope="col">"Before"</th>
                    <th scope="col">"After"</th>
                </tr>
            </thead>
            <tbody>{changes.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

/// One fact on both sides of an entry.
struct Change {
    fact: String,
    before: Option<String>,
    after: Option<String>,
}

/// The facts that an entry names, those alike on both sides left out.
fn changes(entry: &Entry) -> Vec<Change> {
    let facts = |side: &Option<Value>| side.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (facts(&entry.before), facts(&entry.after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed
        .map(|name| Change {
            fact: capital(&name.replace('_', " ")),
            before: before.get(name).and_then(words),
            after: after.get(name).and_then(words),
        })
        .collect()
}

/// Where no stock moved: which product, and what was changed of it (`85123A, price: 2.55 GBP → 2.95 GBP`);
/// of an order that was placed, its total.
fn in_short(entry: &Entry, changes: &[Change]) -> Option<String> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let changed = changes.iter().filter(|_| matches!(entry.action, Action::ProductChanged | Action::WarehouseChanged));
    let changed = changed
        .map(|change| format!("{}: {} → {}", change.fact.to_lowercase(), value(&change.before), value(&change.after)));
    let placed = changes.iter().filter(|change| entry.action == Action::OrderPlaced && change.fact == "Total");
    let total = placed.filter_map(|change| change.after.clone());
    let words: Vec<String> = entry.sku.iter().map(ToString::to_string).chain(changed).chain(total).collect();
    Some(words.join(", ")).filter(|words| !words.is_empty())
}

/// A fact's value for people; money, times and counts as they are written everywhere.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(number.as_i64().map_or_else(|| number.to_string(), grouped)),
        Value::String(text) => {
            let time = text.parse::<Timestamp>().map(|at| format!("{} UTC", at.to_calendar()));
            Some(time.unwrap_or_else(|_| text.clone()))
        }
        Value::Array(_) => Some(value.to_string()),
        Value::Object(_) => {
            let money = serde_json::from_value::<Money>(value.clone());
            Some(money.map_or_else(|_| value.to_string(), |money| money.to_string()))
        }
    }
}

/// Which of the status colours an action has.
const fn tone(action: Action) -> &'static str {
    match action {
        Action::ProductCreated | Action::ProductRestored | Action::StockReceived => "in",
        Action::WarehouseCreated | Action::WarehouseActivated => "in",
        Action::WarehouseChanged | Action::StockTransferred => "changed",
        Action::WarehouseDeactivated => "out",
        Action::ProductChanged | Action::StockAdjusted => "changed",
        Action::ProductArchived | Action::StockWrittenOff => "out",
        Action::ReservationHeld | Action::ReservationChanged | Action::ReservationExtended => "held",
        Action::ReservationReleased | Action::OrderCancelled => "released",
        Action::ReservationExpired | Action::OrderExpired => "expired",
        Action::OrderPlaced => "held",
        Action::OrderConfirmed | Action::OrderProcessing | Action::OrderNoted => "changed",
        Action::OrderShipped => "out",
        Action::OrderDelivered | Action::OrderReturned | Action::OrderImported => "in",
        Action::UserCreated | Action::UserActivated | Action::KeyCreated | Action::SessionOpened => "in",
        Action::UserChanged => "changed",
        Action::UserDeactivated | Action::KeyRevoked | Action::SessionClosed => "out",
    }
}

/// What happened: `Order 1042 shipped`, `User created: Ada`.
fn title(entry: &Entry, subject_name: Option<String>) -> String {
    let words = entry.action.words();
    capital(&match (entry.subject, subject_name) {
        (Subject::Order(_), Some(number)) => match words.strip_prefix("order ") {
            Some(done) => format!("order {number} {done}"),
            None => format!("{words} on order {number}"),
        },
        (Subject::Warehouse(_) | Subject::User(_) | Subject::Key(_), Some(name)) => format!("{words}: {name}"),
        (Subject::Product(_) | Subject::Reservation(_), Some(_)) | (_, None) => words.to_owned(),
    })
}

/// Who did it, by name where that is known.
pub(crate) fn who(actor: Actor, name: Option<String>) -> String {
    match actor {
        Actor::Local => "operator".to_owned(),
        Actor::User(id) => name.unwrap_or_else(|| format!("user {id}")),
        Actor::Key(id) => format!("API key {}", name.unwrap_or_else(|| id.to_string())),
        Actor::System(SystemActor::Expiry) => "expiry".to_owned(),
        Actor::System(SystemActor::Import) => "import".to_owned(),
        Actor::System(SystemActor::Demo) => "demo".to_owned(),
        Actor::System(SystemActor::Cli) => "command line".to_owned(),
        Actor::System(SystemActor::Setup) => "setup".to_owned(),
    }
}

/// Where an entry's subject is to be seen.
fn subject_link(entry: &Entry) -> (String, &'static str) {
    match entry.subject {
        Subject::Product(id) => {
            let href = entry.sku.as_ref().map_or_else(|| links::product_by_id(id), |sku| links::product(sku, id));
            (href, "Open the product")
        }
        Subject::Reservation(id) => (links::reservation(id), "Open the reservation"),
        Subject::Order(id) => (links::order_by_id(id), "Open the order"),
        Subject::Warehouse(_) => (links::WAREHOUSES.to_owned(), "Open the warehouses"),
        Subject::User(_) | Subject::Key(_) => ("/settings".to_owned(), "Open the settings"),
    }
}
