//! The body of a request, read within bounds. What is left of one that was refused is thrown away by
//! [`crate::unread`].

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use domain::problem::Problem;
use http_body_util::LengthLimitError;

/// How long a client may take to send its body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The body, if it has no more than `bytes_max` and comes within [`BODY_TIMEOUT`].
///
/// # Errors
/// [`Problem::TooLarge`] with the largest that is taken; [`Problem::Malformed`] for a body that broke off, or
/// did not come in time.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    read_within(BODY_TIMEOUT, body, bytes_max).await
}

async fn read_within(time: Duration, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match tokio::time::timeout(time, to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(match error.into_inner().is::<LengthLimitError>() {
            true => Problem::TooLarge { max_bytes: bytes_max as u64 },
            false => Problem::malformed("The body broke off."),
        }),
        Err(_) => Err(Problem::malformed("The body did not arrive in time.")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures::stream::{self, StreamExt as _};

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    fn in_parts<const N: usize>(parts: [&'static str; N]) -> Body {
        Body::from_stream(stream::iter(parts.map(Ok::<_, io::Error>)))
    }

    #[tokio::test]
    async fn what_fits_is_read_and_nothing_larger() {
        let whole = || Bytes::from("0123456789");
        assert_eq!(read(Body::from(whole()), 10).await, Ok(whole()));
        assert_eq!(read(in_parts(["01234", "56789", ""]), 10).await, Ok(whole()));
        assert_eq!(read(Body::empty(), 10).await, Ok(Bytes::new()));
        for body in [Body::from(whole()), in_parts(["01234", "56789"])] {
            assert_eq!(read(body, 9).await, Err(Problem::TooLarge { max_bytes: 9 }));
        }
    }

    #[tokio::test]
    async fn what_breaks_off_or_never_ends_is_no_body() {
        let first = || stream::iter([Ok("{")]);
        let broken = first().chain(stream::iter([Err(io::ErrorKind::ConnectionReset.into())]));
        let endless = first().chain(stream::pending::<io::Result<&str>>());
        for body in [Body::from_stream(broken), Body::from_stream(endless)] {
            let refused = read_within(SOON, body, 10).await;
            assert!(matches!(refused, Err(Problem::Malformed { .. })), "{refused:?}");
        }
    }
}
