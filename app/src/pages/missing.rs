//! An address without a page.

use leptos::prelude::*;

use crate::links;
use crate::parts::frame::PageHead;

/// What stands where there is nothing.
#[component]
pub(crate) fn Missing() -> impl IntoView {
    view! {
        <PageHead title="Not found" line=|| "There is no page at this address." />
        <div class="empty">
            <p>"It may have been written differently, or never existed."</p>
            <p class="empty-ways">
                <a class="button" href=links::PRODUCTS>"Products"</a>
                <a class="button" href=links::RESERVATIONS>"Reservations"</a>
            </p>
        </div>
    }
}
