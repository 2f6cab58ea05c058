//! One scene put through faults: set anew for each, run, judged, healed.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::scene::{Ground, Left, Scene, Stage, demand};
use crate::strace::{self, Call, Ended, Fault};
use crate::table::{Outcome, Table};

/// A scene, and how it goes without a fault.
pub(crate) struct Trial {
    scene: Scene,
    /// The code with which a clean run ends.
    pub(crate) clean: Option<i32>,
    /// What a clean run calls.
    pub(crate) calls: Vec<Call>,
}

/// A folder for one trial: in memory where that is possible, so that no disk is waited for.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

pub(crate) fn ground(scratch: &Path) -> Ground {
    let (disk, aside): (PathBuf, PathBuf) = (scratch.join("disk"), scratch.join("aside"));
    std::fs::create_dir(&disk).unwrap();
    std::fs::create_dir(&aside).unwrap();
    Ground { disk, aside }
}

impl Trial {
    /// Runs it without a fault, first.
    pub(crate) fn new(scene: &Scene) -> Self {
        let scratch = scratch();
        let stage = (scene.set)(&ground(scratch.path()));
        let ended = strace::with(&stage.program(), &[], &scratch.path().join("log"));
        let left = stage.look(&ended);
        assert_eq!(
            left,
            Ok(Left::New),
            "{}: {} {:?}",
            scene.name,
            ended.err,
            ended.code
        );
        assert_eq!(stage.heal(&ended), Ok(()), "{}", scene.name);
        Self {
            scene: *scene,
            clean: ended.code,
            calls: ended.calls,
        }
    }

    /// Puts it through faults. Returns what came of it, and what was called.
    pub(crate) fn judge(
        &self,
        table: &Mutex<Table>,
        at: usize,
        faults: &[Fault],
    ) -> (Outcome, Vec<Call>) {
        let scratch = scratch();
        let stage = (self.scene.set)(&ground(scratch.path()));
        let ended = strace::with(&stage.program(), faults, &scratch.path().join("log"));
        let hits = ended.hits();
        let done = self
            .outcome(&*stage, &ended)
            .and_then(|outcome| stage.heal(&ended).map(|()| outcome));
        let outcome = match &done {
            // Another call than was meant, because runs differ: no pipe breaks a read.
            _ if !ended.plausible() => Outcome::Missed,
            Err(_) => Outcome::Lost,
            // A kill leaves no mark on its call.
            Ok(_) if hits == 0 && !ended.killed() => Outcome::Missed,
            Ok(outcome) => *outcome,
        };
        let named: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let calls: Vec<&str> = faults.iter().map(|fault| fault.call.as_str()).collect();
        let mut table = table.lock().unwrap();
        let row = if faults.len() > 1 {
            "pairs".to_owned()
        } else {
            calls.concat()
        };
        table.add((at, self.scene.name), &row, outcome);
        if let (Err(why), Outcome::Lost) = (done, outcome) {
            let name = self.scene.name;
            table.lose(format!(
                "{name}: {}: {why}\n  code {:?}, stderr: {}",
                named.join(", "),
                ended.code,
                ended.err.trim()
            ));
        }
        (outcome, ended.calls)
    }

    /// All that can be said of one case.
    pub(crate) fn told(&self, faults: &[Fault]) -> String {
        let scratch = scratch();
        let stage = (self.scene.set)(&ground(scratch.path()));
        let log = scratch.path().join("log");
        let ended = strace::with(&stage.program(), faults, &log);
        let left = self.outcome(&*stage, &ended);
        let healed = stage.heal(&ended);
        let log = std::fs::read_to_string(log).unwrap();
        let out = String::from_utf8_lossy(&ended.out);
        format!(
            "{log}\n{}: clean {:?}, code {:?}, signal {:?}\n{out}\n{}\n{left:?}\n{healed:?}",
            self.scene.name, self.clean, ended.code, ended.signal, ended.err
        )
    }

    fn outcome(&self, stage: &dyn Stage, ended: &Ended) -> Result<Outcome, String> {
        outcome(stage, ended, self.clean)
    }
}

/// Judges a run that may have gone wrong.
pub(crate) fn outcome(
    stage: &dyn Stage,
    ended: &Ended,
    clean: Option<i32>,
) -> Result<Outcome, String> {
    // Without memory for its own start the runtime of Rust gives up before `main`.
    let unborn = ended.starved() && ended.err.contains("/library/std/src/");
    demand(unborn || !ended.err.contains("panicked"), || {
        "it panicked".into()
    })?;
    let left = stage.look(ended)?;
    if ended.killed() {
        return Ok(Outcome::Killed(left));
    }
    if ended.starved() {
        return Ok(Outcome::Told(left));
    }
    demand(ended.signal != Some(9), || "it hangs".into())?;
    demand(ended.code.is_some(), || {
        format!("signal {:?} ended it", ended.signal)
    })?;
    if stage.claims(ended, clean) {
        demand(left == Left::New, || {
            format!("it says that it is done: {left:?}")
        })?;
        return Ok(Outcome::Worked);
    }
    let said = stage.tells(ended) || ended.dumb();
    demand(said, || "it says nothing".into())?;
    Ok(Outcome::Told(left))
}
