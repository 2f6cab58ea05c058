//! `beat JOB`: one beat over an old one, the first one ever, a failure.

use std::fs;
use std::path::PathBuf;

use heartbeat::FileKind;
use house_tests::bins;

use crate::scene::{Ground, Left, Scene, Stage, demand, interval, leave, store_is_whole, tidy};
use crate::strace::{Ended, Program, plain};

/// A beat over an old one.
pub(crate) const SUCCESS: Scene = Scene {
    name: "beat JOB",
    set: |ground| Box::new(Write::new(ground, true, &[], ".last")),
};

/// The first one of a job.
pub(crate) const FIRST: Scene = Scene {
    name: "beat JOB (first)",
    set: |ground| Box::new(Write::new(ground, false, &[], ".last")),
};

/// A failure beside a success.
pub(crate) const FAILURE: Scene = Scene {
    name: "beat JOB --fail",
    set: |ground| Box::new(Write::new(ground, true, &["--fail", "3"], ".fail")),
};

struct Write {
    store: PathBuf,
    old: Option<Vec<u8>>,
    more: &'static [&'static str],
    kind: &'static str,
}

impl Write {
    fn new(ground: &Ground, had: bool, more: &'static [&'static str], kind: &'static str) -> Self {
        let store = ground.disk.join("store");
        fs::create_dir(&store).unwrap();
        if had {
            leave(&store, FileKind::Last, "job", 7_200, 86_400);
        }
        Self {
            old: fs::read(store.join("job.last")).ok(),
            store,
            more,
            kind,
        }
    }
}

impl Stage for Write {
    fn program(&self) -> Program {
        Program::new(bins::beat())
            .args(&["job", "--every", "1h", "--dir"])
            .arg(&self.store)
            .args(self.more)
    }

    fn look(&self, ended: &Ended) -> Result<Left, String> {
        store_is_whole(&self.store)?;
        tidy(&self.store, &["job.last", "job.fail"], ended)?;
        let last = fs::read(self.store.join("job.last")).ok();
        if self.kind == ".fail" {
            demand(last == self.old, || "the last success has changed".into())?;
            let there = self.store.join("job.fail").exists();
            return Ok(if there { Left::New } else { Left::Old });
        }
        match interval(&self.store, "job") {
            Some(3_600) => Ok(Left::New),
            _ if last == self.old => Ok(Left::Old),
            other => Err(format!("neither the old beat nor the new one: {other:?}")),
        }
    }

    fn heal(&self, _: &Ended) -> Result<(), String> {
        let ended = plain(&self.program());
        demand(ended.code == Some(0), || {
            format!("still fails: {}", ended.err)
        })?;
        match self.look(&Ended {
            signal: Some(9),
            code: None,
            ..ended
        })? {
            Left::New => Ok(()),
            other => Err(format!("still {other:?}")),
        }
    }
}
