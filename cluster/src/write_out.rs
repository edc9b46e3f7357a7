//! Tables reach the disk as they grow, little by little.
//!
//! Postgres makes room in a table by pages of zeros, and leaves it to the system when they are written out. Linux does so
//! once they are thirty seconds old, all at once, and whoever commits meanwhile waits behind them: a fifth of a second,
//! where eight thousand reservations a second are made. `backend_flush_after` and its kin are about pages that have been
//! filled, not about these. So the files that grow are looked at some times a second, and the system is asked to begin
//! with what has come to them. What is asked here is a matter of time alone: whether a commit is on the disk, Postgres
//! sees to itself.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

/// How often all files are looked at, for those that have begun to grow.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often what has come to a growing file is written out: some megabytes of all of them, which takes the disk a few
/// milliseconds.
const STEP: Duration = Duration::from_millis(200);
/// The last of the numbers that `template1`, `template0` and `postgres` have in any cluster (`catalog/pg_database.dat`).
const FIRST_MAX: u32 = 5;

/// Writes out what comes to the tables of a cluster, until it is dropped.
#[derive(Debug)]
pub(crate) struct WriteOut {
    /// Nothing is sent: that it is gone is the sign to end.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl WriteOut {
    /// Begins with the cluster whose data that is. Where no thread is to be had, the tables are written out as the system
    /// pleases.
    pub(crate) fn start(data: &Path) -> Self {
        let (stop, stopped) = mpsc::channel();
        let mut tables = Tables::new(data.join("base"));
        let work = move || {
            let mut looked = Instant::now();
            tables.look();
            while stopped.recv_timeout(tables.rest()) == Err(RecvTimeoutError::Timeout) {
                if looked.elapsed() >= LOOK_EVERY {
                    looked = Instant::now();
                    tables.look();
                }
                tables.step();
            }
        };
        let thread = thread::Builder::new().name("write-out".to_owned()).spawn(work).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for WriteOut {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of it has been told of, and nothing rests on it.
            let _ = thread.join();
        }
    }
}

/// The files of tables and indexes.
#[derive(Debug)]
struct Tables {
    base: PathBuf,
    /// How long each was when it was looked at last; `None` before the first time.
    lengths: Option<HashMap<PathBuf, u64>>,
    growing: HashMap<PathBuf, Growing>,
}

#[derive(Debug)]
struct Growing {
    file: File,
    /// What lies before has been asked for, or was there from the beginning.
    written: u64,
}

impl Tables {
    fn new(base: PathBuf) -> Self {
        Self { base, lengths: None, growing: HashMap::new() }
    }

    /// How long nothing is to be done: where nothing grows, until the next look.
    fn rest(&self) -> Duration {
        if self.growing.is_empty() { LOOK_EVERY } else { STEP }
    }

    /// Finds the files that have grown since the last time, and leaves the others alone. One that can't be read or is
    /// gone is passed by.
    fn look(&mut self) {
        let lengths: HashMap<PathBuf, u64> = lengths(&self.base).into_iter().flatten().collect();
        if let Some(before) = &self.lengths {
            self.growing.retain(|path, _| lengths.get(path).is_some_and(|now| before.get(path) != Some(now)));
            for (path, length) in &lengths {
                let was = before.get(path).copied().unwrap_or(0);
                if *length > was
                    && !self.growing.contains_key(path)
                    && let Ok(file) = File::open(path)
                {
                    self.growing.insert(path.clone(), Growing { file, written: was });
                }
            }
        }
        self.lengths = Some(lengths);
    }

    /// Has what came to the growing files written out, without waiting for it.
    fn step(&mut self) {
        for growing in self.growing.values_mut() {
            // It is advice, and nothing rests on whether it is taken.
            let _ = growing.step();
        }
    }
}

impl Growing {
    fn step(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if let (Ok(from), Ok(count)) = (self.written.try_into(), length.saturating_sub(self.written).try_into())
            && count > 0
        {
            // To forget pages that are not on the disk yet, Linux begins to write them.
            posix_fadvise(&self.file, from, count, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        }
        self.written = length;
        Ok(())
    }
}

/// The files below the folders of the databases, with their lengths in bytes. Those that every cluster is made with are
/// left out: nothing grows in them.
fn lengths(base: &Path) -> io::Result<impl Iterator<Item = (PathBuf, u64)>> {
    let is_made = |name: &OsStr| name.to_str().and_then(|name| name.parse().ok()).is_some_and(|id: u32| id > FIRST_MAX);
    let databases = fs::read_dir(base)?.flatten().filter(move |database| is_made(&database.file_name()));
    let databases = databases.filter_map(|database| fs::read_dir(database.path()).ok());
    Ok(databases.flat_map(|files| files.flatten()).filter_map(|file| Some((file.path(), file.metadata().ok()?.len()))))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn grow(path: &Path, bytes: usize) {
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        file.write_all(&vec![0; bytes]).unwrap();
    }

    #[test]
    fn what_grows_is_written_out_and_let_go_of_once_it_rests() {
        let base = tempfile::tempdir().unwrap();
        let [old, new, template] = ["16384/100", "16384/200", "1/100"].map(|name| base.path().join(name));
        for folder in ["16384", "1"] {
            fs::create_dir(base.path().join(folder)).unwrap();
        }
        grow(&old, 8192);
        let mut tables = Tables::new(base.path().to_path_buf());
        tables.look();
        assert!(tables.growing.is_empty(), "what is there at the beginning is nothing new");
        assert_eq!(tables.rest(), LOOK_EVERY);

        grow(&old, 8192);
        grow(&new, 8192);
        grow(&template, 8192);
        tables.look();
        let from = |tables: &Tables, path: &Path| tables.growing.get(path).map(|growing| growing.written);
        assert_eq!((from(&tables, &old), from(&tables, &new), from(&tables, &template)), (Some(8192), Some(0), None));
        assert_eq!(tables.rest(), STEP);
        tables.step();
        assert_eq!((from(&tables, &old), from(&tables, &new)), (Some(16384), Some(8192)));

        grow(&old, 100);
        fs::remove_file(&new).unwrap();
        tables.look();
        assert_eq!((from(&tables, &old), from(&tables, &new)), (Some(16384), None));
        tables.step();
        tables.look();
        assert!(tables.growing.is_empty());
    }

    #[test]
    fn where_there_is_no_cluster_any_more_nothing_is_to_be_done() {
        let mut tables = Tables::new(PathBuf::from("/nowhere"));
        tables.look();
        tables.step();
        assert_eq!(tables.rest(), LOOK_EVERY);
    }

    #[test]
    fn it_ends_at_once_when_it_is_dropped() {
        let began = Instant::now();
        drop(WriteOut::start(Path::new("/nowhere")));
        assert!(began.elapsed() < LOOK_EVERY);
    }
}
