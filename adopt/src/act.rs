//! `--apply` and `--undo`: shows what would change, asks, and has it done.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, stderr, stdin};
use std::path::{Path, PathBuf};

use crate::adoption::{Ground, Plan, chosen, plan};
use crate::apply::{ApplyError, Paths, Selection, Undone, confirm, outlook, undo};
use crate::cli::Cli;
use crate::coverage::Coverage;
use crate::error::{BLIND, Error, LACKING, UNWRITTEN, USAGE, WELL, shown};
use crate::gather::Gathered;
use crate::output::{print, tell_unseen};
use crate::root::Root;

/// Where `beat` is installed.
const BEATS: [&str; 2] = ["/usr/bin/beat", "/usr/local/bin/beat"];

/// Where copies of what was changed lie, for root.
const STATE: &str = "/var/lib/beat-adopt";

/// Makes jobs leave a beat.
///
/// # Errors
/// When a name is no job's, or a change could not be made.
pub(crate) fn apply(cli: &Cli, gathered: &Gathered, named: &[String]) -> Result<u8, Error> {
    let root = &gathered.root;
    let jobs = chosen(&gathered.coverage.jobs, named).map_err(|unknown| {
        let doing = format!("adopt {}", unknown.join(", "));
        Error::new(USAGE, doing, "there is no such job here")
            .hint("beat-adopt lists the jobs by name; that of another user is written USER/NAME")
    })?;
    let installed = BEATS.iter().find(|beat| root.runnable(Path::new(beat)));
    let Some(beat) = installed else {
        return Err(
            Error::new(USAGE, "adopt jobs", "the program beat is not installed")
                .hint("install the package heartbeat-checker first"),
        );
    };
    let ground = Ground {
        root,
        users: &gathered.users,
        manifest: &gathered.manifest,
        beat: Path::new(beat),
        own: gathered.own.as_deref(),
    };
    let plan = plan(&ground, &jobs);
    let edits = plan.edits(root);
    print(&edits.diff())?;
    print(&left(&plan))?;
    let coverage = &gathered.coverage;
    tell_unseen(&coverage.unseen);
    if plan.done.is_empty() {
        print(&notes(&plan))?;
        print("Nothing to change.\n")?;
        return Ok(code(&plan, coverage));
    }
    let jobs = counted(plan.done.len());
    if cli.dry_run {
        print(&format!("Nothing was changed; this would adopt {jobs}.\n"))?;
        return Ok(WELL);
    }
    if !agreed(cli, &format!("Make {jobs} leave a beat?"))? {
        return Ok(LACKING);
    }
    let applied = edits.carry_out(&paths(root)?).map_err(error)?;
    let mut said = format!("{jobs} adopted; beat-adopt --undo takes it back.\n");
    if let Some(record) = &applied.record {
        let _ = writeln!(said, "Copies of what was there: {}", shown(record));
    }
    said.push_str(&notes(&plan));
    print(&said)?;
    Ok(code(&plan, coverage))
}

/// Whether all that was asked for leaves a beat now, as far as it could be seen.
fn code(plan: &Plan, coverage: &Coverage) -> u8 {
    if !coverage.unseen.is_empty() {
        return BLIND;
    }
    let lacks = plan.left.iter().any(|left| !left.leaves_one);
    if lacks { LACKING } else { WELL }
}

/// Takes back what was done to jobs.
///
/// # Errors
/// When a file could not be put back.
pub(crate) fn take_back(cli: &Cli, named: &[String]) -> Result<u8, Error> {
    let root = cli.root.as_ref().map_or_else(Root::live, Root::image);
    let (selection, what) = if named.is_empty() {
        (Selection::All, "all that was adopted".to_owned())
    } else {
        (Selection::Jobs(named.to_vec()), named.join(", "))
    };
    let paths = paths(&root)?;
    let looked = outlook(&paths, &selection);
    if cli.dry_run {
        let (would, changes) = looked.map_err(error)?;
        print(&changes)?;
        let mut said = left_alone(&would);
        match (would.restored.is_empty(), would.left.is_empty()) {
            (true, true) => said.push_str("There is nothing to take back.\n"),
            (true, false) => said.push_str("Nothing can be taken back.\n"),
            (false, _) => {
                let _ = writeln!(said, "Nothing was changed; this would take back {what}.");
            }
        }
        print(&said)?;
        return Ok(undone_code(&would));
    }
    // What was put back by hand needs no question: it is only forgotten. What cannot be
    // looked at hinders nothing that comes before it, and is told when its turn comes.
    let asks = match &looked {
        Ok((would, changes)) => {
            print(changes)?;
            !would.restored.is_empty()
        }
        Err(_) => true,
    };
    if asks && !agreed(cli, &format!("Take back {what}?"))? {
        return Ok(LACKING);
    }
    let undone = undo(&paths, &selection).map_err(error)?;
    let mut said = String::new();
    for path in &undone.restored {
        let _ = writeln!(said, "as it was: {}", shown(path));
    }
    said.push_str(&left_alone(&undone));
    if said.is_empty() {
        said.push_str("There is nothing to take back.\n");
    }
    if undone
        .restored
        .iter()
        .any(|path| path.starts_with("/etc/systemd"))
    {
        said.push_str("Then tell systemd: systemctl daemon-reload\n");
    }
    print(&said)?;
    Ok(undone_code(&undone))
}

fn left_alone(undone: &Undone) -> String {
    let mut out = String::new();
    for left in &undone.left {
        let (path, why, diff) = (shown(&left.path), &left.why, &left.diff);
        let _ = writeln!(out, "left alone: {path}: {why}\n{diff}");
    }
    out
}

fn undone_code(undone: &Undone) -> u8 {
    if undone.left.is_empty() {
        WELL
    } else {
        LACKING
    }
}

fn counted(jobs: usize) -> String {
    match jobs {
        1 => "1 job".into(),
        n => format!("{n} jobs"),
    }
}

fn notes(plan: &Plan) -> String {
    plan.notes
        .iter()
        .fold(String::new(), |all, note| all + note + "\n")
}

/// The jobs that are left alone.
fn left(plan: &Plan) -> String {
    let mut out = String::new();
    if !plan.left.is_empty() {
        out.push_str("Left alone:\n");
    }
    for left in &plan.left {
        let _ = writeln!(out, "  {}  {}\n    {}", left.job, left.place, left.why);
    }
    if !plan.left.is_empty() {
        out.push('\n');
    }
    out
}

/// Whether to go on: by `--yes`, or asked on the terminal.
fn agreed(cli: &Cli, question: &str) -> Result<bool, Error> {
    if cli.yes {
        return Ok(true);
    }
    if !stdin().is_terminal() {
        return Err(
            Error::new(USAGE, "ask whether to go on", "there is no terminal")
                .hint("say --yes to change it, or --dry-run to see it only"),
        );
    }
    confirm(question, &mut stdin().lock(), &mut stderr())
        .map_err(|e| Error::new(USAGE, "ask whether to go on", crate::error::said(&e)))
}

/// Where the copies lie: root's in the system's folder, another user's in their own.
fn paths(root: &Root) -> Result<Paths, Error> {
    let state = if root.is_image() || rustix::process::geteuid().is_root() {
        root.outside(Path::new(STATE))
    } else {
        let set = |name| std::env::var_os(name).filter(|value| Path::new(value).is_absolute());
        let own = set("XDG_STATE_HOME").map(PathBuf::from);
        let own = own.or_else(|| Some(Path::new(&set("HOME")?).join(".local/state")));
        own.ok_or_else(|| Error::new(USAGE, "find a place for copies", "HOME is not set"))?
            .join("beat-adopt")
    };
    Ok(Paths {
        state,
        root: root.dir().to_owned(),
    })
}

fn error(error: ApplyError) -> Error {
    let mut why = error.why;
    for path in &error.changed {
        let _ = write!(why, "; changed before that: {}", shown(path));
    }
    Error {
        code: UNWRITTEN,
        doing: error.doing,
        why,
        hint: error.hint,
    }
}
