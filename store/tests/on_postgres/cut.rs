//! A way to the database that can be cut at the worst moment: when a commit is done, and before its answer
//! is heard.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// Passes on what is said, until it cuts.
pub(crate) struct Cutter {
    folder: PathBuf,
    plan: Arc<Plan>,
    serving: tokio::task::JoinHandle<()>,
}

/// What is to be cut, and what was.
#[derive(Default)]
struct Plan {
    cuts: AtomicUsize,
    done: AtomicUsize,
    for_good: AtomicBool,
}

impl Cutter {
    /// Stands between the store and the database of the pool.
    pub(crate) async fn start(pool: &PgPool) -> Self {
        let options = pool.connect_options();
        let socket = options.get_socket().expect("the tests reach Postgres through a socket").to_owned();
        let server = socket.join(format!(".s.PGSQL.{}", options.get_port()));
        let folder = std::env::temp_dir().join(format!("cut-{}", store::ids::request_id()));
        std::fs::create_dir(&folder).unwrap();
        let listener = UnixListener::bind(folder.join(format!(".s.PGSQL.{}", options.get_port()))).unwrap();
        let plan = Arc::new(Plan::default());
        let serving = tokio::spawn({
            let plan = plan.clone();
            async move {
                let mut passing = JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    if plan.is_over() {
                        continue;
                    }
                    let server = UnixStream::connect(&server).await.unwrap();
                    passing.spawn(pass(client, server, plan.clone()));
                }
            }
        });
        Self { folder, plan, serving }
    }

    /// The way through here.
    pub(crate) fn options(&self, pool: &PgPool) -> PgConnectOptions {
        (*pool.connect_options()).clone().socket(&self.folder)
    }

    /// Cuts the next so many commits off from their answers.
    pub(crate) fn cut(&self, commits: usize) {
        self.plan.cuts.store(commits, Ordering::SeqCst);
    }

    /// Cuts the next commit off from its answer, and lets nobody through from then on.
    pub(crate) fn cut_for_good(&self) {
        self.plan.for_good.store(true, Ordering::SeqCst);
        self.cut(1);
    }

    /// How often it has cut.
    pub(crate) fn done(&self) -> usize {
        self.plan.done.load(Ordering::SeqCst)
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Plan {
    fn is_over(&self) -> bool {
        self.for_good.load(Ordering::SeqCst) && self.done.load(Ordering::SeqCst) > 0
    }

    /// Whether a commit is to be cut off now.
    fn take(&self) -> bool {
        let take = |cuts: usize| cuts.checked_sub(1);
        let taken = self.cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
        if taken {
            self.done.fetch_add(1, Ordering::SeqCst);
        }
        taken
    }
}

async fn pass(client: UnixStream, server: UnixStream, plan: Arc<Plan>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await.map(drop) });
    let mut buffer = vec![0; 1 << 16];
    let mut begun = false;
    loop {
        let read = tokio::select! {
            read = from_client.read(&mut buffer) => read.unwrap_or(0),
            _ = &mut back => 0,
        };
        let said = &buffer[..read];
        let is_cut = commits(said, begun) && plan.take();
        if let Some(command) = command(said) {
            begun = command.starts_with(b"BEGIN") || command.ends_with(b"AND CHAIN\0");
        }
        if is_cut {
            // From here on nothing is heard; the commit itself arrives.
            back.abort();
        }
        if read == 0 || to_server.write_all(said).await.is_err() {
            break;
        }
        if is_cut {
            // The client hears of it at once; the server is left the time to carry the commit out.
            drop(from_client);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            break;
        }
    }
    back.abort();
}

/// A simple query.
fn command(said: &[u8]) -> Option<&[u8]> {
    said.get(5..).filter(|_| said.first() == Some(&b'Q'))
}

/// A commit; or, where no transaction was begun, what is bound to a statement that writes, which commits by itself. It is
/// long: answers are among it.
fn commits(said: &[u8], begun: bool) -> bool {
    let writes = said.first() == Some(&b'B') && said.len() > 1_000;
    command(said).is_some_and(|command| command.starts_with(b"COMMIT")) || writes && !begun
}
