//! The keyboard: `/` to search, `j` and `k` through rows, `?` for this list. `Enter` opens the row's own
//! link and `Esc` closes a dialog, as browsers do by themselves.

use leptos::ev::keydown;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use crate::browser;

/// The keys and what they do, as the help shows them.
pub(crate) const KEYS: [(&str, &str); 5] = [
    ("/", "Search"),
    ("j  k", "Next and previous row"),
    ("Enter", "Open the row"),
    ("Esc", "Leave the field, close the dialog"),
    ("?", "Show the keys"),
];

/// The links that stand for rows.
const ROWS: &str = "a[data-row]";

/// Listens as long as the page is open. `help` shows the keys.
pub(crate) fn listen(help: impl Fn() + Copy + 'static) {
    Effect::new(move |_| {
        let listening = window_event_listener(keydown, move |event| pressed(&event, help));
        on_cleanup(move || listening.remove());
    });
}

fn pressed(event: &KeyboardEvent, help: impl Fn()) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return;
    }
    let key = event.key();
    if browser::is_typing() {
        if let ("Escape", Some(field)) = (key.as_str(), browser::focused()) {
            // Leaving a field that has the keyboard can't fail.
            let _ = field.blur();
        }
        return;
    }
    let taken = match key.as_str() {
        "/" => browser::focus("input[type=search]"),
        "j" | "ArrowDown" if key == "j" || is_on_row() => step(1),
        "k" | "ArrowUp" if key == "k" || is_on_row() => step(-1),
        "?" => {
            help();
            true
        }
        _ => false,
    };
    if taken {
        event.prevent_default();
    }
}

/// Arrows scroll the page until a row has the keyboard.
fn is_on_row() -> bool {
    browser::focused().is_some_and(|element| element.matches(ROWS).unwrap_or(false))
}

/// Moves the keyboard `by` rows; onto the first, where it was on none.
fn step(by: i32) -> bool {
    let Ok(rows) = document().query_selector_all(ROWS) else { return false };
    let rows: Vec<HtmlElement> = (0..rows.length()).filter_map(|index| rows.get(index)?.dyn_into().ok()).collect();
    let focused = browser::focused();
    let at = rows.iter().position(|row| focused.as_ref().is_some_and(|element| element.is_same_node(Some(row))));
    let next = match at {
        Some(at) => i32::try_from(at).ok().and_then(|at| usize::try_from(at + by).ok()),
        None => Some(0),
    };
    next.and_then(|next| rows.get(next)).is_some_and(|row| row.focus().is_ok())
}
