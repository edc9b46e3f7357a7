//! One connection, kept alive from request to request.

use std::io;
use std::ops::Range;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Address;

/// The largest answer that is read: a page of two hundred journal entries fits many times over.
const ANSWER_BYTES_MAX: usize = 16 << 20;
const HEADERS_MAX: usize = 64;

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read, from the beginning of the present answer on.
    read: Vec<u8>,
    /// The server said that it closes the connection after this answer.
    is_last: bool,
}

/// An answer, in the connection's own buffer.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    /// It was given before, under the same key.
    pub(crate) replayed: bool,
    /// How many seconds the server asks to wait.
    pub(crate) retry_after_seconds: Option<u64>,
    pub(crate) body: &'a [u8],
}

/// The head of an answer, read.
struct Head {
    status: u16,
    replayed: bool,
    retry_after_seconds: Option<u64>,
    closes: bool,
    head_bytes: usize,
    length: Length,
}

/// How the end of a body is known.
#[derive(Clone, Copy)]
enum Length {
    Bytes(usize),
    Chunked,
}

impl Connection {
    pub(crate) async fn open(address: &Address) -> io::Result<Self> {
        let stream = TcpStream::connect(address.authority()).await?;
        // A request is one write: there is nothing to wait for.
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4_096), is_last: false })
    }

    /// Whether another request may follow.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_last
    }

    /// Sends a request and reads its answer to the end.
    ///
    /// # Errors
    /// What broke the connection, or that what came is no HTTP. It may then not be used again, and whether
    /// the request was carried out is unknown.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.send(request).await?;
        self.receive().await
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await
    }

    pub(crate) async fn receive(&mut self) -> io::Result<Reply<'_>> {
        self.read.clear();
        let head = loop {
            if let Some(head) = head(&self.read)? {
                break head;
            }
            self.more().await?;
        };
        let Head { status, replayed, retry_after_seconds, closes, head_bytes, length } = head;
        self.is_last = closes;
        let body = match length {
            Length::Bytes(bytes) => {
                if bytes > ANSWER_BYTES_MAX {
                    return Err(broken("the answer is too large"));
                }
                let end = head_bytes + bytes;
                while self.read.len() < end {
                    self.more().await?;
                }
                head_bytes..end
            }
            Length::Chunked => self.chunks(head_bytes).await?,
        };
        let body = self.read.get(body).unwrap_or_default();
        Ok(Reply { status, replayed, retry_after_seconds, body })
    }

    /// Ends the connection with a reset, as a machine that is switched off does.
    pub(crate) fn kill(self) {
        // Where it fails the connection is closed in the ordinary way, which is rude enough.
        let _ = self.stream.set_zero_linger();
    }

    /// Puts the chunks of a body together, in place, and tells where it lies.
    async fn chunks(&mut self, start: usize) -> io::Result<Range<usize>> {
        let (mut at, mut end) = (start, start);
        loop {
            let rest = self.read.get(at..).unwrap_or_default();
            match httparse::parse_chunk_size(rest).map_err(|_| broken("a chunk without a size"))? {
                httparse::Status::Complete((head_bytes, size)) => {
                    let bytes = usize::try_from(size).unwrap_or(usize::MAX);
                    if bytes > ANSWER_BYTES_MAX - (end - start) {
                        return Err(broken("the answer is too large"));
                    }
                    // Two more for the end of its line.
                    let data = at + head_bytes;
                    while self.read.len() < data + bytes + 2 {
                        self.more().await?;
                    }
                    if bytes == 0 {
                        return Ok(start..end);
                    }
                    self.read.copy_within(data..data + bytes, end);
                    end += bytes;
                    at = data + bytes + 2;
                }
                httparse::Status::Partial => self.more().await?,
            }
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The head, once all of it is there.
fn head(read: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let head_bytes = match response.parse(read).map_err(|_| broken("the answer is no HTTP"))? {
        httparse::Status::Complete(bytes) => bytes,
        httparse::Status::Partial => return Ok(None),
    };
    let status = response.code.unwrap_or_default();
    // What has no body does not say its length.
    let bare = matches!(status, 204 | 304).then_some(Length::Bytes(0));
    let (mut length, mut replayed, mut retry_after_seconds, mut closes) = (bare, false, None, false);
    for header in response.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        if header.name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok().map(Length::Bytes);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            length = value.eq_ignore_ascii_case("chunked").then_some(Length::Chunked);
        } else if header.name.eq_ignore_ascii_case("idempotency-replayed") {
            replayed = value == "true";
        } else if header.name.eq_ignore_ascii_case("retry-after") {
            retry_after_seconds = value.parse().ok();
        } else if header.name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let length = length.ok_or_else(|| broken("the answer does not say how long it is"))?;
    Ok(Some(Head { status, replayed, retry_after_seconds, closes, head_bytes, length }))
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    /// Answers one connection with these pieces, a moment apart.
    async fn answering(pieces: &'static [&'static str]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Connection::open(&address).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_read_however_it_is_cut() {
        let mut connection = answering(&[
            "HTTP/1.1 201 Created\r\nContent-Le",
            "ngth: 5\r\nIdempotency-Replayed: true\r\n\r\nhe",
            "llo",
        ])
        .await;
        let reply = connection.receive().await.unwrap();
        assert_eq!((reply.status, reply.replayed, reply.body), (201, true, &b"hello"[..]));
        assert!(connection.is_open());
    }

    #[tokio::test]
    async fn chunks_are_put_together() {
        let mut connection = answering(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n",
            "A\r\n0123",
            "456789\r\n0\r\n\r\n",
        ])
        .await;
        assert_eq!(connection.receive().await.unwrap().body, b"abc0123456789");
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn what_breaks_off_is_an_error() {
        let cases: [&[&str]; 4] = [
            &["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe"],
            &["HTTP/1.1 200 OK\r\n\r\n"],
            &["SSH-2.0-OpenSSH\r\n\r\n"],
            &[],
        ];
        for pieces in cases {
            assert!(answering(pieces).await.receive().await.is_err(), "{pieces:?}");
        }
    }
}
