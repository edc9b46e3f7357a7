//! The journal in words, newest first, each entry with what changed.

use domain::actor::{Actor, SystemActor};
use domain::journal::{Action, Entry, Subject};
use domain::money::Money;
use domain::quantity::grouped;
use domain::time::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;
use serde_json::Value;

use super::moment::Moment;
use crate::links;
use crate::words::capital;

/// Entries, one line each; a line opens to what was and what is.
#[component]
pub(crate) fn Timeline(
    #[prop(into)] entries: Signal<Vec<Entry>>,
    /// What the list is called.
    label: &'static str,
) -> impl IntoView {
    view! {
        <ol class="timeline" aria-label=label>
            <For each=move || entries.get() key=|entry| entry.position let:entry>
                <Line entry=entry />
            </For>
        </ol>
    }
}

#[component]
fn Line(entry: Entry) -> impl IntoView {
    let tone = tone(entry.action);
    let changes = changes(&entry);
    let what = entry.stock_words().or_else(|| in_short(&entry, &changes));
    let (title, by) = (capital(entry.action.words()), who(entry.actor));
    let link = subject_link(&entry);
    let line = view! {
        <span class="entry-dot" data-tone=tone aria-hidden="true"></span>
        <span class="entry-what">
            <strong>{title}</strong>
            {what.map(|what| view! { <span>{what}</span> })}
        </span>
        <span class="entry-who">{by}</span>
        <Moment at=entry.at />
    };
    let body = if changes.is_empty() {
        Either::Left(view! { <div class="entry-line">{line}</div> })
    } else {
        Either::Right(view! {
            <details>
                <summary class="entry-line">
                    {line} <span class="entry-opens" aria-hidden="true"></span>
                </summary>
                <Changes changes=changes link=link />
            </details>
        })
    };
    view! { <li class="entry">{body}</li> }
}

/// What was and what is, fact by fact.
#[component]
fn Changes(changes: Vec<Change>, link: Option<(String, String)>) -> impl IntoView {
    view! {
        <div class="entry-more">
            <table class="changes">
                <thead>
                    <tr>
                        <th scope="col">"Fact"</th>
                        <th scope="col">"Before"</th>
                        <th scope="col">"After"</th>
                    </tr>
                </thead>
                <tbody>
                    {changes
                        .into_iter()
                        .map(|change| {
                            view! {
                                <tr>
                                    <th scope="row">{change.fact}</th>
                                    <td>{change.before.unwrap_or_else(|| "–".to_owned())}</td>
                                    <td>{change.after.unwrap_or_else(|| "–".to_owned())}</td>
                                </tr>
                            }
                        })
                        .collect_view()}
                </tbody>
            </table>
            {link.map(|(href, words)| view! { <a href=href>{words}</a> })}
        </div>
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

/// Where no stock moved: which product, and what was changed of it (`85123A, price: 2.55 GBP → 2.95 GBP`).
fn in_short(entry: &Entry, changes: &[Change]) -> Option<String> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let changed = changes.iter().filter(|_| entry.action == Action::ProductChanged);
    let changed = changed
        .map(|change| format!("{}: {} → {}", change.fact.to_lowercase(), value(&change.before), value(&change.after)));
    let words: Vec<String> = entry.sku.iter().map(ToString::to_string).chain(changed).collect();
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
        Action::ProductChanged | Action::StockAdjusted => "changed",
        Action::ProductArchived | Action::StockWrittenOff => "out",
        Action::ReservationHeld | Action::ReservationChanged | Action::ReservationExtended => "held",
        Action::ReservationReleased => "released",
        Action::ReservationExpired => "expired",
    }
}

fn who(actor: Actor) -> String {
    match actor {
        Actor::Local => "operator".to_owned(),
        Actor::User(id) => format!("user {id}"),
        Actor::Key(id) => format!("API key {id}"),
        Actor::System(SystemActor::Expiry) => "expiry".to_owned(),
        Actor::System(SystemActor::Import) => "import".to_owned(),
    }
}

/// Where an entry's subject is to be seen. Orders have no page yet.
fn subject_link(entry: &Entry) -> Option<(String, String)> {
    match entry.subject {
        Subject::Product(id) => {
            let href = entry.sku.as_ref().map_or_else(|| links::product_by_id(id), |sku| links::product(sku, id));
            Some((href, "Open the product".to_owned()))
        }
        Subject::Reservation(id) => Some((links::reservation(id), "Open the reservation".to_owned())),
        Subject::Order(_) => None,
    }
}
