//! Makes the changes: looks first, keeps copies, writes all of it out, and only then
//! puts it in place.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use super::target::{Ready, Target, changed, create, flush_dir, sweep};
use super::{Applied, ApplyError, Edit, Paths, Plan, own_crontab, record, undo};

/// A change that is ready to be made.
enum Step<'a> {
    Replace(Target, Ready),
    OwnCrontab(&'a [u8]),
    Create(&'a Path, &'a [u8], u32),
    MakeDir(&'a Path, Option<(u32, u32)>, u32),
}

pub(super) fn carry_out(plan: &Plan, paths: &Paths) -> Result<Applied, ApplyError> {
    let _lock = record::lock(paths)?;
    let mut edits = Vec::new();
    for edit in &plan.edits {
        if !edit.is_empty() && !is_made(edit, paths)? {
            edits.push(edit);
        }
    }
    if edits.is_empty() {
        return Ok(Applied::default());
    }
    edits.iter().for_each(|edit| sweep(edit.path()));
    let kept = record::keep(paths, &edits)?;
    let prepared = edits.iter().map(|edit| prepare(edit, paths));
    let steps: Vec<Step<'_>> = match prepared.collect() {
        Ok(steps) => steps,
        Err(error) => {
            kept.forget();
            return Err(error);
        }
    };
    let mut changed = Vec::new();
    for (step, edit) in steps.into_iter().zip(&edits) {
        if let Err(mut error) = step.make() {
            match undo::back(kept, paths) {
                Ok(()) => error.hint = error.hint.or(Some("nothing was changed".into())),
                Err(()) => error.changed = changed,
            }
            return Err(error);
        }
        changed.push(edit.path().to_owned());
    }
    Ok(Applied {
        record: Some(kept.dir),
        changed,
    })
}

/// Whether an edit has nothing left to do. An error where it cannot be made.
fn is_made(edit: &Edit, paths: &Paths) -> Result<bool, ApplyError> {
    let look = |path: &Path| match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ApplyError::io("look at", path, &error)),
    };
    let taken = |path: &Path, why: &str| {
        ApplyError::new("make", path, why).hint("look at it, and move it away if it is not needed")
    };
    match edit {
        Edit::Change { path, old, new, .. } => {
            let bytes = Target::open(path, paths)?.bytes;
            match () {
                () if bytes == *new => Ok(true),
                () if bytes == *old => Ok(false),
                () => Err(changed(path)),
            }
        }
        Edit::OwnCrontab { old, new, .. } => {
            let bytes = own_crontab::list()?;
            match () {
                () if bytes == *new => Ok(true),
                () if bytes == *old => Ok(false),
                () => Err(changed(edit.path())),
            }
        }
        Edit::NewFile { path, content, .. } => match look(path)? {
            None => Ok(false),
            Some(meta) if meta.is_file() && fs::read(path).is_ok_and(|b| b == *content) => Ok(true),
            Some(_) => Err(taken(path, "there is something else")),
        },
        Edit::MakeDir { path, owner, .. } => match look(path)? {
            None => Ok(false),
            Some(meta) if !meta.is_dir() => Err(taken(path, "there is something, and no folder")),
            Some(meta) if owner.is_some_and(|(uid, _)| uid != meta.uid()) => Err(taken(
                path,
                &format!("the folder is there and belongs to user {}", meta.uid()),
            )),
            Some(_) => Ok(true),
        },
    }
}

fn prepare<'a>(edit: &'a Edit, paths: &Paths) -> Result<Step<'a>, ApplyError> {
    match edit {
        Edit::Change { path, old, new, .. } => {
            let target = Target::open(path, paths)?;
            if target.bytes != *old {
                return Err(changed(path));
            }
            let ready = target.prepare(new)?;
            Ok(Step::Replace(target, ready))
        }
        Edit::OwnCrontab { new, .. } => Ok(Step::OwnCrontab(new)),
        Edit::NewFile {
            path,
            content,
            mode,
            ..
        } => Ok(Step::Create(path, content, *mode)),
        Edit::MakeDir {
            path, owner, mode, ..
        } => Ok(Step::MakeDir(path, *owner, *mode)),
    }
}

impl Step<'_> {
    fn make(self) -> Result<(), ApplyError> {
        match self {
            Self::Replace(target, ready) => target.replace(ready),
            Self::OwnCrontab(new) => own_crontab::replace(new),
            Self::Create(path, content, mode) => create(path, content, mode),
            Self::MakeDir(path, owner, mode) => {
                make_dir(path, owner, mode).map_err(|error| ApplyError::io("make", path, &error))
            }
        }
    }
}

fn make_dir(path: &Path, owner: Option<(u32, u32)>, mode: u32) -> io::Result<()> {
    // Closed until it has its owner.
    DirBuilder::new().mode(0o700).create(path)?;
    if let Some((uid, gid)) = owner {
        std::os::unix::fs::lchown(path, Some(uid), Some(gid))?;
    }
    let dir = fs::File::open(path)?;
    rustix::fs::fchmod(&dir, rustix::fs::Mode::from_raw_mode(mode))?;
    flush_dir(path)
}
