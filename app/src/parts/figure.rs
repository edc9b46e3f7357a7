//! One large number and what it counts.

use domain::quantity::grouped;
use leptos::prelude::*;

/// A figure; a dash while it is not known.
#[component]
pub(crate) fn Figure(
    label: &'static str,
    #[prop(into)] count: Signal<Option<i64>>,
    /// Which colour stands beside it: that of the stock bar.
    #[prop(default = "plain")]
    tone: &'static str,
) -> impl IntoView {
    view! {
        <div class="figure" data-tone=tone>
            <dt>{label}</dt>
            <dd>{move || count.get().map_or_else(|| "–".to_owned(), grouped)}</dd>
        </div>
    }
}
