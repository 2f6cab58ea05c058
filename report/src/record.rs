//! The checker's record of its last pass, `last-pass.json`: where it is, and
//! what it says. Without one, the report is made all the same.

use std::env::var_os;
use std::path::{Path, PathBuf};

use heartbeat::SYSTEM_STORE;
use watch::PassRecord;

use crate::kept;

/// The system's folder for what the checker keeps.
const SYSTEM_STATE: &str = "/var/lib/beat-check";
const FILE: &str = "last-pass.json";

/// What was found of the record.
pub type Found = kept::Found<PassRecord>;

/// The record, where it was looked for, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The file.
    pub path: PathBuf,
    /// What was found there.
    pub found: Found,
    /// Who wrote it: the user whose beat of that name is the checker's own.
    pub owner: Option<String>,
}

/// Reads the record that goes with these stores.
#[must_use]
pub fn read(state_dir: Option<&Path>, stores: &[PathBuf]) -> Recorded {
    let dir = match state_dir {
        Some(dir) => dir.to_owned(),
        None => default_dir(stores),
    };
    let path = dir.join(FILE);
    let (found, owner) = kept::read(&path, "record of a pass");
    Recorded { path, found, owner }
}

/// Where the checker keeps its state. The system's record says nothing about
/// another store than the system's.
fn default_dir(stores: &[PathBuf]) -> PathBuf {
    if let Some(named) = var_os("STATE_DIRECTORY").filter(|dir| !dir.is_empty()) {
        // systemd names all of them, parted by colons.
        let text = named.to_string_lossy();
        return text.split(':').next().unwrap_or_default().into();
    }
    let set = |name| var_os(name).filter(|value| Path::new(value).is_absolute());
    let own = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/state")))
        .map(|state| state.join("beat-check"));
    let system = stores.iter().any(|store| store.starts_with(SYSTEM_STORE));
    let there = |dir: &PathBuf| dir.join(FILE).exists();
    match own {
        Some(own) if !system || (there(&own) && !there(&SYSTEM_STATE.into())) => own,
        _ => SYSTEM_STATE.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_in(content: Option<&[u8]>) -> Found {
        let dir = tempfile::tempdir().unwrap();
        if let Some(content) = content {
            std::fs::write(dir.path().join(FILE), content).unwrap();
        }
        read(Some(dir.path()), &[]).found
    }

    #[test]
    fn what_is_no_record_says_why() {
        for (content, why) in [
            (
                "",
                "it is no record of a pass: EOF while parsing a value at line 1 column 0",
            ),
            (
                "{\"v\":2}",
                "it was written by a newer version (record 2; this program reads up to 1)",
            ),
            (
                "{\"v\":1}",
                "it is no record of a pass: missing field `tool` at line 1 column 7",
            ),
            (
                "[]",
                "it is no record of a pass: invalid length 0, expected struct PassRecord with 11 elements at line 1 column 2",
            ),
        ] {
            assert_eq!(
                read_in(Some(content.as_bytes())),
                Found::Unreadable(why.into())
            );
        }
        assert_eq!(read_in(None), Found::Missing);
    }

    #[test]
    fn a_directory_in_its_place_is_said() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FILE)).unwrap();
        assert_eq!(
            read(Some(dir.path()), &[]).found,
            Found::Unreadable("it is not a regular file".into())
        );
    }
}
