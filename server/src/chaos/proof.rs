//! What the server says when all is over: the stock, the journal, and what is still held.

use std::time::Duration;

use domain::chaos::{Evidence, Ledger};
use domain::journal::Entry;
use domain::page::Page;
use domain::product::ProductView;
use domain::reservation::ReservationView;
use domain::sku::Sku;
use domain::stock::StockLevel;
use serde::de::DeserializeOwned;

use super::ChaosError;
use super::buyer::{Buyer, Unanswered};
use super::crowd::Run;

/// Another server may show stock as it was a moment ago: a proof that fails is looked at again, so often.
const LOOKS_MAX: u32 = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Everything that the verdict is made of.
///
/// # Errors
/// What kept it from being read.
pub(super) async fn evidence(run: &Run) -> Result<Evidence, ChaosError> {
    let mut evidence = look(run).await?;
    for _ in 1..LOOKS_MAX {
        if evidence.clone().verdict().passes() {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        evidence = look(run).await?;
    }
    Ok(evidence)
}

async fn look(run: &Run) -> Result<Evidence, ChaosError> {
    let mut reader = Buyer::of(run, 0).ok_or(ChaosError::NoServer)?;
    let sku = &run.scratch.sku;
    let level = level_by(&mut reader, sku).await?;
    let held = format!("/api/reservations?status=held&sku={sku}&limit=200");
    let held: Page<ReservationView> = read(&mut reader, "the list of holds", &held).await?;
    let mut ledger = Ledger::default();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/audit?sku={sku}&limit=200{cursor}");
        let page: Page<Entry> = read(&mut reader, "the journal", &path).await?;
        ledger.add(&page.items);
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let story = run.story().clone();
    Ok(Evidence {
        plan: run.plan,
        counts: run.progress.counts().1,
        orders: story.orders.len() as u64,
        lost: story.lost,
        twins: story.twins,
        level,
        ledger,
        still_held: held.items.len() as u64,
    })
}

/// What the product says of its stock, all warehouses together.
///
/// # Errors
/// What kept it from being read.
pub(super) async fn level(run: &Run) -> Result<StockLevel, ChaosError> {
    let mut reader = Buyer::of(run, 0).ok_or(ChaosError::NoServer)?;
    level_by(&mut reader, &run.scratch.sku).await
}

/// As [`level`], by a reader who is there already.
pub(super) async fn level_by(reader: &mut Buyer<'_>, sku: &Sku) -> Result<StockLevel, ChaosError> {
    let product: ProductView = read(reader, "the product", &format!("/api/products/{sku}")).await?;
    Ok(product.total())
}

async fn read<T: DeserializeOwned>(reader: &mut Buyer<'_>, what: &'static str, path: &str) -> Result<T, ChaosError> {
    let request = reader.door().get(path);
    match reader.ask(&request, None).await? {
        answer if answer.status == 200 => Ok(serde_json::from_slice(&answer.bytes)?),
        answer => Err(ChaosError::refused(what, &answer)),
    }
}

impl From<Unanswered> for ChaosError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Stopped => Self::Stopped,
            Unanswered::GivenUp { why, .. } => Self::Unreachable { why },
        }
    }
}
