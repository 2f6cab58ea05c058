//! JSON files that other programs keep for this one: each has a version, and one
//! that cannot be read is said and stops nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use heartbeat::user_name;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::said;

/// A record of a million flagged jobs would be about this long.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// The version that is read, of each of them.
const VERSION: u64 = 1;

/// What was found of such a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<T> {
    /// It was read.
    Record(Box<T>),
    /// There is none.
    Missing,
    /// It is there and cannot be read; holds why.
    Unreadable(String),
}

impl<T> Found<T> {
    /// The record, where it was read.
    #[must_use]
    pub fn record(&self) -> Option<&T> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// Reads a file that holds a record: `what` completes "it is no …". Says as well
/// whose the file is.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, what: &str) -> (Found<T>, Option<String>) {
    match open(path) {
        Ok((file, owner)) => (parse(file, what), owner),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Found::Missing, None),
        Err(error) => (Found::Unreadable(said(&error)), None),
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

fn parse<T: DeserializeOwned>(file: File, what: &str) -> Found<T> {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    let mut bytes = Vec::new();
    if let Err(error) = file.take(MAX_BYTES).read_to_end(&mut bytes) {
        return Found::Unreadable(said(&error));
    }
    let parsed = serde_json::from_slice::<T>(&bytes);
    let version = serde_json::from_slice(&bytes).ok().map(|Version { v }| v);
    match (parsed, version) {
        (Ok(record), Some(VERSION)) => Found::Record(Box::new(record)),
        (_, Some(version)) if version > VERSION => Found::Unreadable(format!(
            "it was written by a newer version (record {version}; this program reads up to {VERSION})"
        )),
        (Err(error), _) => Found::Unreadable(format!("it is no {what}: {error}")),
        (Ok(_), version) => Found::Unreadable(format!(
            "record version {} does not exist",
            version.unwrap_or_default()
        )),
    }
}
