//! What the operating system lets a process have.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More files than this are not asked for: some systems refuse what they would not give.
const OPEN_FILES_MAX: u64 = 65_536;

/// Lets the process have as many files open as it may. Every client holds one, and shells commonly give a
/// program 1,024.
pub(crate) fn open_files_raise() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(now, most)| {
        let wanted = most.min(OPEN_FILES_MAX);
        if now < wanted { setrlimit(Resource::RLIMIT_NOFILE, wanted, most) } else { Ok(()) }
    });
    if let Err(error) = raised {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
}
