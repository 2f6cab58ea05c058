//! `beat-check`: after any fault, either the pass says so or its work is done; the next
//! clean pass has one open issue for the silent job, none for any other, and the one of
//! the job that recovered is closed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use heartbeat::FileKind;
use house_tests::bins;
use house_tests::standin::{Flavour, Standin};
use serde_json::Value;
use watch::{Marker, Scope};

use crate::scene::{Ground, Left, Scene, Stage, demand, leave, names, put, store_is_whole, tidy};
use crate::strace::{Ended, Program, plain};

/// With the folder forge, after passes before.
pub(crate) const FOLDER: Scene = Scene {
    name: "beat-check, folder",
    set: |ground| Box::new(Check::new(ground, false, true)),
};

/// With the folder forge, the first pass ever.
pub(crate) const FIRST: Scene = Scene {
    name: "beat-check, first pass",
    set: |ground| Box::new(Check::new(ground, false, false)),
};

/// With a stand-in of Forgejo.
pub(crate) const FORGEJO: Scene = Scene {
    name: "beat-check, Forgejo",
    set: |ground| Box::new(Check::new(ground, true, true)),
};

const DAY: u64 = 86_400;

struct Check {
    disk: PathBuf,
    forge: Option<Standin>,
    /// Whether a job recovers, of which an issue tells.
    returns: bool,
}

/// An issue: the job, what it tells of it, whether it is open.
type Issue = (String, String, bool);

impl Check {
    fn new(ground: &Ground, http: bool, returns: bool) -> Self {
        let disk = ground.disk.clone();
        let store = disk.join("store");
        let forge = http.then(|| Standin::start(Flavour::Forgejo));
        let mut config = format!(
            "[checker]\nhost = \"here\"\njobs_dir = {:?}\n[export]\nprometheus_file = {:?}\n",
            disk.join("jobs.d"),
            disk.join("metrics/beats.prom"),
        );
        if let Some(forge) = &forge {
            let token = ground.aside.join("token");
            put(&token, forge.token());
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(&token, mode).unwrap();
            config += &format!(
                "[forge]\nkind = \"gitea\"\nurl = \"{}\"\nrepo = \"{}\"\ntoken_file = {token:?}\n",
                forge.url(),
                forge.repo()
            );
        }
        put(&disk.join("config.toml"), config);
        put(&disk.join("jobs.d/well.toml"), "[well]\nevery = \"1d\"\n");
        fs::create_dir(disk.join("metrics")).unwrap();
        leave(&store, FileKind::Last, "well", 60, DAY);
        let check = Self {
            disk,
            forge,
            returns,
        };
        if returns {
            leave(&store, FileKind::Last, "back", 864_000, DAY);
            let ended = plain(&check.program());
            assert_eq!(ended.code, Some(1), "{}", ended.err);
            leave(&store, FileKind::Last, "back", 60, DAY);
        }
        leave(&store, FileKind::Last, "silent", 864_000, 3_600);
        check
    }

    fn issues(&self) -> Result<Vec<Issue>, String> {
        let mut issues = Vec::new();
        let mut tell = |body: &str, open: bool| {
            let marker = Marker::parse(body).ok_or_else(|| format!("no marker: {body}"))?;
            let Scope::Job { job, .. } = marker.scope else {
                return Err("of a storm".to_owned());
            };
            issues.push((job, marker.kind, open));
            Ok(())
        };
        if let Some(forge) = &self.forge {
            let found = forge.world(|world| {
                let each = world.issues.iter();
                each.map(|one| (one.body.clone().unwrap_or_default(), one.open))
                    .collect::<Vec<_>>()
            });
            for (body, open) in found {
                tell(&body, open)?;
            }
            return Ok(issues);
        }
        for folder in ["open", "closed"] {
            let dir = self.disk.join("state/issues").join(folder);
            for name in names(&dir) {
                let text = fs::read_to_string(dir.join(&name)).unwrap();
                // What was closed may not have been moved yet.
                let closed = text.lines().take(12).any(|line| line == "state: closed");
                let body = text.find("<!-- heartbeat-checker ").map(|at| &text[at..]);
                let body = body.ok_or_else(|| format!("{name} is no issue: {text}"))?;
                tell(body, folder == "open" && !closed)?;
            }
        }
        Ok(issues)
    }

    /// How many issues each job has, and how many of them are open.
    fn counted(&self) -> Result<BTreeMap<String, (usize, usize)>, String> {
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (job, kind, open) in self.issues()? {
            // A beat that the fault made unreadable is a finding, and no false alarm.
            let true_alarm = ["silent", "back"].contains(&&*job)
                || kind == "unreadable"
                || kind == "recovered" && !open;
            demand(true_alarm, || format!("a false alarm: {job} {kind}"))?;
            let count = counts.entry(job).or_default();
            count.0 += 1;
            count.1 += usize::from(open);
        }
        let doubled = counts.iter().find(|(_, (all, _))| *all > 1);
        demand(doubled.is_none(), || {
            format!("an issue doubled: {counts:?}")
        })?;
        Ok(counts)
    }

    /// Whether all that should be told is told, and nothing else.
    fn right(&self) -> Result<bool, String> {
        let mut counts = self.counted()?;
        let silent = counts.remove("silent") == Some((1, 1));
        Ok(silent && counts.values().all(|(_, open)| *open == 0))
    }

    fn files_are_whole(&self) -> Result<(), String> {
        let state = self.disk.join("state");
        for name in ["last-pass.json", "notes.json"] {
            if let Ok(text) = fs::read(state.join(name)) {
                let json: Result<Value, _> = serde_json::from_slice(&text);
                demand(json.is_ok(), || format!("{name} is torn"))?;
            }
        }
        if let Ok(text) = fs::read_to_string(self.disk.join("metrics/beats.prom")) {
            demand(text.ends_with('\n'), || "the metrics are torn".into())?;
        }
        Ok(())
    }
}

/// The jobs that it says are flagged.
fn flagged(ended: &Ended) -> Vec<String> {
    let pass: Value = serde_json::from_slice(&ended.out).unwrap_or_default();
    let jobs = pass["jobs"].as_array().into_iter().flatten();
    let mut names: Vec<String> = jobs
        .filter(|job| job["flagged"] == true)
        .filter_map(|job| job["job"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

impl Stage for Check {
    fn program(&self) -> Program {
        let mut program = Program::new(bins::beat_check())
            .arg("--dir")
            .arg(self.disk.join("store"))
            .arg("--state-dir")
            .arg(self.disk.join("state"))
            .arg("--config")
            .arg(self.disk.join("config.toml"))
            .args(&["--format", "json"]);
        program.threads = self.forge.is_some();
        program
    }

    /// With a beat that could not be read it says so, and is done with what it saw.
    fn claims(&self, ended: &Ended, clean: Option<i32>) -> bool {
        ended.code == clean && flagged(ended) == ["silent"]
    }

    fn tells(&self, ended: &Ended) -> bool {
        !ended.err.trim().is_empty() || flagged(ended).len() > 1
    }

    fn look(&self, ended: &Ended) -> Result<Left, String> {
        store_is_whole(&self.disk.join("store"))?;
        self.files_are_whole()?;
        let beats = [
            "well.last",
            "silent.last",
            "back.last",
            "beat-check.last",
            "beat-check.fail",
        ];
        tidy(&self.disk.join("store"), &beats, ended)?;
        let files = ["lock", "last-pass.json", "notes.json", "issues"];
        tidy(&self.disk.join("state"), &files, ended)?;
        demand(ended.code != Some(0), || "it says that all is well".into())?;
        if ended.code == Some(1) {
            let told = flagged(ended).iter().any(|job| job == "silent");
            demand(told || ended.dumb(), || {
                "it says nothing of the silent job".into()
            })?;
        }
        let counts = self.counted()?;
        if self.right()? {
            return Ok(Left::New);
        }
        let opened = counts.contains_key("silent");
        let closed = counts.get("back").is_some_and(|(_, open)| *open == 0);
        Ok(if opened || closed {
            Left::Between
        } else {
            Left::Old
        })
    }

    fn heal(&self, _: &Ended) -> Result<(), String> {
        let ended = plain(&self.program());
        demand(ended.code == Some(1), || {
            format!("a clean pass ends with {:?}: {}", ended.code, ended.err)
        })?;
        demand(self.right()?, || {
            format!("after a clean pass: {:?}", self.issues())
        })?;
        let wanted = usize::from(self.returns);
        let counts = self.counted()?;
        let back = counts.get("back").map_or(0, |(all, _)| *all);
        demand(back == wanted, || format!("an issue is lost: {counts:?}"))?;
        // It recovers: its issue is closed, by the next pass.
        leave(&self.disk.join("store"), FileKind::Last, "silent", 0, DAY);
        let ended = plain(&self.program());
        demand(ended.code == Some(0), || {
            format!(
                "all is well, and a pass ends with {:?}: {}",
                ended.code, ended.err
            )
        })?;
        let open = self.issues()?.into_iter().filter(|(_, _, open)| *open);
        demand(open.count() == 0, || {
            format!("still open: {:?}", self.issues())
        })?;
        self.files_are_whole()
    }
}
