//! The keyboard: `/` to search, `Ctrl` or `Cmd` with `K` to go anywhere, `j` and `k` through rows, `?` for this
//! list. `Enter` opens the row's own link and `Esc` closes a dialog, as browsers do by themselves.

use leptos::ev::keydown;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::browser;

/// The keys and what they do, as the help shows them.
pub(crate) const KEYS: [(&str, &str); 6] = [
    ("/", "Search"),
    ("Ctrl/⌘ K", "Go to a place, a product, an order"),
    ("j  k", "Next and previous row"),
    ("Enter", "Open the row"),
    ("Esc", "Leave the field, close the dialog"),
    ("?", "Show the keys"),
];

/// The links that stand for rows.
const ROWS: &str = "a[data-row]";

/// Listens as long as the page is open. `help` shows the keys; `palette` opens what leads anywhere, and tells whether
/// there is one.
pub(crate) fn listen(help: impl Fn() + Copy + 'static, palette: impl Fn() -> bool + Copy + 'static) {
    Effect::new(move |_| {
        let listening = window_event_listener(keydown, move |event| pressed(&event, help, palette));
        on_cleanup(move || listening.remove());
    });
}

fn pressed(event: &KeyboardEvent, help: impl Fn(), palette: impl Fn() -> bool) {
    // Also while one types.
    if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key() && event.key() == "k" {
        if palette() {
            event.prevent_default();
        }
        return;
    }
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return;
    }
    // What an open dialog covers is not for the keyboard.
    if browser::exists("dialog:modal") {
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
        "/" => browser::focus("main input[type=search]") || palette(),
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
    let rows = browser::all(ROWS);
    let focused = browser::focused();
    let at = rows.iter().position(|row| focused.as_ref().is_some_and(|element| element.is_same_node(Some(row))));
    let next = match at {
        Some(at) => i32::try_from(at).ok().and_then(|at| usize::try_from(at + by).ok()),
        None => Some(0),
    };
    next.and_then(|next| rows.get(next)).is_some_and(|row| row.focus().is_ok())
}
