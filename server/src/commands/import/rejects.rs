//! The file that says, line by line, what an import left out and why.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use csv::{ByteRecord, Writer};

use super::online_retail::COLUMNS;

/// Made when the first line is rejected; a file of an earlier run is replaced.
#[derive(Debug)]
pub(super) struct Rejects {
    path: PathBuf,
    writer: Option<Writer<File>>,
    pub(super) count: u64,
}

impl Rejects {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, writer: None, count: 0 }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves a line out. `line` is its number in the file, the header being line 1.
    pub(super) fn push(&mut self, line: u64, reason: &str, record: &ByteRecord) -> anyhow::Result<()> {
        if self.writer.is_none() {
            let file = File::create(&self.path).with_context(|| format!("can't write {}", self.path.display()))?;
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
            writer.write_record(["Line", "Reason"].iter().chain(&COLUMNS))?;
            self.writer = Some(writer);
        }
        let number = line.to_string();
        let fields = [number.as_bytes(), reason.as_bytes()].into_iter().chain(record.iter());
        if let Some(writer) = &mut self.writer {
            writer.write_record(fields)?;
        }
        self.count += 1;
        Ok(())
    }

    /// Writes what is left; without rejects, takes away the file of an earlier run.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        match &mut self.writer {
            Some(writer) => writer.flush()?,
            None if self.path.exists() => std::fs::remove_file(&self.path)?,
            None => {}
        }
        Ok(())
    }
}
