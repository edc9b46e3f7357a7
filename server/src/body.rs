//! The body of a request, read within bounds. What is left of one that was refused is thrown away by
//! [`crate::unread`].

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use domain::problem::Problem;
use http_body_util::BodyExt as _;

/// How long a client may take to send its body.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The body, if it has no more than `bytes_max` and comes within [`BODY_TIMEOUT`]. One that is said to be larger
/// is not begun with.
///
/// # Errors
/// [`Problem::TooLarge`] with the largest that is taken; [`Problem::Malformed`] for a body that broke off, or
/// did not come in time.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    read_within(BODY_TIMEOUT, body, bytes_max).await
}

async fn read_within(time: Duration, body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match tokio::time::timeout(time, whole(body, bytes_max)).await {
        Ok(result) => result,
        Err(_) => Err(Problem::malformed("The body did not arrive in time.")),
    }
}

async fn whole(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_large = Problem::TooLarge { max_bytes: bytes_max as u64 };
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("The body broke off."))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Err(too_large);
        }
        if bytes.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        // Copied: a part that is kept, however small, keeps all of the buffer that it was read into.
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
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
        let all = || Bytes::from("0123456789");
        assert_eq!(read(Body::from(all()), 10).await, Ok(all()));
        assert_eq!(read(in_parts(["01234", "56789", ""]), 10).await, Ok(all()));
        assert_eq!(read(Body::empty(), 10).await, Ok(Bytes::new()));
        for body in [Body::from(all()), in_parts(["01234", "56789"])] {
            assert_eq!(read(body, 9).await, Err(Problem::TooLarge { max_bytes: 9 }));
        }
    }

    #[tokio::test]
    async fn of_a_part_no_buffer_is_kept() {
        let parts = [Bytes::from(vec![b'x'; 1_000]), Bytes::from(vec![b'y'; 1_000])];
        let sent = parts.clone().map(|part| Ok::<_, io::Error>(part.slice(..5)));
        let read = read(Body::from_stream(stream::iter(sent)), 10).await;
        assert_eq!(read, Ok(Bytes::from("xxxxxyyyyy")));
        assert!(parts.iter().all(Bytes::is_unique), "a buffer of 1,000 bytes is kept for 5");
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
