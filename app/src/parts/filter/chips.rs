//! What narrows a list, said in short, each to be taken away.

use leptos::prelude::*;

/// One thing that narrows a list, and the address of the list without it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Chip {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) without: String,
}

/// What narrows a list, each to be taken away.
#[component]
pub(crate) fn Chips(
    chips: Signal<Vec<Chip>>,
    /// The address of the list with nothing that narrows it.
    all: Signal<String>,
) -> impl IntoView {
    let is_any = Memo::new(move |_| chips.with(|chips| !chips.is_empty()));
    view! {
        <Show when=move || is_any.get()>
            <div class="chips">
                <For each=move || chips.get() key=Clone::clone let:chip>
                    <a
                        class="chip"
                        href=chip.without
                        aria-label=format!("Remove the filter {} {}", chip.name, chip.value)
                        data-noscroll="true"
                    >
                        <span>{chip.name} ": " {chip.value.clone()}</span>
                        <span aria-hidden="true">"×"</span>
                    </a>
                </For>
                <a class="chips-all" href=move || all.get() data-noscroll="true">"Clear all"</a>
            </div>
        </Show>
    }
}
