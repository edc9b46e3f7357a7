//! The places of the house: all in the rail of a wide screen; on a small one five in a bar, and the others behind a
//! button in the strip above.

use domain::account::Role;
use leptos::html::Nav;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use super::icons::{Icon, Picture};
use crate::links;

/// One place.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) href: &'static str,
    pub(crate) name: &'static str,
    pub(crate) icon: Icon,
    needs: Role,
}

/// The places that exist, in the order of a day's work.
const PLACES: [Place; 8] = [
    Place::new(links::OVERVIEW, "Overview", Icon::Overview, Role::Viewer),
    Place::new(links::PRODUCTS, "Products", Icon::Products, Role::Viewer),
    Place::new(links::RESERVATIONS, "Reservations", Icon::Reservations, Role::Viewer),
    Place::new(links::ORDERS, "Orders", Icon::Orders, Role::Viewer),
    Place::new(links::WAREHOUSES, "Warehouses", Icon::Warehouses, Role::Viewer),
    Place::new(links::AUDIT, "Audit log", Icon::Audit, Role::Viewer),
    Place::new(links::CHAOS, "Chaos test", Icon::Chaos, Role::Admin),
    Place::new(links::SETTINGS, "Settings", Icon::Settings, Role::Viewer),
];
/// How many of them the bar of a small screen has; the style sheet hides the others there.
const IN_BAR: usize = 5;

impl Place {
    const fn new(href: &'static str, name: &'static str, icon: Icon, needs: Role) -> Self {
        Self { href, name, icon, needs }
    }

    /// Those whom `role` may see, in their order.
    pub(crate) fn open_to(role: Role) -> impl Iterator<Item = Self> {
        PLACES.into_iter().filter(move |place| role.may(place.needs))
    }

    fn holds(self, path: &str) -> bool {
        path.strip_prefix(self.href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn link(self) -> impl IntoView {
        let Self { href, name, icon, .. } = self;
        view! {
            <A href=href exact={href == links::OVERVIEW} attr:class="place">
                <Picture icon=icon />
                <span>{name}</span>
            </A>
        }
    }
}

/// The places in the rail, or in the bar.
#[component]
pub(crate) fn Places(role: Role) -> impl IntoView {
    view! {
        <nav class="places" aria-label="Places">
            {Place::open_to(role).map(Place::link).collect_view()}
        </nav>
    }
}

/// On a small screen, a button for the places that its bar has no room for. The browser opens and closes what it
/// shows, with or without a script.
#[component]
pub(crate) fn MorePlaces(role: Role) -> impl IntoView {
    let path = use_location().pathname;
    let is_in_one = move || path.with(|path| Place::open_to(role).skip(IN_BAR).any(|place| place.holds(path)));
    let menu = NodeRef::<Nav>::new();
    let close = move |_| {
        if let Some(menu) = menu.get_untracked() {
            // It fails only where it is closed already.
            let _ = menu.hide_popover();
        }
    };
    view! {
        <button
            class="rail-button more"
            type="button"
            popovertarget="more-places"
            aria-current=move || is_in_one().then_some("true")
        >
            <Picture icon=Icon::More />
            <span>"More places"</span>
        </button>
        <nav id="more-places" class="more-places" popover="auto" aria-label="More places" node_ref=menu on:click=close>
            {Place::open_to(role).skip(IN_BAR).map(Place::link).collect_view()}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_what_lies_below_it() {
        let settings = PLACES[7];
        assert!(settings.holds("/settings") && settings.holds("/settings/users/1"));
        assert!(!settings.holds("/") && !settings.holds("/settingsx"));
    }

    #[test]
    fn the_bar_is_the_same_for_all() {
        assert!(PLACES[..IN_BAR].iter().all(|place| place.needs == Role::Viewer));
    }
}
