//! A client that asks until it knows: what broke off is asked again under its key, on a new connection.

use std::io;
use std::time::{Duration, Instant};

use domain::chaos::Square;
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Progress;
use super::crowd::Run;
use crate::wire::{Connection, Door};

/// How long one answer is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one request is asked again before it counts as unanswered; being told to wait does not count.
const PATIENCE: Duration = Duration::from_secs(90);
/// The first pause before a request is asked again, and the longest.
const PAUSE_MILLISECONDS: (u64, u64) = (2, 500);
/// The longest that a server may ask to wait.
const RETRY_AFTER_SECONDS_MAX: u64 = 30;

/// One client of one door, on a connection that is opened again when it broke.
pub(super) struct Buyer<'a> {
    door: &'a Door,
    progress: &'a Progress,
    stop: &'a CancellationToken,
    connection: Option<Connection>,
}

/// An answer that says what was done.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The server gave it before, under the same key.
    pub(super) replayed: bool,
    /// It had to be asked for more than once, since an answer was lost.
    pub(super) was_lost: bool,
    retry_after_seconds: Option<u64>,
    pub(super) bytes: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The run was told to stop.
    Stopped,
    /// It was asked for again and again; the last thing that happened. Whether it was carried out is
    /// unknown, where an answer was lost.
    GivenUp { why: String, was_lost: bool },
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// The code of a problem.
    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl<'a> Buyer<'a> {
    /// One of the crowd. Buyers are dealt out to the doors in turn.
    pub(super) fn of(run: &'a Run, number: u32) -> Option<Self> {
        let door = run.doors.get(number as usize % run.doors.len().max(1))?;
        Some(Self::new(door, &run.progress, &run.stop))
    }

    pub(super) fn new(door: &'a Door, progress: &'a Progress, stop: &'a CancellationToken) -> Self {
        Self { door, progress, stop, connection: None }
    }

    pub(super) fn door(&self) -> &'a Door {
        self.door
    }

    /// Asks until there is an answer that says what was done. While an answer is lost, the square of the
    /// buyer `number` shows it.
    pub(super) async fn ask(&mut self, request: &[u8], number: Option<u32>) -> Result<Answer, Unanswered> {
        self.ask_after(request, number, false).await
    }

    /// As [`Self::ask`], where an answer to the same request was lost already.
    pub(super) async fn ask_again(&mut self, request: &[u8], number: u32) -> Result<Answer, Unanswered> {
        self.progress.square(number, Square::Asking);
        self.ask_after(request, Some(number), true).await
    }

    async fn ask_after(
        &mut self,
        request: &[u8],
        number: Option<u32>,
        mut was_lost: bool,
    ) -> Result<Answer, Unanswered> {
        let mut began = Instant::now();
        for round in 0_u32.. {
            let (why, pause) = match self.exchange(request).await {
                Ok(answer) => match answer.status {
                    429 | 503 => {
                        was_lost |= answer.code() == "outcome_unknown";
                        // A limit on the rate is kept to; a server that is busy is what the crowd is for.
                        if answer.status == 429 {
                            began = Instant::now();
                        }
                        let asked = answer.retry_after_seconds.filter(|_| answer.status == 429).unwrap_or(0);
                        let pause = pause(round).max(Duration::from_secs(asked.min(RETRY_AFTER_SECONDS_MAX)));
                        (format!("{} {}", answer.status, answer.code()), pause)
                    }
                    _ => return Ok(Answer { was_lost, ..answer }),
                },
                // Nothing was sent where no connection could be had.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => (error.to_string(), pause(round)),
                Err(error) => {
                    was_lost = true;
                    (error.to_string(), pause(round))
                }
            };
            if let (true, Some(number)) = (was_lost, number) {
                self.progress.square(number, Square::Asking);
            }
            if began.elapsed() > PATIENCE {
                return Err(Unanswered::GivenUp { why, was_lost });
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        Err(Unanswered::Stopped)
    }

    /// Sends the request and goes away without waiting: `bytes` of it at most, ended by a reset or in good
    /// order, a moment later.
    pub(super) async fn send_and_leave(&mut self, request: &[u8], leaving: Leaving, after: Duration) -> io::Result<()> {
        let mut connection = match self.connection.take().filter(Connection::is_open) {
            Some(connection) => connection,
            None => Connection::open(self.door.address()).await?,
        };
        connection.send(request).await?;
        tokio::time::sleep(after).await;
        match leaving {
            Leaving::Closes => drop(connection),
            Leaving::Killed => connection.kill(),
        }
        Ok(())
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        // A connection that broke in the middle of an exchange is not used again: it is put back at the end.
        let mut connection = match self.connection.take().filter(Connection::is_open) {
            Some(connection) => connection,
            None => Connection::open(self.door.address()).await?,
        };
        let began = Instant::now();
        let reply = timeout(ANSWER_TIMEOUT, connection.ask(request)).await;
        let reply = reply.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))??;
        self.progress.answered(began.elapsed());
        let answer = Answer {
            status: reply.status,
            replayed: reply.replayed,
            was_lost: false,
            retry_after_seconds: reply.retry_after_seconds,
            bytes: reply.body.to_vec(),
        };
        self.connection = Some(connection);
        Ok(answer)
    }
}

/// How a client goes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaving {
    /// It closes the connection, as a browser does whose tab is closed.
    Closes,
    /// It is gone from one moment to the next.
    Killed,
}

/// A pause that doubles, and differs for two that met.
fn pause(round: u32) -> Duration {
    let (first, longest) = PAUSE_MILLISECONDS;
    let most = (first << round.min(16)).min(longest);
    Duration::from_millis(rand::random_range(most.div_ceil(2)..=most))
}
