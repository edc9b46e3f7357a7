//! One product: its stock, what is held of it, what can be done, and its journal.

mod adjust;
mod edit;
mod history;
mod reserve;
mod stock;
mod then;
mod transfer;

use domain::account::Role;
use domain::journal::NamedEntry;
use domain::product::ProductView;
use domain::reservation::ReservationView;
use domain::warehouse::Warehouse;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::account::Account;
use crate::api::journal::{About, journal_latest};
use crate::api::products::{product_fetch, product_fetch_at, stock_history_fetch};
use crate::api::reservations::reservation_list;
use crate::api::warehouses::warehouse_list;
use crate::clock;
use crate::error::ApiError;
use crate::forms::{AuditForm, read_moment};
use crate::links::{self, ReservationsAt};
use crate::live::{Live, Topic};
use crate::parts::badge::{ArchivedBadge, LowBadge};
use crate::parts::expiry_watch;
use crate::parts::frame::PageHead;
use crate::parts::hold_table::{HoldTable, Of};
use crate::parts::journal::Journal;
use crate::parts::loaded::{Loaded, StandsFor};
use crate::parts::page_key::PageKey;
use crate::query::Query;
use crate::refresh::Refresh;

use adjust::AdjustForm;
use edit::EditSection;
use history::{HistorySection, stretch_of};
use reserve::ReserveForm;
use stock::{StockSection, on_sale};
use then::{Then, ThenSection};
use transfer::TransferForm;

const HOLDS_SHOWN: &str = "50";
const ENTRIES_SHOWN: &str = "30";
const WAREHOUSES_SHOWN: &str = "200";

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Folder {
    product: ProductView,
    holds: Vec<ReservationView>,
    more_holds: bool,
    entries: Vec<NamedEntry>,
    warehouses: Vec<Warehouse>,
}

async fn folder(reference: String) -> Result<Folder, ApiError> {
    let product = product_fetch(reference).await?;
    let (sku, id) = (product.sku.to_string(), product.id.to_string());
    let held = Some("held".to_owned());
    let (holds, entries, warehouses) = futures::join!(
        reservation_list(held, Some(sku), None, None, None, Some(HOLDS_SHOWN.to_owned())),
        journal_latest(About::Product(id), ENTRIES_SHOWN),
        warehouse_list(None, Some(WAREHOUSES_SHOWN.to_owned())),
    );
    let holds = holds?;
    let (more_holds, warehouses) = (holds.next.is_some(), warehouses?.items);
    Ok(Folder { product, more_holds, holds: holds.items, entries: entries?, warehouses })
}

/// What stood there at the moment that the address asks for.
async fn then(reference: String, at: Option<String>) -> Result<Then, ApiError> {
    match at.filter(|at| read_moment(at).is_some()) {
        Some(at) => Ok(Some(product_fetch_at(reference, at).await?)),
        None => Ok(None),
    }
}

/// The page. It is built anew for another product, since its forms are about one: hence the list of one
/// item, which keeps nothing of an item that is gone.
#[component]
pub(crate) fn ProductPage() -> impl IntoView {
    let params = use_params_map();
    let reference = Memo::new(move |_| params.with(|params| params.get("product").unwrap_or_default()));
    view! {
        <For each=move || [reference.get()] key=Clone::clone let:reference>
            <OneProduct reference=reference />
        </For>
    }
}

#[component]
fn OneProduct(reference: String) -> impl IntoView {
    PageKey::provide();
    // That a hold lasts longer moves no stock, so that who listens to the product is not told of it.
    let refresh = Refresh::new().often_enough();
    let search = use_location().search;
    let query = Memo::new(move |_| search.with(|search| Query::parse(search)));
    let stretch = Memo::new(move |_| query.with(stretch_of));
    let at = Memo::new(move |_| query.with(|query| query.get("at")));
    let seldom = refresh.seldom();
    let name = StoredValue::new(reference.clone());
    let data = Resource::new(move || (reference.clone(), refresh.count()), |(reference, _)| folder(reference));
    let history = Resource::new(
        move || (name.get_value(), stretch.get(), seldom.count()),
        |(product, stretch, _)| stock_history_fetch(product, Some(<&str>::from(stretch).to_owned())),
    );
    let then = Resource::new(move || (name.get_value(), at.get()), |(product, at)| then(product, at));
    view! {
        <Loaded data=data rows=10 stands_for=StandsFor::Page let:folder>
            <Body
                folder=folder
                refresh=refresh
                over_time=move || {
                    view! {
                        <HistorySection history=history query=query stretch=stretch />
                        <ThenSection then=then query=query />
                    }
                }
            />
        </Loaded>
    }
}

#[component]
fn Body(
    folder: Signal<Folder>,
    refresh: Refresh,
    /// What its stock was.
    #[prop(into)]
    over_time: ViewFn,
) -> impl IntoView {
    let product = Memo::new(move |_| folder.with(|folder| folder.product.clone()));
    let holds = Signal::derive(move || folder.with(|folder| folder.holds.clone()));
    let entries = Signal::derive(move || folder.with(|folder| folder.entries.clone()));
    clock::sync_with(move || {
        let holds = holds.with(|holds| holds.first().map(|view| view.server_time));
        holds.or_else(|| product.with(|product| Some(product.as_of)))
    });
    expiry_watch::watch(holds, refresh);
    let id = product.with_untracked(|product| product.id);
    let all = product.with_untracked(|product| AuditForm::of_product(&product.sku, id));
    Live::provide(refresh).listen(move || Topic::Products(vec![id]));
    let product: Signal<ProductView> = product.into();
    let warehouses = Memo::new(move |_| folder.with(|folder| folder.warehouses.clone()));
    let warehouses: Signal<Vec<Warehouse>> = warehouses.into();
    view! {
        <PageHead title=Signal::derive(move || product.with(|product| product.name.to_string())) line=move || view! { <Line product=product warehouses=warehouses /> } />
        <div class="product">
            <div class="product-stock">
                <StockSection product=product warehouses=warehouses />
            </div>
            <div class="product-side">
                {Account::may(Role::Operator).then(|| view! { <ReserveForm product=product warehouses=warehouses refresh=refresh /> })}
                {Account::may(Role::Admin)
                    .then(|| {
                        view! {
                            <AdjustForm product=product warehouses=warehouses refresh=refresh />
                            <TransferForm product=product warehouses=warehouses refresh=refresh />
                            <EditSection product=product refresh=refresh />
                        }
                    })}
            </div>
            <div class="product-rest">
                <Holds folder=folder holds=holds refresh=refresh />
                {over_time.run()}
                <Journal entries=entries label="Journal of this product" all=all />
            </div>
        </div>
    }
}

#[component]
fn Line(product: Signal<ProductView>, warehouses: Signal<Vec<Warehouse>>) -> impl IntoView {
    move || {
        let product = product.get();
        let available = warehouses.with(|warehouses| on_sale(&product, warehouses)).available();
        view! {
            <a href=links::PRODUCTS>"Products"</a>
            <span aria-hidden="true">" / "</span>
            <code class="sku">{product.sku.to_string()}</code>
            <span class="dot-before">{product.price.to_string()}</span>
            {product.archived.then(|| view! { <ArchivedBadge /> })}
            <LowBadge available=available threshold=product.low_stock_threshold />
        }
    }
}

#[component]
fn Holds(folder: Signal<Folder>, holds: Signal<Vec<ReservationView>>, refresh: Refresh) -> impl IntoView {
    let is_any = Memo::new(move |_| holds.with(|holds| !holds.is_empty()));
    let of = Of::OneProduct(folder.with_untracked(|folder| folder.product.id));
    let has_more = move || folder.with(|folder| folder.more_holds);
    let all = move || {
        let sku = folder.with(|folder| folder.product.sku.to_string());
        links::reservations(&ReservationsAt { sku, ..ReservationsAt::default() })
    };
    view! {
        <section class="section" aria-labelledby="holds-title">
            <div class="section-head">
                <h2 id="holds-title">"Held"</h2>
                <a href=all>{move || if has_more() { "All of them" } else { "Open as a list" }}</a>
            </div>
            <Show when=move || is_any.get() fallback=|| view! { <p class="empty-line">"Nothing of it is held."</p> }>
                <HoldTable items=holds of=of refresh=refresh caption="Holds of this product, the next to end first" />
            </Show>
        </section>
    }
}
