//! The WASM entry: takes over the page that the server rendered.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's own script. A panic is told in the browser's console.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::app::App);
}
