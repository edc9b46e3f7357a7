//! A connection that is closed on a client that is still sending shows it a broken connection, and not the answer:
//! why it was refused, or whether it was at all. So what nobody read of a body is read before the answer goes, and
//! thrown away.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::body::BODY_TIMEOUT;

/// How much is thrown away of one body. Whoever sends more may see a broken connection.
const THROWN_AWAY_BYTES_MAX: usize = 16 << 20;

/// What comes back of the body of a request, if it was not read to its end.
pub(crate) struct Unread {
    rest: oneshot::Receiver<Body>,
    /// When all of a body has to be there.
    until: Instant,
}

/// A body that is handed back by whoever did not read it to its end.
struct Lent {
    body: Body,
    state: State,
    back: Option<oneshot::Sender<Body>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The client asked whether it should send, and was not told to.
    Asking,
    Coming,
    Ended,
}

impl Unread {
    /// Lends the body of a request to those who answer it; `None` where it has none.
    pub(crate) fn lend(request: Request) -> (Request, Option<Self>) {
        if request.body().is_end_stream() {
            return (request, None);
        }
        let state = if asks_first(&request) { State::Asking } else { State::Coming };
        let (back, rest) = oneshot::channel();
        let request = request.map(|body| Body::new(Lent { body, state, back: Some(back) }));
        (request, Some(Self { rest, until: Instant::now() + BODY_TIMEOUT }))
    }

    /// Reads what was handed back, for as long as a body may take altogether. What is said to be too much for
    /// that is not begun with.
    pub(crate) async fn throw_away(mut self) {
        let Ok(rest) = self.rest.try_recv() else { return };
        if rest.size_hint().lower() > THROWN_AWAY_BYTES_MAX as u64 {
            return;
        }
        let mut rest = Limited::new(rest, THROWN_AWAY_BYTES_MAX);
        let to_its_end = async { while let Some(Ok(_)) = rest.frame().await {} };
        // The answer stands, whatever becomes of the rest.
        let _ = timeout_at(self.until, to_its_end).await;
    }
}

/// As hyper understands it, which tells the client to go on once somebody reads.
fn asks_first(request: &Request) -> bool {
    let asks = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    request.version() > Version::HTTP_10 && request.headers().get(header::EXPECT).is_some_and(asks)
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.state == State::Asking {
            self.state = State::Coming;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.state = State::Ended;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.state != State::Coming || self.body.is_end_stream() {
            return;
        }
        if let Some(back) = self.back.take() {
            // Where the connection is gone nobody waits for it.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::stream::{self, StreamExt as _};

    use super::*;

    /// A body without end in parts of 1 MiB, and how many of them were read.
    fn without_end() -> (Body, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&read);
        let part = Bytes::from(vec![b'x'; 1 << 20]);
        let parts = stream::repeat_with(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, io::Error>(part.clone())
        });
        (Body::from_stream(parts), read)
    }

    #[tokio::test]
    async fn what_was_not_read_is_read_within_bounds() {
        let (body, read) = without_end();
        let (request, unread) = Unread::lend(Request::new(body));
        drop(request);
        unread.unwrap().throw_away().await;
        assert_eq!(read.load(Ordering::Relaxed), (THROWN_AWAY_BYTES_MAX >> 20) + 1);
    }

    #[tokio::test]
    async fn what_does_not_come_is_waited_for_until_a_body_has_to_be_there() {
        let body = stream::iter([Ok("{")]).chain(stream::pending::<io::Result<&str>>());
        let (request, unread) = Unread::lend(Request::new(Body::from_stream(body)));
        drop(request);
        let unread = Unread { until: Instant::now() + Duration::from_millis(20), ..unread.unwrap() };
        tokio::time::timeout(Duration::from_secs(5), unread.throw_away()).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_asked_first_is_waited_for_once_told_to_go_on() {
        for (begins, parts_read) in [(false, 0), (true, (THROWN_AWAY_BYTES_MAX >> 20) + 2)] {
            let (body, read) = without_end();
            let request = Request::builder().header("expect", "100-Continue").body(body).unwrap();
            let (mut request, unread) = Unread::lend(request);
            if begins {
                request.body_mut().frame().await.unwrap().unwrap();
            }
            drop(request);
            unread.unwrap().throw_away().await;
            assert_eq!(read.load(Ordering::Relaxed), parts_read, "begun with: {begins}");
        }
    }

    #[tokio::test]
    async fn what_was_read_to_its_end_does_not_come_back() {
        let parts = Body::from_stream(stream::iter([Ok::<_, io::Error>("{"), Ok("}")]));
        for body in [Body::from("{}"), parts] {
            let (request, unread) = Unread::lend(Request::new(body));
            assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), "{}");
            assert!(unread.unwrap().rest.try_recv().is_err());
        }
        assert!(Unread::lend(Request::new(Body::empty())).1.is_none());
    }
}
