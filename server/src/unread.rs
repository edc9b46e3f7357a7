//! An answer is given once all of the request is there. Where a connection is closed on a client that is still
//! sending, the client sees a broken connection and not the answer: why it was refused, or whether it was at all.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::body::BODY_TIMEOUT;

/// How much is read and thrown away of a body that nobody wants.
const THROWN_AWAY_BYTES_MAX: usize = 64 << 20;

/// A body that is handed back by whoever did not read it to its end.
struct Lent {
    /// There until it is handed back.
    body: Body,
    /// The client sends it whether or not anybody reads: it did not ask first, or was told to go on.
    is_coming: bool,
    back: Option<oneshot::Sender<Body>>,
}

/// Reads what is left of the body before the answer goes out: as long as a body may take altogether, and nothing
/// where the client says that it is larger than what is ever thrown away.
pub(crate) async fn throw_away(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let until = Instant::now() + BODY_TIMEOUT;
    let is_coming = !request.headers().contains_key(EXPECT);
    let (back, mut left) = oneshot::channel();
    let request = request.map(|body| Body::new(Lent { body, is_coming, back: Some(back) }));
    let response = next.run(request).await;
    if let Ok(body) = left.try_recv()
        && body.size_hint().lower() <= THROWN_AWAY_BYTES_MAX as u64
    {
        // The answer stands, whatever becomes of the rest.
        let _ = timeout_at(until, drained(Limited::new(body, THROWN_AWAY_BYTES_MAX))).await;
    }
    response
}

async fn drained(mut body: Limited<Body>) -> Result<(), BoxError> {
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_coming = true;
        Pin::new(&mut self.body).poll_frame(cx)
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
        if !self.is_coming || self.body.is_end_stream() {
            return;
        }
        if let Some(back) = self.back.take() {
            // Whoever waited for it may be gone, with the connection.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}
