//! The browser's end of a stream of events.

use domain::ids::{OrderId, ProductId, ReservationId};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource};

use crate::query::to_query;

/// What a page listens to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Topic {
    Everything,
    /// Products and their stock: those on the page.
    Products(Vec<ProductId>),
    Reservation(ReservationId),
    /// An order and its reservation.
    Order(OrderId),
}

/// What is heard on a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    Opened,
    /// Something was told, or missed.
    Changed,
    /// It broke off, and the browser tries again by itself.
    Failed,
    /// It was refused, and the browser does not try again.
    Refused,
}

/// An open stream. It is closed when it is dropped.
pub(super) struct Stream {
    source: EventSource,
    /// Kept for as long as the browser may call them.
    _hear: [Closure<dyn FnMut(Event)>; 3],
}

impl Topic {
    fn address(&self) -> String {
        let (name, ids): (&str, Vec<String>) = match self {
            Self::Everything => ("", Vec::new()),
            Self::Products(ids) => ("product", ids.iter().map(ToString::to_string).collect()),
            Self::Reservation(id) => ("reservation", vec![id.to_string()]),
            Self::Order(id) => ("order", vec![id.to_string()]),
        };
        let pairs: Vec<(&str, &str)> = ids.iter().map(|id| (name, id.as_str())).collect();
        format!("/api/events{}", to_query(&pairs))
    }
}

impl Stream {
    /// Asks for it. `None` in a browser that can't.
    pub(super) fn open(topic: &Topic, hear: impl Fn(Heard) + Copy + 'static) -> Option<Self> {
        let source = EventSource::new(&topic.address()).ok()?;
        let opened = Closure::new(move |_: Event| hear(Heard::Opened));
        let changed = Closure::new(move |_: Event| hear(Heard::Changed));
        let asked = source.clone();
        let failed = Closure::new(move |_: Event| {
            let is_over = asked.ready_state() == EventSource::CLOSED;
            hear(if is_over { Heard::Refused } else { Heard::Failed });
        });
        let listen = |name: &str, closure: &Closure<dyn FnMut(Event)>| {
            // It fails for what is no function.
            let _ = source.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        };
        listen("open", &opened);
        listen("entry", &changed);
        listen("resync", &changed);
        listen("error", &failed);
        Some(Self { source, _hear: [opened, changed, failed] })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Nothing is heard of it from here on.
        self.source.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_for_what_it_shows() {
        let id = ProductId::from_uuid("019a0000-0000-7000-8000-000000000001".parse().unwrap());
        assert_eq!(Topic::Everything.address(), "/api/events");
        let two = Topic::Products(vec![id, id]).address();
        assert_eq!(two, format!("/api/events?product={id}&product={id}"));
    }
}
