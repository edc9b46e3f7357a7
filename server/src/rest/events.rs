//! `/api/events`: the journal as it grows, as server-sent events.
//!
//! The form is that of the HTML standard, "Server-sent events". Entries are written once for all who read
//! them. A stream ends where its reader would not be let in any more, and after a while in any case: readers
//! come back by themselves, and go on where they were.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use app::ssr::credentials::Transport;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::form::Fields;
use domain::ids::ReservationId;
use domain::journal::Entry;
use domain::order::OrderRef;
use domain::problem::Problem;
use domain::product::ProductRef;
use futures::stream;
use serde::Deserialize;
use store::{Followed, Follower, Following, Identity, Store, Told};
use tokio::time::Instant;
use utoipa::IntoParams;

use super::extract::{Query, checked};
use super::problem::ApiError;
use super::schema::{headers, scalar};
use crate::auth::Pass;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies of the nginx family not to gather what should leave at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// A reader that hears nothing for so long is sent a comment, and one that left is noticed.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);
/// How often it is looked whether a reader would still be let in.
const PASS_INTERVAL: Duration = Duration::from_secs(1);
/// How long a stream lasts at most.
const STREAM_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long a reader waits before it comes back, in milliseconds.
const RETRY_MILLISECONDS: u64 = 1_000;
/// How much is written at once, where much waits.
const WRITE_BYTES: usize = 16 * 1024;
/// How many products, and how many orders, one reader may follow.
const NAMES_MAX: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FollowQuery {
    /// Only what comes after this position; from now on, if it is not said. 0 tells the whole journal.
    #[param(inline, value_type = scalar::Position, required = false)]
    after: Option<String>,
    /// Only entries about this product or moving its stock; it may be given 200 times.
    #[serde(default)]
    #[param(inline, value_type = Vec<scalar::ProductName>, required = false)]
    product: Vec<String>,
    /// Only entries about this order or its reservation; it may be given 200 times. With `product` too, only
    /// those of its entries that are about the product or move its stock.
    #[serde(default)]
    #[param(inline, value_type = Vec<scalar::OrderName>, required = false)]
    order: Vec<String>,
    /// Only entries about this reservation; it may be given 200 times. With `order` too, those about either.
    #[serde(default)]
    #[param(inline, value_type = Vec<scalar::Id>, required = false)]
    reservation: Vec<String>,
}

/// Follows the journal as it grows.
///
/// Server-sent events, in the order of the journal, without gaps and without repeats, whichever server made the
/// change. An event `entry` has an entry of the journal as its data, and the entry's position as its id. An event
/// `resync` tells a reader that was too slow, or was away for too long, that it missed some: what it knows has to be
/// read again, and the stream goes on from there. Comments are sent where nothing happens for 15 seconds.
///
/// A stream ends after a quarter of an hour, when the server stops, and within seconds of its key being revoked or
/// its session being closed. Who comes back with the last id as `Last-Event-ID` misses nothing.
#[utoipa::path(
    get, path = "/api/events", operation_id = "journal_follow", tag = "journal",
    params(FollowQuery, headers::LastEvent),
    responses((
        status = 200, description = "Events, until one of the two ends it.", body = String,
        content_type = "text/event-stream",
    )),
    extensions(("x-problems" = json!(["not_found"]))),
)]
pub(crate) async fn follow(
    State(store): State<Store>,
    Extension(identity): Extension<Identity>,
    Extension(transport): Extension<Transport>,
    headers: HeaderMap,
    Query(query): Query<FollowQuery>,
) -> Result<Response, ApiError> {
    let mut fields = Fields::default();
    // A browser that comes back has the position in the header, and the address that it began with.
    let after = match (headers.get(&LAST_EVENT_ID), query.after) {
        (Some(id), _) if !id.is_empty() => fields.take("Last-Event-ID", position(id.to_str().unwrap_or_default())),
        (_, Some(after)) => fields.take("after", position(&after)),
        (_, None) => None,
    };
    let names = [("product", &query.product), ("order", &query.order), ("reservation", &query.reservation)];
    for (field, names) in names {
        if names.len() > NAMES_MAX {
            fields.refuse(field, "can be given 200 times at most");
        }
    }
    checked(fields.finish(|| Some(())))?;
    let followed = followed(&store, &query.product, &query.order, &query.reservation).await?;
    let pass = Pass::of(&headers, transport, identity);
    let reader = Reader::new(store.journal_follow(followed, after).await?, store, pass);
    let events = stream::unfold(reader, async |mut reader| Some((Ok::<_, Infallible>(reader.next().await?), reader)));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

fn position(text: &str) -> Result<i64, &'static str> {
    let position = text.parse().ok().filter(|position| *position >= 0);
    position.ok_or("must be the position of a journal entry, a whole number")
}

async fn followed(
    store: &Store,
    products: &[String],
    orders: &[String],
    reservations: &[String],
) -> Result<Followed, ApiError> {
    let mut followed = Followed { products: BTreeSet::new(), subjects: BTreeSet::new() };
    for product in products {
        let product = ProductRef::parse(product).ok_or_else(|| Problem::not_found("product"))?;
        followed.products.insert(store.product_fetch(&product).await?.id);
    }
    for order in orders {
        let order = OrderRef::parse(order).ok_or_else(|| Problem::not_found("order"))?;
        followed.subjects.extend(store.order_subjects(&order).await?);
    }
    for reservation in reservations {
        let id: ReservationId = reservation.parse().map_err(|_| Problem::not_found("reservation"))?;
        followed.subjects.insert(store.reservation_fetch(id).await?.reservation.id.as_uuid());
    }
    Ok(followed)
}

/// One reader's stream.
struct Reader {
    follower: Follower,
    begun: bool,
    /// Entries that are not written yet.
    waiting: VecDeque<Arc<Told>>,
    store: Store,
    pass: Pass,
    /// When the pass was last seen to hold.
    held_at: Instant,
    /// When something was last written.
    written_at: Instant,
    ends_at: Instant,
}

impl Reader {
    fn new(follower: Follower, store: Store, pass: Pass) -> Self {
        let (now, waiting) = (Instant::now(), VecDeque::new());
        let ends_at = now + STREAM_LIFE;
        Self { follower, begun: false, waiting, store, pass, held_at: now, written_at: now, ends_at }
    }

    /// What is to be written next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.begun, true) {
            // Nothing has happened yet; but who comes back from here misses nothing.
            let id = self.follower.position();
            return Some(format!("retry: {RETRY_MILLISECONDS}\nid: {id}\n\n").into());
        }
        let written = loop {
            if self.held_at.elapsed() >= PASS_INTERVAL {
                if !self.pass.holds(&self.store).await {
                    return None;
                }
                self.held_at = Instant::now();
            }
            let (heartbeat_at, look_at) = (self.written_at + HEARTBEAT_INTERVAL, self.held_at + PASS_INTERVAL);
            if Instant::now() >= self.ends_at {
                return None;
            } else if !self.waiting.is_empty() {
                break self.entries();
            } else if Instant::now() >= heartbeat_at {
                break Bytes::from_static(b": still here\n\n");
            }
            let following = tokio::select! {
                following = self.follower.next() => following,
                () = tokio::time::sleep_until(look_at.min(heartbeat_at).min(self.ends_at)) => continue,
            };
            match following {
                Following::Entries(entries) => self.waiting = entries.into(),
                Following::Missed { to } => {
                    break format!("event: resync\nid: {to}\ndata: {{\"position\":{to}}}\n\n").into();
                }
                Following::Ended => return None,
            }
        };
        self.written_at = Instant::now();
        Some(written)
    }

    /// Some of the entries that wait. One alone is not copied.
    fn entries(&mut self) -> Bytes {
        let first = self.waiting.pop_front().map(|told| told.rendered(event)).unwrap_or_default();
        if self.waiting.is_empty() {
            return first;
        }
        let mut events = Vec::with_capacity(WRITE_BYTES);
        events.extend_from_slice(&first);
        while events.len() < WRITE_BYTES
            && let Some(told) = self.waiting.pop_front()
        {
            events.extend_from_slice(&told.rendered(event));
        }
        events.into()
    }
}

/// An entry as an event. Its JSON has no line breaks.
fn event(entry: &Entry) -> Bytes {
    let json = serde_json::to_string(entry).unwrap_or_default();
    format!("event: entry\nid: {}\ndata: {json}\n\n", entry.position).into()
}
