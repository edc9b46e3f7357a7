//! Against real Postgres programs: those of HOLDFAST_POSTGRES_BIN, or whatever is found.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cluster::{Cluster, ClusterError, Options, Stopped};
use sqlx::{Connection, Executor, PgConnection, Row};
use tempfile::TempDir;

/// Tells a copy of this test program to be the process that will be killed.
const HOLD: &str = "CLUSTER_TEST_HOLD";

fn data_dir() -> TempDir {
    let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o711)).tempdir().unwrap();
    // The mode is subject to the umask.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

fn programs() -> Option<PathBuf> {
    env::var_os("HOLDFAST_POSTGRES_BIN").map(PathBuf::from)
}

fn kept(data_dir: &Path) -> Options {
    Options::kept(data_dir).programs(programs())
}

fn ask(url: &str, statement: &'static str) -> Result<String, sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        let row = connection.fetch_optional(statement).await?;
        row.map_or(Ok(String::new()), |row| row.try_get(0))
    })
}

fn postmaster(data_dir: &Path) -> Option<u32> {
    let file = fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).ok()?;
    file.lines().next()?.parse().ok()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let waiting = Instant::now();
    while !condition() {
        assert!(waiting.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn data_stays_between_runs_and_the_logins_have_the_rights_they_need_and_no_more() {
    let data_dir = data_dir();
    let cluster = Cluster::start(kept(data_dir.path())).unwrap();
    let (owner, app) = (cluster.owner_url(), cluster.app_url());
    ask(&owner, "CREATE TABLE kept AS SELECT 'still here' AS word").unwrap();
    assert_eq!(ask(&owner, "SHOW server_encoding").unwrap(), "UTF8".to_owned());
    assert_eq!(ask(&owner, "SELECT lower('ÄÖ')").unwrap(), "äö");
    assert_eq!(ask(&app, "SELECT current_user::text").unwrap(), "holdfast_app");
    ask(&app, "CREATE TABLE mine (id int)").unwrap_err();
    ask(&app, "SELECT word FROM kept").unwrap_err();
    ask(&owner, "CREATE ROLE another").unwrap_err();
    ask(&owner, "CREATE DATABASE another").unwrap_err();
    ask(&owner, "SET ROLE holdfast_app").unwrap();
    assert_eq!(cluster.stop().unwrap(), Stopped::Down);
    ask(&owner, "SELECT 'reached'").unwrap_err();

    let cluster = Cluster::start(kept(data_dir.path())).unwrap();
    assert_eq!(ask(&cluster.owner_url(), "SELECT word FROM kept").unwrap(), "still here");
}

#[test]
fn the_socket_is_closed_to_other_users_and_there_is_no_network() {
    let data_dir = data_dir();
    let cluster = Cluster::start(kept(data_dir.path())).unwrap();
    let folder = fs::metadata(cluster.socket_dir()).unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
    assert_ne!(folder.uid(), 0);
    assert_eq!(ask(&cluster.owner_url(), "SHOW listen_addresses").unwrap(), "");
}

#[test]
fn the_last_one_out_stops_it() {
    let data_dir = data_dir();
    let first = Cluster::start(kept(data_dir.path())).unwrap();
    let second = Cluster::start(kept(data_dir.path())).unwrap();
    let url = second.owner_url();
    assert_eq!(first.owner_url(), url);
    assert_eq!(first.stop().unwrap(), Stopped::StillUsed);
    assert_eq!(ask(&url, "SELECT 'runs'").unwrap(), "runs");
    assert_eq!(second.stop().unwrap(), Stopped::Down);
    assert_eq!(postmaster(data_dir.path()), None);
}

#[test]
fn eight_that_come_at_once_share_one() {
    let data_dir = data_dir();
    let clusters: Vec<Cluster> = thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| Cluster::start(kept(data_dir.path())).unwrap())).collect();
        starts.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let stopped: Vec<Stopped> = clusters.into_iter().map(|it| it.stop().unwrap()).collect();
    let (last, others) = stopped.split_last().unwrap();
    assert_eq!(*last, Stopped::Down);
    assert!(others.iter().all(|it| *it == Stopped::StillUsed));
}

#[test]
#[ignore = "is run by the test below, in a process of its own"]
fn holder() {
    let options = match env::var_os(HOLD) {
        Some(data_dir) if data_dir == "temporary" => Options::temporary().programs(programs()),
        Some(data_dir) => kept(Path::new(&data_dir)),
        None => return,
    };
    let cluster = Cluster::start(options).unwrap();
    println!("\nsocket {}", cluster.socket_dir().display());
    thread::sleep(Duration::from_secs(60));
}

/// Starts [`holder`] in a process, kills that one with no chance to clean up, and gives the socket's
/// folder it had.
fn start_and_kill(hold: &Path) -> PathBuf {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "holder", "--nocapture"])
        .env(HOLD, hold)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let socket =
        lines.map(|line| line.unwrap()).find_map(|line| line.strip_prefix("socket ").map(PathBuf::from)).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    socket
}

#[test]
fn after_a_kill_the_next_start_takes_over_the_running_postgres() {
    let data_dir = data_dir();
    start_and_kill(data_dir.path());
    let left_running = postmaster(data_dir.path()).unwrap();

    let cluster = Cluster::start(kept(data_dir.path())).unwrap();
    assert_eq!(postmaster(data_dir.path()), Some(left_running));
    assert_eq!(ask(&cluster.owner_url(), "SELECT 'runs'").unwrap(), "runs");
    assert_eq!(cluster.stop().unwrap(), Stopped::Down);
}

#[test]
fn postgres_killed_itself_starts_again() {
    let data_dir = data_dir();
    let first = Cluster::start(kept(data_dir.path())).unwrap();
    let killed = postmaster(data_dir.path()).unwrap();
    Command::new("kill").args(["-9", &killed.to_string()]).status().unwrap();
    let second = Cluster::start(kept(data_dir.path())).unwrap();
    assert_ne!(postmaster(data_dir.path()), Some(killed));
    assert_eq!(ask(&first.owner_url(), "SELECT 'runs'").unwrap(), "runs");
    drop(second);
}

#[test]
fn a_process_number_left_by_another_life_of_the_machine_is_not_believed() {
    let data_dir = data_dir();
    Cluster::start(kept(data_dir.path())).unwrap().stop().unwrap();
    let data = data_dir.path().join("postgres/data");
    let text = format!("{}\n{}\n1\n5432\n/nowhere\n\n\nready\n", std::process::id(), data.display());
    fs::write(data.join("postmaster.pid"), text).unwrap();
    let cluster = Cluster::start(kept(data_dir.path())).unwrap();
    assert_eq!(ask(&cluster.owner_url(), "SELECT 'runs'").unwrap(), "runs");
}

#[test]
fn a_path_too_long_for_a_socket_gets_a_short_one_elsewhere() {
    let top = data_dir();
    let long = top.path().join("a folder, with a 'comma'").join("x".repeat(100));
    let cluster = Cluster::start(kept(&long)).unwrap();
    assert!(cluster.socket_dir().as_os_str().len() < 90);
    assert_eq!(ask(&cluster.app_url(), "SELECT 'runs'").unwrap(), "runs");
    let socket = cluster.socket_dir().to_path_buf();
    drop(cluster);
    fs::remove_dir_all(socket).unwrap();
}

#[test]
fn odd_letters_in_the_path_do_no_harm() {
    let top = data_dir();
    let cluster = Cluster::start(kept(&top.path().join("it's 100% \"mine\", $HOME"))).unwrap();
    assert_eq!(ask(&cluster.app_url(), "SELECT 'runs'").unwrap(), "runs");
}

#[test]
fn data_of_another_version_is_left_alone_and_named() {
    let data_dir = data_dir();
    Cluster::start(kept(data_dir.path())).unwrap().stop().unwrap();
    fs::write(data_dir.path().join("postgres/data/PG_VERSION"), "14\n").unwrap();
    let error = Cluster::start(kept(data_dir.path())).unwrap_err();
    assert!(matches!(error, ClusterError::OtherVersion { data_major: 14, .. }), "{error}");
}

#[test]
fn programs_that_are_none_are_named() {
    let data_dir = data_dir();
    let empty = tempfile::tempdir().unwrap();
    let options = Options::kept(data_dir.path()).programs(Some(empty.path().to_path_buf()));
    let error = Cluster::start(options).unwrap_err();
    assert!(matches!(error, ClusterError::ProgramsIncomplete { .. }), "{error}");
}

#[test]
fn root_is_told_which_folder_is_in_the_way_of_postgres() {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    if fs::metadata(closed.path()).unwrap().uid() != 0 {
        return;
    }
    let error = Cluster::start(kept(&closed.path().join("data"))).unwrap_err();
    match error {
        ClusterError::Unreachable { folder, .. } => assert_eq!(folder, closed.path()),
        other => panic!("{other}"),
    }
}

#[test]
fn a_temporary_one_is_gone_afterwards_and_its_owner_may_make_databases() {
    let cluster = Cluster::start(Options::temporary().programs(programs())).unwrap();
    let folder = cluster.socket_dir().parent().unwrap().to_path_buf();
    ask(&cluster.owner_url(), "CREATE DATABASE another").unwrap();
    assert!(folder.exists());
    cluster.stop().unwrap();
    assert!(!folder.exists());
}

#[test]
fn one_for_measuring_commits_as_safely_as_one_that_stays_and_is_gone_afterwards() {
    let cluster = Cluster::start(Options::measured().programs(programs())).unwrap();
    let url = cluster.owner_url();
    for setting in ["show fsync", "show synchronous_commit", "show full_page_writes"] {
        assert_eq!(ask(&url, setting).unwrap(), "on", "{setting}");
    }
    let socket = cluster.socket_dir().to_path_buf();
    assert_eq!(cluster.stop().unwrap(), Stopped::Down);
    assert!(!socket.exists());
}

#[test]
fn a_temporary_one_whose_process_was_killed_is_swept_by_the_next() {
    let socket = start_and_kill(Path::new("temporary"));
    let folder = socket.parent().unwrap().to_path_buf();
    // Another test's start may be the one that sweeps.
    let next = Cluster::start(Options::temporary().programs(programs())).unwrap();
    wait_until("the killed one's folder is gone", || !folder.exists());
    drop(next);
}
