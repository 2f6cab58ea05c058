//! Tests of the whole: files in, jobs and faults out.

use std::fs;
use std::path::{Path, PathBuf};

use heartbeat::JobName;

use crate::{ForgeFault, Manifest, Sources};

mod faults;
mod files;
mod order;
mod round;

/// A folder with files, thrown away afterwards.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn load(&self) -> Manifest {
        Manifest::load(&sources(self.path()))
    }

    /// A text without the name of this very folder.
    pub(crate) fn clean(&self, text: &str) -> String {
        text.replace(&self.path().display().to_string(), "DIR")
    }
}

pub(crate) fn sources(dir: &Path) -> Sources<'_> {
    Sources {
        forges: &|forge, repo| match (forge, repo) {
            (None | Some("ops"), None | Some("db/ops")) => Ok(()),
            (None | Some("ops"), Some(_)) => Err(ForgeFault {
                in_repo: true,
                message: "`repo` must be \"owner/name\"".to_owned(),
                hint: None,
            }),
            (Some(name), _) => Err(ForgeFault {
                in_repo: false,
                message: format!("there is no forge {name:?}"),
                hint: Some("[forges.ops] is there".to_owned()),
            }),
        },
        ..Sources::folder(dir, Some(watch::Zone::utc()))
    }
}

/// One file, read.
pub(crate) fn one(text: &str) -> Manifest {
    Folder::of(&[("a.toml", text)]).load()
}

/// A job of root.
pub(crate) fn job<'m>(manifest: &'m Manifest, name: &str) -> &'m watch::Expected {
    manifest.get("root", &name_of(name)).unwrap()
}

pub(crate) fn name_of(name: &str) -> JobName {
    JobName::new(name).unwrap()
}

/// All faults as they are printed.
pub(crate) fn told(folder: &Folder, manifest: &Manifest) -> String {
    let mut all = String::new();
    for fault in &manifest.faults {
        all.push_str(&folder.clean(&fault.to_string()));
        all.push('\n');
        if let Some(hint) = &fault.hint {
            all.push_str(&format!("hint: {hint}\n"));
        }
    }
    all
}

pub(crate) fn path(folder: &Folder, name: &str) -> PathBuf {
    folder.path().join(name)
}
