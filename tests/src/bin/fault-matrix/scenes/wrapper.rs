//! `beat JOB -- CMD`: whatever fails, the job runs once, ends as it would have ended, puts
//! out what it puts out, and its end is recorded or it is said why not.

use std::fs;
use std::path::PathBuf;

use heartbeat::FileKind;
use house_tests::bins;

use crate::scene::{
    Ground, Left, Scene, Stage, demand, interval, leave, store_is_whole, tidy, verdict,
};
use crate::strace::{Ended, Program, plain};

/// A job that succeeds.
pub(crate) const GOOD: Scene = Scene {
    name: "beat JOB -- CMD, 0",
    set: |ground| Box::new(Wrapper::new(ground, 0, &[])),
};

/// A job that fails.
pub(crate) const BAD: Scene = Scene {
    name: "beat JOB -- CMD, 3",
    set: |ground| Box::new(Wrapper::new(ground, 3, &[])),
};

/// A job that fails, with all that a wrapper can do besides.
pub(crate) const CAREFUL: Scene = Scene {
    name: "beat JOB --quiet … -- CMD, 3",
    set: |ground| {
        let more = &["--timeout", "10m", "--overlap", "skip", "--quiet"];
        Box::new(Wrapper::new(ground, 3, more))
    },
};

struct Wrapper {
    store: PathBuf,
    aside: PathBuf,
    code: i32,
    more: &'static [&'static str],
}

impl Wrapper {
    fn new(ground: &Ground, code: i32, more: &'static [&'static str]) -> Self {
        let store = ground.disk.join("store");
        leave(&store, FileKind::Last, "job", 7_200, 86_400);
        Self {
            store,
            aside: ground.aside.clone(),
            code,
            more,
        }
    }

    fn program_that_ends(&self, code: i32) -> Program {
        let did = self.aside.join("did");
        let script = format!(
            "echo did >>{}; echo out; echo err >&2; exit {code}",
            did.display()
        );
        Program::new(bins::beat())
            .args(&["job", "--every", "1h", "--dir"])
            .arg(&self.store)
            .args(self.more)
            .args(&["--", "/bin/sh", "-c", &script])
    }

    /// What the job left and put out, against what it would have without `beat`.
    fn fate(&self, ended: &Ended) -> Result<(), String> {
        let did = fs::read_to_string(self.aside.join("did")).unwrap_or_default();
        let could_not =
            ended.err.contains("cannot start") || ended.dumb() && ended.code == Some(126);
        // Only what makes the child, or gives it its memory, may keep the job from it.
        let start = ["clone", "fork", "mmap"];
        if could_not && start.iter().any(|call| ended.struck(call)) {
            return demand(did.is_empty() && ended.code == Some(126), || {
                format!("not started, and {did:?} with code {:?}", ended.code)
            });
        }
        if ended.killed() || ended.starved() {
            return demand(did.is_empty() || did == "did\n", || {
                format!("it did {did:?}")
            });
        }
        // As far as can be told another run has the turn, and this one is to be left out.
        if ended.struck("flock") && ended.err.contains("is still running") {
            return demand(did.is_empty() && ended.code == Some(0), || {
                format!("left out, and {did:?} with code {:?}", ended.code)
            });
        }
        demand(did == "did\n", || format!("it did {did:?}"))?;
        demand(ended.code == Some(self.code), || {
            format!("it ended with {:?}", ended.code)
        })?;
        // Who cannot print has no output, and what cannot be read again is told of.
        let lost = ended.struck("pread") && ended.err.contains("bytes of output are lost");
        if ended.dumb() || lost {
            return Ok(());
        }
        let said = ended.err.lines().filter(|line| !line.starts_with("beat: "));
        let said: Vec<&str> = said.collect();
        let as_ever = ended.out == b"out\n" && said == ["err"];
        let nothing = self.code == 0 && self.more.contains(&"--quiet");
        demand(as_ever || nothing, || {
            let out = String::from_utf8_lossy(&ended.out);
            format!("it put out {out:?} and {:?}", ended.err)
        })
    }
}

impl Stage for Wrapper {
    fn program(&self) -> Program {
        self.program_that_ends(self.code)
    }

    fn claims(&self, ended: &Ended, _: Option<i32>) -> bool {
        ended.code == Some(self.code) && !ended.err.contains("beat: ") && !ended.dumb()
    }

    fn look(&self, ended: &Ended) -> Result<Left, String> {
        self.fate(ended)?;
        store_is_whole(&self.store)?;
        let may = ["job.last", "job.fail", "job.run", ".job.lock"];
        tidy(&self.store, &may, ended)?;
        let last = interval(&self.store, "job");
        let failed = self.store.join("job.fail").exists();
        let recorded = if self.code == 0 {
            last == Some(3_600)
        } else {
            demand(last == Some(86_400), || format!("it failed, and {last:?}"))?;
            failed
        };
        if recorded && !ended.killed() && !ended.starved() {
            let verdict = verdict(&self.store, &self.aside, "job");
            let right = if self.code == 0 { "fresh" } else { "failed" };
            demand(verdict == right, || {
                format!("recorded, and it is {verdict}")
            })?;
        }
        Ok(if recorded { Left::New } else { Left::Old })
    }

    fn heal(&self, _: &Ended) -> Result<(), String> {
        let ended = plain(&self.program_that_ends(0));
        demand(ended.code == Some(0), || {
            format!("still fails: {}", ended.err)
        })?;
        store_is_whole(&self.store)?;
        let verdict = verdict(&self.store, &self.aside, "job");
        demand(verdict == "fresh", || {
            format!("it ran well, and is {verdict}")
        })
    }
}
