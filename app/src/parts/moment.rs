//! Moments as people read them: in UTC from the server, where the viewer is once the browser took over.
//! Both have the same number of characters, so that nothing moves.

use domain::time::Timestamp;
use leptos::prelude::*;

use crate::browser;

/// The viewer's zone, once the browser took over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zone(RwSignal<Option<String>>);

impl Zone {
    pub(crate) fn provide() {
        let zone = RwSignal::new(None);
        provide_context(Self(zone));
        Effect::new(move |_| zone.set(browser::zone()));
    }
}

fn zone() -> Signal<Option<String>> {
    use_context::<Zone>().map_or_else(|| Signal::stored(None), |Zone(zone)| zone.into())
}

/// A moment to the second.
#[component]
pub(crate) fn Moment(#[prop(into)] at: Signal<Timestamp>) -> impl IntoView {
    let zone = zone();
    let text = move || match zone.with(Option::is_some) {
        true => browser::local_calendar(at.get()),
        false => at.get().to_calendar(),
    };
    view! {
        <time class="moment" datetime=move || at.get().to_string() title=move || format!("{} UTC", at.get().to_calendar())>
            {text}
        </time>
    }
}

/// In which zone times are shown.
#[component]
pub(crate) fn ZoneNote() -> impl IntoView {
    let zone = zone();
    view! { <p class="zone-note">"Times in " {move || zone.get().unwrap_or_else(|| "UTC".to_owned())}</p> }
}
