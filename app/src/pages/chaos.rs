//! The chaos test: a run is started, watched while its buyers are answered, and judged.

mod grid;
mod histogram;
mod start;
mod verdict;

use std::time::Duration;

use domain::chaos::{ChaosRun, Guards};
use domain::quantity::grouped;
use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;

use crate::api::chaos::chaos_fetch;
use crate::error::ApiError;
use crate::forms::AuditForm;
use crate::links;
use crate::parts::frame::PageHead;
use crate::parts::loaded::Loaded;
use crate::parts::page_key::PageKey;
use crate::refresh::Refresh;
use grid::Grid;
use histogram::Histogram;
use start::{StartForm, StopForm};
use verdict::{Checks, Outcome};

/// How often a run that is under way is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

type Data = Resource<Result<Option<ChaosRun>, ApiError>>;

/// The page.
#[component]
pub(crate) fn Chaos() -> impl IntoView {
    PageKey::provide();
    let refresh = Refresh::new();
    let data = Resource::new(move || refresh.count(), |_| chaos_fetch());
    view! {
        <PageHead
            title="Chaos test"
            line=|| "A crowd of buyers at a product made for the run: what was sold must be what there was."
        />
        <Loaded data=data rows=8 let:run>
            <Body data=data run=run refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(data: Data, run: Signal<Option<ChaosRun>>, refresh: Refresh) -> impl IntoView {
    let is_under_way = Memo::new(move |_| run.with(|run| run.as_ref().is_some_and(|run| run.phase.is_under_way())));
    look_again(data, is_under_way, refresh);
    let is_any = Memo::new(move |_| run.with(Option::is_some));
    view! {
        <div class="chaos-top">
            <StartForm is_under_way=is_under_way refresh=refresh />
            <Explained />
        </div>
        <Show when=move || is_any.get() fallback=|| view! { <Nothing /> }>
            <section class="section" aria-labelledby="run-title">
                <div class="section-head">
                    <h2 id="run-title">{move || run.with(|run| run.as_ref().map(title).unwrap_or_default())}</h2>
                    <Ways run=run />
                </div>
                <div class="chaos-state">
                    <p>{move || run.with(|run| run.as_ref().map(state).unwrap_or_default())}</p>
                    <Show when=move || is_under_way.get()>
                        <StopForm refresh=refresh />
                        <noscript>
                            <a href=links::CHAOS>"Look again"</a>
                        </noscript>
                    </Show>
                </div>
                <Outcome run=run />
                <Grid run=run />
                <Checks run=run />
            </section>
            <Histogram run=run />
        </Show>
    }
}

/// While a run is under way it is looked at again and again, one look after the other.
fn look_again(data: Data, is_under_way: Memo<bool>, refresh: Refresh) {
    let is_looking = StoredValue::new(false);
    Effect::new(move |_| {
        data.track();
        is_looking.set_value(false);
    });
    Effect::new(move |_| {
        if !is_under_way.get() {
            return;
        }
        let look = move || {
            if !is_looking.get_value() {
                is_looking.set_value(true);
                refresh.now();
            }
        };
        let looking = set_interval_with_handle(look, LOOK_EVERY).ok();
        on_cleanup(move || looking.iter().for_each(|looking| looking.clear()));
    });
}

#[component]
fn Explained() -> impl IntoView {
    view! {
        <div class="chaos-explained">
            <p>
                "Each buyer wants one unit, through the same door as every shop. Some hold it first and pay then, some
                send their request twice at once, some close the connection or are cut off in the middle and ask again
                under their key, some pay at the very moment when their hold runs out, some forget it."
            </p>
            <p>
                "Nothing of yours is touched: the run makes a product with a SKU that begins with CHAOS-, cancels what
                it ordered, and archives the product. The journal keeps all of it."
            </p>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="empty">
            <h2>"No run yet"</h2>
            <p>"None since this server was started. Fifty buyers for ten units take a second or two."</p>
        </div>
    }
}

/// The ways to what the run left behind.
#[component]
fn Ways(run: Signal<Option<ChaosRun>>) -> impl IntoView {
    let sku = Memo::new(move |_| run.with(|run| run.as_ref().and_then(|run| run.sku.clone())));
    move || {
        sku.get().map(|sku| {
            let form = AuditForm { sku: sku.to_string(), ..AuditForm::default() };
            let journal = links::audit_of(form);
            view! {
                <span class="chaos-ways">
                    <a href=journal>"Journal of the run"</a>
                    <a href=links::product_by_sku(&sku)>{sku.to_string()}</a>
                </span>
            }
        })
    }
}

/// `50 buyers for 10 units, 50 at a time`.
fn title(run: &ChaosRun) -> String {
    let [attempts, stock, clients] =
        [run.plan.attempts(), run.plan.stock(), run.plan.clients()].map(|count| grouped(i64::from(count)));
    let guards = match run.plan.guards() {
        Guards::On => "",
        Guards::Off => ", without guards",
    };
    format!("{attempts} buyers for {stock} units, {clients} at a time{guards}")
}

/// What the run is at, and how long it has taken.
fn state(run: &ChaosRun) -> String {
    let elapsed = seconds(run.elapsed_milliseconds);
    let so_far = if run.phase.is_under_way() { "so far" } else { "until the last unit was sold" };
    let answered = run.answered_milliseconds.map(|took| format!("; everyone was answered within {}", seconds(took)));
    let trouble = run.trouble.as_ref().map(|trouble| format!(" ({trouble})")).unwrap_or_default();
    format!("{}{trouble}. {elapsed} {so_far}{}.", run.phase.words(), answered.unwrap_or_default())
}

/// `41 ms`, `1.31 s`.
fn seconds(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        _ => format!("{}.{:02} s", milliseconds / 1_000, milliseconds % 1_000 / 10),
    }
}
