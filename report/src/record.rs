//! The checker's record of its last pass, `last-pass.json`: where it is, and
//! what it says. Without one, the report is made all the same.

use std::env::var_os;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use heartbeat::{SYSTEM_STORE, user_name};
use serde::Deserialize;
use watch::PassRecord;

use crate::error::said;

/// The system's folder for what the checker keeps.
const SYSTEM_STATE: &str = "/var/lib/beat-check";
const FILE: &str = "last-pass.json";
/// A record of a million flagged jobs would be about this long.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// The version of the record that is read.
const VERSION: u64 = 1;

/// What was found of the record.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// It was read.
    Record(Box<PassRecord>),
    /// There is none.
    Missing,
    /// It is there and cannot be read; holds why.
    Unreadable(String),
}

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
    let (found, owner) = match open(&path) {
        Ok((file, owner)) => (parse(file), owner),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Found::Missing, None),
        Err(error) => (Found::Unreadable(said(&error)), None),
    };
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

fn open(path: &Path) -> io::Result<(File, Option<String>)> {
    // A FIFO in its place must not make the reporter wait.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it is {} bytes long; at most {MAX_BYTES} are read",
            metadata.len()
        )));
    }
    let owner = user_name(metadata.uid());
    Ok((file, owner))
}

fn parse(file: File) -> Found {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    let mut bytes = Vec::new();
    if let Err(error) = file.take(MAX_BYTES).read_to_end(&mut bytes) {
        return Found::Unreadable(said(&error));
    }
    match serde_json::from_slice::<PassRecord>(&bytes) {
        Ok(record) if u64::from(record.v) == VERSION => Found::Record(Box::new(record)),
        parsed => {
            let version = serde_json::from_slice(&bytes).map_or(VERSION, |Version { v }| v);
            Found::Unreadable(match parsed {
                _ if version > VERSION => format!(
                    "it was written by a newer version (record {version}; this program reads up to {VERSION})"
                ),
                Err(error) => format!("it is no record of a pass: {error}"),
                Ok(_) => format!("record version {version} does not exist"),
            })
        }
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
                "it is no record of a pass: invalid length 0, expected struct PassRecord with 10 elements at line 1 column 2",
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
