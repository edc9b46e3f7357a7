//! What only a browser has. Called from effects and event handlers, never while a view is built: but for
//! what the document itself says, which the server wrote.

use domain::time::Timestamp;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, HtmlInputElement, PerformanceNavigationTiming, VisibilityState};

/// What the document's head says under a name.
pub(crate) fn meta(name: &str) -> Option<String> {
    document().query_selector(&format!("meta[name={name}]")).ok().flatten()?.get_attribute("content")
}

/// Leaves the document for another address of ours: nothing of what it knows stays.
pub(crate) fn leave_for(address: &str) {
    // It fails only for what is no address.
    let _ = window().location().set_href(address);
}

/// Where the document is, from its path on.
pub(crate) fn here() -> String {
    let location = window().location();
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    format!("{}{}", part(location.pathname()), part(location.search()))
}

/// Milliseconds since the page was asked for, by a clock that nobody sets.
pub(crate) fn elapsed_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// When the first byte of this document came, by the clock of [`elapsed_ms`].
pub(crate) fn document_came_ms() -> Option<f64> {
    let entries = window().performance()?.get_entries_by_type("navigation");
    let navigation: PerformanceNavigationTiming = entries.get(0).dyn_into().ok()?;
    Some(navigation.response_start()).filter(|at| *at > 0.0)
}

/// `2026-11-22 18:12:52` where the viewer is.
pub(crate) fn local_calendar(at: Timestamp) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(at.unix_milliseconds() as f64));
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    let (hours, minutes, seconds) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02}")
}

/// The name of the viewer's zone, such as `Europe/Berlin`.
pub(crate) fn zone() -> Option<String> {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
}

/// Where this server is, for an address that is passed on.
pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Puts a text where one can paste it from. Browsers refuse that to pages that came unencrypted from
/// another machine.
pub(crate) async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

/// Puts the keyboard on the first element that the selector names.
pub(crate) fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    let element = found.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// Whether there is such an element.
pub(crate) fn exists(selector: &str) -> bool {
    document().query_selector(selector).is_ok_and(|found| found.is_some())
}

/// Puts the keyboard on the first field that the selector names, and marks what is typed there.
pub(crate) fn select_all(selector: &str) {
    let field = document().query_selector(selector).ok().flatten();
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) {
        // A field that is shown takes the keyboard.
        let _ = field.focus();
        field.select();
    }
}

/// All elements that the selector names, in their order.
pub(crate) fn all(selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

/// Puts the keyboard back on an element, unless it is somewhere else by now.
pub(crate) fn give_back_focus(id: &str) {
    let is_nowhere = focused().is_none_or(|element| element.tag_name() == "BODY");
    if is_nowhere && !id.is_empty() {
        focus(&format!("#{id}"));
    }
}

/// Whether the page is in front, not in a tab behind others.
pub(crate) fn is_seen() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// The element that the keyboard is on.
pub(crate) fn focused() -> Option<HtmlElement> {
    document().active_element().and_then(|element| element.dyn_into().ok())
}

/// Whether what is typed goes into a field.
pub(crate) fn is_typing() -> bool {
    focused().is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || element.is_content_editable()
    })
}

/// Whether the keyboard is on this very input.
pub(crate) fn is_focused(input: &HtmlInputElement) -> bool {
    focused().is_some_and(|element| element.is_same_node(Some(input)))
}

/// Says on the `<html>` element which theme was chosen.
pub(crate) fn show_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        // It can only fail for a name that is no attribute's.
        let _ = root.set_attribute("data-theme", theme);
    }
}
