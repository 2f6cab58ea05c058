//! Takes changes back: byte for byte where a file is still what was written, line by
//! line where something else of it has changed, and not at all where the line has.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use super::diff::unified;
use super::hand::Hand;
use super::record::{self, Kept, Record, What, path_of};
use super::target::{flush_dir, sweep};
use super::{ApplyError, Paths};

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All that was ever changed.
    All,
    /// What was changed for these jobs.
    Jobs(Vec<String>),
}

/// What was taken back, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// What is as it was before.
    pub restored: Vec<PathBuf>,
    /// What was left as it is, and why.
    pub left: Vec<Left>,
}

/// Something that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The file or folder.
    pub path: PathBuf,
    /// The job whose line is not as it was written. `None` for all of the file.
    pub job: Option<String>,
    /// Why, completing "it was left alone: …".
    pub why: String,
    /// How it differs from what was written.
    pub diff: String,
}

impl Selection {
    fn takes(&self, job: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Jobs(jobs) => job.is_some_and(|job| jobs.iter().any(|known| known == job)),
        }
    }
}

/// Takes changes back, the newest first. What is taken back already is passed over.
///
/// # Errors
/// When a file cannot be read or written. What was taken back before that stays so.
pub fn undo(paths: &Paths, selection: &Selection) -> Result<Undone, ApplyError> {
    all(paths, selection, &mut Hand::Acts)
}

/// What [`undo`] would do: nothing is changed. Also its changes, as a difference for
/// people to read.
///
/// # Errors
/// When a file cannot be read.
pub fn outlook(paths: &Paths, selection: &Selection) -> Result<(Undone, String), ApplyError> {
    if !paths.state.exists() {
        return Ok(Default::default());
    }
    let mut hand = Hand::thinking();
    let undone = all(paths, selection, &mut hand)?;
    Ok((undone, hand.told()))
}

fn all(paths: &Paths, selection: &Selection, hand: &mut Hand) -> Result<Undone, ApplyError> {
    let _lock = record::lock(paths)?;
    let mut undone = Undone::default();
    for mut record in record::all(paths)? {
        if hand.acts() {
            let places = record.manifest.edits.iter().map(path_of);
            places.for_each(sweep);
        }
        let save = hand.acts();
        one(&mut record, paths, selection, &mut undone, hand, save)?;
        if hand.acts() && record.is_done() {
            record.forget();
        }
    }
    Ok(undone)
}

/// Takes back what one record says, as far as it was made, when the rest of it failed.
pub(super) fn back(mut record: Record, paths: &Paths) -> Result<(), ()> {
    let mut undone = Undone::default();
    let result = one(
        &mut record,
        paths,
        &Selection::All,
        &mut undone,
        &mut Hand::Acts,
        false,
    );
    if result.is_err() || !undone.left.is_empty() {
        return Err(());
    }
    record.forget();
    Ok(())
}

fn one(
    record: &mut Record,
    paths: &Paths,
    selection: &Selection,
    undone: &mut Undone,
    hand: &mut Hand,
    save: bool,
) -> Result<(), ApplyError> {
    for at in (0..record.manifest.edits.len()).rev() {
        let Some(kept) = record.manifest.edits.get(at).filter(|kept| !kept.undone) else {
            continue;
        };
        let kept = kept.clone();
        let before = undone.clone();
        let next = match kept.what {
            What::Change | What::OwnCrontab => {
                let copies = (record.copy(at, "old")?, record.copy(at, "new")?);
                lines(&kept, copies, paths, selection, undone, hand)?
            }
            What::NewFile if selection.takes(kept.job.as_deref()) => {
                new_file(&kept, &record.copy(at, "new")?, undone, hand)?
            }
            What::MakeDir if selection.takes(kept.job.as_deref()) => made_dir(&kept, undone, hand)?,
            What::NewFile | What::MakeDir => continue,
        };
        if next != kept || *undone != before {
            if let Some(place) = record.manifest.edits.get_mut(at) {
                *place = next;
            }
            if save {
                record.save()?;
            }
        }
    }
    Ok(())
}

/// Takes back the lines of a file.
fn lines(
    kept: &Kept,
    (old, new): (Vec<u8>, Vec<u8>),
    paths: &Paths,
    selection: &Selection,
    undone: &mut Undone,
    hand: &mut Hand,
) -> Result<Kept, ApplyError> {
    let mut next = kept.clone();
    let open = |kept: &Kept| !kept.undone_jobs.is_empty();
    let jobs = kept.jobs.iter().filter(|lines| {
        !kept.undone_jobs.contains(&lines.job) && selection.takes(Some(&lines.job))
    });
    let jobs: Vec<_> = jobs.collect();
    let all = jobs.len() + kept.undone_jobs.len() == kept.jobs.len();
    if jobs.is_empty() && !(*selection == Selection::All && kept.jobs.is_empty()) {
        return Ok(next);
    }
    let path = path_of(kept).to_owned();
    let Some(place) = hand.open(kept, paths)? else {
        undone.left.push(Left {
            why: "it is not there any more".into(),
            path,
            job: None,
            diff: String::new(),
        });
        return Ok(next);
    };
    let current = place.bytes().to_vec();
    if current == old {
        next.undone = all;
        next.undone_jobs
            .extend(jobs.iter().map(|lines| lines.job.clone()));
        return Ok(next);
    }
    let as_written = current == new;
    if as_written && all && !open(kept) {
        hand.replace(kept, &place, &old)?;
        undone.restored.push(path);
        next.undone = true;
        return Ok(next);
    }
    let mut restored = current.clone();
    for lines in jobs {
        let (was, is) = (part(&old, &lines.old), part(&new, &lines.new));
        match only_place(&restored, is) {
            Some(span) => {
                restored.splice(span, was.iter().copied());
                next.undone_jobs.push(lines.job.clone());
            }
            None => undone.left.push(Left {
                path: path.clone(),
                job: Some(lines.job.clone()),
                why: "its line is not as it was written".into(),
                diff: unified(&path, Some(&new), Some(&current)),
            }),
        }
    }
    if kept.jobs.is_empty() {
        undone.left.push(Left {
            path: path.clone(),
            job: None,
            why: "it is not as it was written".into(),
            diff: unified(&path, Some(&new), Some(&current)),
        });
        return Ok(next);
    }
    if restored != current {
        hand.replace(kept, &place, &restored)?;
        undone.restored.push(path);
    }
    next.undone = next.undone_jobs.len() == next.jobs.len();
    Ok(next)
}

fn part<'a>(bytes: &'a [u8], span: &Range<usize>) -> &'a [u8] {
    bytes.get(span.clone()).unwrap_or_default()
}

/// Where a line is in a text, if it is there once.
fn only_place(text: &[u8], line: &[u8]) -> Option<Range<usize>> {
    let mut start = 0;
    let mut found = None;
    for known in text.split_inclusive(|b| *b == b'\n') {
        if known == line && found.replace(start..start + known.len()).is_some() {
            return None;
        }
        start += known.len();
    }
    found
}

fn new_file(
    kept: &Kept,
    content: &[u8],
    undone: &mut Undone,
    hand: &mut Hand,
) -> Result<Kept, ApplyError> {
    let path = path_of(kept);
    let mut next = kept.clone();
    match hand.look(path)? {
        None => next.undone = true,
        Some(current) if current.as_deref() == Some(content) => {
            hand.remove(path, content)?;
            undone.restored.push(path.to_owned());
            next.undone = true;
        }
        Some(current) => undone.left.push(Left {
            path: path.to_owned(),
            job: kept.job.clone(),
            why: "it is not as it was written".into(),
            diff: current.map_or(String::new(), |current| {
                unified(path, Some(content), Some(&current))
            }),
        }),
    }
    Ok(next)
}

fn made_dir(kept: &Kept, undone: &mut Undone, hand: &mut Hand) -> Result<Kept, ApplyError> {
    let path = path_of(kept);
    let mut next = kept.clone();
    match hand.remove_dir(path) {
        Ok(()) => {
            if hand.acts() {
                flush_dir(path).map_err(|error| ApplyError::io("remove", path, &error))?;
            }
            undone.restored.push(path.to_owned());
            next.undone = true;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => next.undone = true,
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::DirectoryNotEmpty => "it is not empty".to_owned(),
                _ => error.to_string(),
            };
            undone.left.push(Left {
                path: path.to_owned(),
                job: kept.job.clone(),
                why,
                diff: String::new(),
            });
        }
    }
    Ok(next)
}
