//! Where stock lies: the warehouses in the order in which they are drawn on, and a new one.

use domain::account::Role;
use domain::form::{FieldErrors, WarehouseForm};
use domain::page::Page;
use domain::quantity::grouped;
use domain::stats::Stats;
use domain::stock::StockLevel;
use domain::warehouse::Warehouse;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::account::Account;
use crate::api::stats::stats_fetch;
use crate::api::warehouses::{WarehouseCreate, warehouse_list};
use crate::error::ApiError;
use crate::links;
use crate::parts::badge::{AccountBadge, Standing};
use crate::parts::field::{Kind, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::frame::PageHead;
use crate::parts::loaded::Loaded;
use crate::parts::moment::Moment;
use crate::parts::page_key::PageKey;
use crate::parts::pager::Pager;
use crate::parts::stock_bar::StockBar;
use crate::parts::submit::{FormShell, Submit};
use crate::parts::toast::Toasts;
use crate::query::Query;
use crate::refresh::Refresh;

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Folder {
    page: Page<Warehouse>,
    /// Read in the background; none in the first moments of a server.
    stats: Option<Stats>,
}

async fn folder(cursor: Option<String>) -> Result<Folder, ApiError> {
    let (page, stats) = futures::join!(warehouse_list(cursor, None), stats_fetch());
    Ok(Folder { page: page?, stats: stats? })
}

/// The page.
#[component]
pub(crate) fn Warehouses() -> impl IntoView {
    PageKey::provide();
    let search = use_location().search;
    let cursor = Memo::new(move |_| search.with(|search| Query::parse(search).get("cursor")));
    let refresh = Refresh::new();
    let data = Resource::new(move || (cursor.get(), refresh.count()), |(cursor, _)| folder(cursor));
    view! {
        <PageHead
            title="Warehouses"
            line=|| "Where stock lies. By priority, units are reserved from the first that has some."
        />
        <Loaded data=data rows=4 let:folder>
            <Body folder=folder refresh=refresh />
        </Loaded>
    }
}

/// A warehouse with what lies in it, where that is known yet.
type Counted = (Warehouse, Option<StockLevel>);

#[component]
fn Body(folder: Signal<Folder>, refresh: Refresh) -> impl IntoView {
    let lead = move |cursor: fn(&Page<Warehouse>) -> Option<String>| {
        Signal::derive(move || folder.with(|folder| cursor(&folder.page).map(|cursor| links::warehouses(&cursor))))
    };
    let rows = Signal::derive(move || folder.with(counted));
    let counted_at = Memo::new(move |_| folder.with(|folder| folder.stats.as_ref().map(|stats| stats.as_of)));
    view! {
        <Table rows=rows />
        <Pager prev=lead(|page| page.prev.clone()) next=lead(|page| page.next.clone()) />
        <p class="table-note muted">
            {move || {
                counted_at
                    .get()
                    .map(|at| view! { "Units over all products, as counted at " <Moment at=Signal::stored(at) /> })
            }}
        </p>
        {Account::may(Role::Admin).then(|| view! { <NewWarehouse refresh=refresh /> })}
    }
}

fn counted(folder: &Folder) -> Vec<Counted> {
    let level = |warehouse: &Warehouse| {
        // What never had stock is not among those that were counted.
        folder.stats.as_ref().map(|stats| stats.warehouses.get(&warehouse.code).copied().unwrap_or_default())
    };
    folder.page.items.iter().map(|warehouse| (warehouse.clone(), level(warehouse))).collect()
}

#[component]
fn Table(rows: Signal<Vec<Counted>>) -> impl IntoView {
    let key = |(warehouse, level): &Counted| {
        let level = level.map(|level| (level.on_hand, level.reserved));
        (warehouse.code.clone(), warehouse.name.clone(), warehouse.priority, warehouse.active, level)
    };
    view! {
        <div class="table-frame">
            <table class="table warehouses-table">
                <caption class="unseen">"Warehouses, in the order in which they are drawn on"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="number" aria-sort="ascending">
                            "Priority"
                        </th>
                        <th scope="col">"Code"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Stock"</th>
                        <th scope="col" class="number">"On hand"</th>
                        <th scope="col" class="number">"Held"</th>
                        <th scope="col" class="number">"Available"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || rows.get() key=key let:row>
                        <Row warehouse=row.0 level=row.1 />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(warehouse: Warehouse, level: Option<StockLevel>) -> impl IntoView {
    let standing = if warehouse.active { Standing::Valid("Active") } else { Standing::Over("Not active") };
    let count = |units: Option<i64>| units.map_or_else(|| "–".to_owned(), grouped);
    // What can't be reserved is not available, though it is on hand.
    let available = level.map(|level| if warehouse.active { level.available() } else { 0 });
    view! {
        <tr>
            <td class="number" data-label="Priority">
                {grouped(warehouse.priority.into())}
            </td>
            <td class="row-title">
                <a class="sku" href=links::warehouse(&warehouse.code) data-row="">
                    {warehouse.code.to_string()}
                </a>
            </td>
            <td class="row-name">{warehouse.name.to_string()}</td>
            <td data-label="Status">
                <AccountBadge standing=standing />
            </td>
            <td class="bar" data-label="Stock">
                <StockBar level=Signal::stored(level.unwrap_or_default()) threshold=Signal::stored(None) />
            </td>
            <td class="number" data-label="On hand">
                {count(level.map(|level| level.on_hand))}
            </td>
            <td class="number" data-label="Held">
                {count(level.map(|level| level.reserved))}
            </td>
            <td class="number available" data-label="Available">
                {count(available)}
            </td>
        </tr>
    }
}

#[component]
fn NewWarehouse(refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<WarehouseCreate>::new();
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "warehouse",
        about: Vec::new(),
        fields: vec![("code", String::new()), ("name", String::new()), ("priority", String::new())],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |warehouse: &Warehouse| {
        toasts.say(format!("Created: {}.", warehouse.code));
        refresh.now();
    });
    view! {
        <details class="section card edit" open=form.is_returned()>
            <summary>
                <h2>"New warehouse"</h2>
            </summary>
            <FormShell action=action form=form hidden=Vec::new() key="warehouse".to_owned()>
                <div class="field-row">
                    <TextField
                        form=form
                        name="code"
                        label="Code"
                        hint=|| "1 to 16 characters, such as BER. It never changes."
                    />
                    <TextField
                        form=form
                        name="priority"
                        label="Priority"
                        kind=Kind::Whole
                        hint=|| "1 is drawn on before 2."
                    />
                </div>
                <TextField form=form name="name" label="Name" />
                <div class="form-actions">
                    <Submit form=form label="Create warehouse" />
                </div>
            </FormShell>
        </details>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = WarehouseForm { code: value("code"), name: value("name"), priority: value("priority") };
    form.parse().err().unwrap_or_default()
}
