//! From page to page of a list: two links, no numbers. A list by keyset has no numbered pages.

use leptos::prelude::*;

/// Links to the pages before and after; words without a link, where there is none.
#[component]
pub(crate) fn Pager(
    #[prop(into)] prev: Signal<Option<String>>,
    #[prop(into)] next: Signal<Option<String>>,
    #[prop(default = ("Previous", "Next"))] words: (&'static str, &'static str),
) -> impl IntoView {
    let link = |href: Signal<Option<String>>, rel: &'static str, word: &'static str| {
        move || match href.get() {
            Some(href) => view! { <a class="button" href=href rel=rel>{word}</a> }.into_any(),
            None => view! { <span class="button" aria-disabled="true">{word}</span> }.into_any(),
        }
    };
    let needed = move || prev.with(Option::is_some) || next.with(Option::is_some);
    view! {
        <Show when=needed>
            <nav class="pager" aria-label="Pages">
                {link(prev, "prev", words.0)}
                {link(next, "next", words.1)}
            </nav>
        </Show>
    }
}
