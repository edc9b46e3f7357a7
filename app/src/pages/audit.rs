//! The audit log: everything that ever happened, filtered, page by page, each entry with what it changed.

use domain::form::FieldErrors;
use domain::journal::{Action, NamedEntry, Subject};
use domain::page::Page;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use strum::VariantArray as _;

use crate::api::journal::journal_list;
use crate::error::ApiError;
use crate::forms::AuditForm;
use crate::links::{self, AuditAt};
use crate::parts::filter::{Chip, Chips, FilterField, FilterForm, FilterPlan, FilterSelect, FilterState, Takes};
use crate::parts::frame::PageHead;
use crate::parts::loaded::Loaded;
use crate::parts::pager::Pager;
use crate::parts::timeline::Timeline;
use crate::query::Query;
use crate::refresh::Refresh;
use crate::words::capital;

const PLAN: FilterPlan = FilterPlan { names: &["kind", "id", "actor", "action", "sku", "from", "to"], check, address };

fn check(query: &Query) -> FieldErrors {
    AuditForm::read(query).parse().err().unwrap_or_default()
}

fn address(query: &Query) -> String {
    links::audit(&AuditAt { form: AuditForm::read(query), cursor: String::new() })
}

/// What the page shows: nothing, where the address asks for what can't be.
type Listing = Option<Page<NamedEntry>>;

async fn listing(at: AuditAt) -> Result<Listing, ApiError> {
    if at.form.parse().is_err() {
        return Ok(None);
    }
    let AuditForm { kind, id, actor, action, sku, from, to } = at.form;
    let given = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let subject = given(kind).map(|kind| format!("{kind}:{}", id.trim()));
    let page =
        journal_list(subject, given(sku), given(actor), given(action), given(from), given(to), given(at.cursor), None);
    Ok(Some(page.await?))
}

/// The page.
#[component]
pub(crate) fn Audit() -> impl IntoView {
    let search = use_location().search;
    let at = Memo::new(move |_| search.with(|search| AuditAt::read(&Query::parse(search))));
    let refresh = Refresh::new();
    let data = Resource::new(move || (at.get(), refresh.count()), |(at, _)| listing(at));
    let chips = Signal::derive(move || at.with(|at| chips(&at.form)));
    view! {
        <PageHead title="Audit log" line=|| "Everything that was ever done, the latest first." />
        <AuditFilter />
        <Chips chips=chips all=Signal::stored(links::AUDIT.to_owned()) />
        <Loaded data=data rows=14 let:listing>
            <List at=at listing=listing />
        </Loaded>
    }
}

#[component]
fn AuditFilter() -> impl IntoView {
    let filter = FilterState::new(PLAN);
    let kinds = Subject::KINDS.map(|kind| (kind, kind_in_words(kind))).to_vec();
    let actions = Action::VARIANTS.iter().map(|action| (action.as_str(), capital(action.words()))).collect();
    view! {
        <FilterForm filter=filter path=links::AUDIT label="Filter the audit log">
            <div class="filter-fields">
                <FilterSelect filter=filter name="kind" label="About" options=kinds />
                <FilterField filter=filter name="id" label="Which" placeholder="SKU, number, code or id" />
                <FilterSelect filter=filter name="action" label="Action" options=actions />
                <FilterField filter=filter name="sku" label="SKU" takes=Takes::Search hint="Its stock included." />
                <FilterField filter=filter name="actor" label="Who" list="actors" placeholder="local, system:expiry" />
                <FilterField filter=filter name="from" label="From" takes=Takes::Day hint="Included, by UTC." />
                <FilterField filter=filter name="to" label="To" takes=Takes::Day hint="Not included." />
                <button class="button main">"Filter"</button>
            </div>
            <datalist id="actors">
                <option value="local">"Whoever sits at the machine"</option>
                <option value="system:expiry">"What ends by itself"</option>
                <option value="system:import">"What was imported"</option>
            </datalist>
        </FilterForm>
    }
}

fn kind_in_words(kind: &str) -> String {
    if kind == "key" { "API key".to_owned() } else { capital(kind) }
}

fn chips(form: &AuditForm) -> Vec<Chip> {
    let chip = |name: &'static str, value: String, clear: fn(&mut AuditForm)| {
        (!value.is_empty()).then(|| {
            let mut without = form.clone();
            clear(&mut without);
            Chip { name, value, without: links::audit(&AuditAt { form: without, cursor: String::new() }) }
        })
    };
    let about = format!("{} {}", form.kind, form.id).trim().to_owned();
    let action = form.action.parse::<Action>().map_or_else(|_| form.action.clone(), |action| action.words().to_owned());
    let chips = [
        chip("About", about, |form| {
            form.kind.clear();
            form.id.clear();
        }),
        chip("Action", action, |form| form.action.clear()),
        chip("SKU", form.sku.clone(), |form| form.sku.clear()),
        chip("Who", form.actor.clone(), |form| form.actor.clear()),
        chip("From", form.from.clone(), |form| form.from.clear()),
        chip("To", form.to.clone(), |form| form.to.clear()),
    ];
    chips.into_iter().flatten().collect()
}

#[component]
fn List(at: Memo<AuditAt>, listing: Signal<Listing>) -> impl IntoView {
    let entries = Signal::derive(move || {
        listing.with(|listing| listing.as_ref().map(|page| page.items.clone()).unwrap_or_default())
    });
    let is_any = Memo::new(move |_| entries.with(|entries| !entries.is_empty()));
    let lead = move |cursor: fn(&Page<NamedEntry>) -> &Option<String>| {
        Signal::derive(move || {
            let cursor = listing.with(|listing| listing.as_ref().and_then(|page| cursor(page).clone()))?;
            Some(links::audit(&AuditAt { cursor, ..at.get() }))
        })
    };
    view! {
        <Show when=move || is_any.get() fallback=move || view! { <Nothing listing=listing /> }>
            <Timeline entries=entries label="Journal entries" />
        </Show>
        <Pager prev=lead(|page| &page.prev) next=lead(|page| &page.next) words=("Newer", "Older") />
    }
}

#[component]
fn Nothing(listing: Signal<Listing>) -> impl IntoView {
    let is_refused = Memo::new(move |_| listing.with(Option::is_none));
    let title = move || if is_refused.get() { "This filter can't be read" } else { "Nothing matches" };
    let words = move || match is_refused.get() {
        true => "What is wrong is said at its field above.",
        false => "No entry of the journal is as the filter wants it.",
    };
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{words}</p>
            <p class="empty-ways">
                <a class="button" href=links::AUDIT>"Show everything"</a>
            </p>
        </div>
    }
}
