//! The palette: from any page to any place, product or order, by a few letters. It lives by a script alone: whoever
//! has none goes by the links of the rail.

use std::time::Duration;

use domain::account::Role;
use domain::problem::Problem;
use leptos::html::Dialog;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, MouseEvent};

use super::icons::{Icon, Picture};
use super::places::Place;
use super::trouble::in_words;
use crate::api::orders::order_fetch;
use crate::api::products::product_list;
use crate::browser;
use crate::error::ApiError;
use crate::links;

/// How long typing rests before the server is asked.
const REST: Duration = Duration::from_millis(150);
const PRODUCTS_SHOWN: &str = "6";
const FIELD: &str = ".palette input";
/// What the keyboard goes through: the field, and the ways that are shown.
const STEPS: &str = ".palette input, .palette a";

/// Somewhere to go to.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Way {
    href: String,
    icon: Icon,
    name: String,
    /// What tells it from others.
    about: String,
}

/// What the server had to say to what was typed.
#[derive(Clone, PartialEq, Debug)]
struct Found {
    typed: String,
    ways: Result<Vec<Way>, ApiError>,
}

/// Opens it, with what was typed the last time marked: it gives way to what is typed now. Whether there is one to
/// open.
pub(crate) fn open(palette: NodeRef<Dialog>) -> bool {
    let Some(dialog) = palette.get_untracked() else { return false };
    if !dialog.open() {
        // It fails only where the dialog is open already.
        let _ = dialog.show_modal();
    }
    browser::select_all(FIELD);
    true
}

/// The dialog, once there is a script.
#[component]
pub(crate) fn Palette(role: Role, node: NodeRef<Dialog>) -> impl IntoView {
    let has_script = RwSignal::new(false);
    Effect::new(move |_| has_script.set(true));
    view! {
        <Show when=move || has_script.get()>
            <Sheet role=role node=node />
        </Show>
    }
}

/// What is typed narrows the places at once, and is looked up once typing rests.
#[component]
fn Sheet(role: Role, node: NodeRef<Dialog>) -> impl IntoView {
    let (typed, asked) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // `Enter` came before there was anything to take.
    let is_wanted = RwSignal::new(false);
    let mut look_up = debounce(REST, move |text: String| asked.set(text));
    let mut type_in = move |text: String| {
        is_wanted.set(false);
        typed.set(text.trim().to_owned());
        look_up(text.trim().to_owned());
    };
    let found = LocalResource::new(move || look(asked.get()));
    // An answer to what was typed before says nothing of what is typed now.
    let answer = Memo::new(move |_| {
        let found = found.get().filter(|found| typed.with(|typed| found.typed == *typed));
        found.map(|found| found.ways)
    });
    let ways = Memo::new(move |_| {
        let places = typed.with(|typed| places(role, typed));
        [places, answer.get().and_then(Result::ok).unwrap_or_default()].concat()
    });
    let close = move || {
        if let Some(dialog) = node.get_untracked() {
            dialog.close();
        }
    };
    // Whichever way one leaves the page.
    let location = use_location();
    Effect::new(move |_| {
        location.pathname.track();
        location.search.track();
        close();
    });
    let navigate = use_navigate();
    Effect::new(move |_| {
        if is_wanted.get()
            && let Some(first) = ways.with(|ways| ways.first().cloned())
        {
            is_wanted.set(false);
            close();
            navigate(&first.href, Default::default());
        }
    });
    let press = move |event: KeyboardEvent| {
        if event.is_composing() {
            return;
        }
        if event.key() == "Enter" && browser::is_typing() {
            is_wanted.set(true);
            event.prevent_default();
        } else if step(&event.key()) {
            event.prevent_default();
        }
    };
    let note = move || match (answer.get(), ways.with(Vec::len)) {
        (Some(Err(error)), _) => in_words(&error.problem),
        (Some(Ok(_)), 0) => "Nothing is called so.".to_owned(),
        (Some(Ok(_)), 1) if !typed.with(String::is_empty) => "One found: Enter takes it.".to_owned(),
        (Some(Ok(_)), count) if !typed.with(String::is_empty) => format!("{count} found: Enter takes the first."),
        (Some(Ok(_)) | None, _) => String::new(),
    };
    view! {
        <dialog
            class="dialog palette"
            node_ref=node
            aria-label="Go to"
            on:keydown=press
            on:mousedown=move |event| {
                if is_backdrop(&event) {
                    close();
                }
            }
        >
            <label class="palette-field">
                <Picture icon=Icon::Search />
                <input
                    type="text"
                    aria-label="Place, product or order"
                    placeholder="A place, a SKU or name, an order's number"
                    autocomplete="off"
                    spellcheck="false"
                    enterkeyhint="go"
                    on:input:target=move |event| type_in(event.target().value())
                />
            </label>
            <ul class="palette-ways" aria-label="Where to" on:click=move |_| close()>
                <For each=move || ways.get() key=|way| (way.href.clone(), way.about.clone()) let:way>
                    <li>
                        <a href=way.href>
                            <Picture icon=way.icon />
                            <span class="palette-name">{way.name}</span>
                            <span class="palette-about">{way.about}</span>
                        </a>
                    </li>
                </For>
            </ul>
            <p class="palette-note" role="status">
                {note}
            </p>
        </dialog>
    }
}

/// Places that begin like this, or of which a word does; all of them, before anything is typed.
fn places(role: Role, typed: &str) -> Vec<Way> {
    let typed = typed.to_lowercase();
    let begins = |place: &Place| {
        let name = place.name.to_lowercase();
        name.starts_with(&typed) || name.split(' ').any(|word| word.starts_with(&typed))
    };
    let places = Place::open_to(role).filter(begins);
    places.map(|place| Way::new(place.href.to_owned(), place.icon, place.name, "")).collect()
}

async fn look(typed: String) -> Found {
    let ways = if typed.is_empty() { Ok(Vec::new()) } else { find(&typed).await };
    Found { typed, ways }
}

/// Products and the order that go by this.
async fn find(typed: &str) -> Result<Vec<Way>, ApiError> {
    let (order, products) = futures::join!(
        order(typed),
        product_list(Some(typed.to_owned()), Some("with".to_owned()), None, Some(PRODUCTS_SHOWN.to_owned())),
    );
    let products = products?.items.into_iter().map(|product| {
        let about = if product.archived { format!("{}, archived", product.name) } else { product.name.to_string() };
        Way::new(links::product(&product.sku, product.id), Icon::Products, product.sku.as_str(), &about)
    });
    Ok(order?.into_iter().chain(products).collect())
}

async fn order(typed: &str) -> Result<Option<Way>, ApiError> {
    if !typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match order_fetch(typed.to_owned()).await {
        Ok(view) => {
            let (number, status) = (view.order.number, view.order.status.as_str());
            Ok(Some(Way::new(links::order(number), Icon::Orders, &format!("Order {number}"), status)))
        }
        Err(ApiError { problem: Problem::NotFound { .. }, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Way {
    fn new(href: String, icon: Icon, name: &str, about: &str) -> Self {
        Self { href, icon, name: name.to_owned(), about: about.to_owned() }
    }
}

/// A dialog's own ground is its backdrop: all that it shows lies within its children.
fn is_backdrop(event: &MouseEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    target.is_some_and(|target| target.tag_name() == "DIALOG")
}

/// Arrows lead from the field through the ways and back. From a way that went meanwhile they lead on from the field.
fn step(key: &str) -> bool {
    let steps = browser::all(STEPS);
    let focused = browser::focused();
    let at = steps.iter().position(|step| focused.as_ref().is_some_and(|focused| focused.is_same_node(Some(step))));
    let (at, count) = (at.unwrap_or_default(), steps.len());
    let to = match key {
        "ArrowDown" => at + 1,
        "ArrowUp" => at + count.saturating_sub(1),
        _ => return false,
    };
    to.checked_rem(count).and_then(|to| steps.get(to)).is_some_and(|step| step.focus().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(role: Role, typed: &str) -> Vec<String> {
        places(role, typed).into_iter().map(|way| way.name).collect()
    }

    #[test]
    fn places_are_found_by_the_beginnings_of_their_words() {
        assert_eq!(names(Role::Admin, "O"), ["Overview", "Orders"]);
        assert_eq!(names(Role::Admin, "log"), ["Audit log"]);
        assert_eq!(names(Role::Admin, "audit l"), ["Audit log"]);
        assert_eq!(names(Role::Admin, "x"), Vec::<String>::new());
        assert_eq!(names(Role::Viewer, "chaos"), Vec::<String>::new());
        assert_eq!(names(Role::Viewer, "").len(), 7);
    }
}
