//! The story of a pass: read, decide, act, record, report.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use heartbeat::{BootStamp, WriteError, replace_file};
use manifest::{Manifest, host_zone};
use watch::{
    Cause, JobState, KnownTimetables, Notes, Now, OutageLine, Rules, Witness, Zone, stories,
};

use crate::cli::{Format, PassArgs};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::deliver::{Outcome, Subject, deliver};
use crate::forge::Parts;
use crate::gather::{Gathered, Measure, OWN_JOB, gather, leave_own_beat, own_witness, said};
use crate::http::{Http, Limits};
use crate::output::{self, Look};
use crate::routes;
use crate::state::{Lock, LockError, others, read_notes, state_dir, write_notes, write_record};
use crate::{exit, expected};

/// Something that ends a pass before it began: what, and what to do.
#[derive(Debug)]
pub struct Refusal {
    /// Exit code.
    pub code: u8,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Runs one pass and returns its exit code.
///
/// # Errors
/// When it could not begin.
pub fn run(args: &PassArgs) -> Result<u8, Refusal> {
    let clock: Rc<dyn Clock> = Rc::new(SystemClock::start());
    let config = load(args.config.as_deref())?;
    let pass = Pass::new(args, config, clock)?;
    let _lock = pass.lock()?;
    pass.go()
}

/// Reads the config.
///
/// # Errors
/// Its first fault.
pub(crate) fn load(named: Option<&Path>) -> Result<Config, Refusal> {
    Config::load(named).map_err(|error| Refusal {
        code: exit::USAGE,
        message: error.to_string(),
        hint: error.hint,
    })
}

struct Pass<'a> {
    args: &'a PassArgs,
    config: Config,
    clock: Rc<dyn Clock>,
    host: String,
    now: Now,
    stores: Vec<PathBuf>,
    state_dir: PathBuf,
}

impl<'a> Pass<'a> {
    fn new(args: &'a PassArgs, config: Config, clock: Rc<dyn Clock>) -> Result<Self, Refusal> {
        let named = args
            .state_dir
            .as_deref()
            .or(config.checker.state_dir.as_deref());
        let env = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let state_dir = state_dir(named, &env).ok_or_else(|| Refusal {
            code: exit::USAGE,
            message: "there is no place for the checker's state: HOME is not set".into(),
            hint: Some("name one with --state-dir".into()),
        })?;
        // The forge tells of places in it; they must hold wherever they are read.
        let state_dir = std::path::absolute(&state_dir).unwrap_or(state_dir);
        let stores = match (&args.dir[..], &config.checker.stores[..]) {
            ([], []) => heartbeat::reader_stores(),
            ([], configured) => configured.to_vec(),
            (named, _) => named.to_vec(),
        };
        Ok(Self {
            host: match &config.checker.host {
                Some(named) => named.get_ref().clone(),
                None => host_name(),
            },
            now: Now {
                wall: clock.now(),
                boot: BootStamp::now(),
            },
            args,
            config,
            clock,
            stores,
            state_dir,
        })
    }

    /// Whether this pass leaves everything as it is.
    fn only_looks(&self) -> bool {
        self.args.dry_run || self.args.look
    }

    fn lock(&self) -> Result<Option<Lock>, Refusal> {
        if self.only_looks() {
            return Ok(None);
        }
        let dir = self.state_dir.display();
        if let Some(owner) = others(&self.state_dir) {
            return Err(Refusal {
                code: exit::USAGE,
                message: format!("the state folder {dir} belongs to {owner}, and this is root"),
                hint: Some(format!(
                    "what root leaves there and in the store would be in {owner}'s way: `beat-check --look` only looks, and `runuser -u {owner} -- beat-check` is a whole pass"
                )),
            });
        }
        Lock::take(&self.state_dir)
            .map(Some)
            .map_err(|error| match error {
                LockError::Busy => Refusal {
                    code: exit::BLIND,
                    message: format!("another pass is running (it holds {dir}/lock)"),
                    hint: Some("wait for it; a pass ends at its deadline at the latest".into()),
                },
                LockError::Io(error) => Refusal {
                    code: exit::BLIND,
                    message: format!("cannot use the state folder {dir}: {}", said(&error)),
                    hint: Some(
                        "name another one with --state-dir, or only look with --look".into(),
                    ),
                },
            })
    }

    fn go(&self) -> Result<u8, Refusal> {
        let manifest = self.config.manifest();
        let mut notes = self.notes();
        let mut seen = self.look(&manifest, &notes);
        let config = self.args.config.as_deref();
        let config = config.unwrap_or(Path::new(crate::config::DEFAULT_PATH));
        expected::tell(config, &manifest, &mut seen);
        let outages = stories(&notes.outages, &seen.states, self.now.wall);
        let mut problems = blindness(&seen);
        problems.extend(expected::faults(&manifest));
        let blind = !problems.is_empty();
        let clock_fault = seen.evidence.fault();
        let outcome = match clock_fault {
            Some(fault) => {
                problems.push(format!(
                    "the clock cannot be believed: {fault}. Nothing was opened or closed. Is the time right? `timedatectl`. {}",
                    if_it_is(&seen)
                ));
                Outcome::default()
            }
            None if self.args.look => Outcome::default(),
            None => self.deliver(&seen),
        };
        if clock_fault.is_none() && !self.only_looks() {
            problems.extend(self.keep(&mut notes, &seen));
        }
        for error in &outcome.errors {
            let hint = error
                .hint
                .as_ref()
                .map_or(String::new(), |hint| format!(" ({hint})"));
            problems.push(format!("{error}{hint}"));
        }
        problems.extend(outcome.notes.iter().cloned());
        let flagged = seen.states.first().is_some_and(JobState::flagged);
        let mut exit_code = if clock_fault.is_some() {
            exit::CLOCK
        } else if blind {
            exit::BLIND
        } else if !outcome.errors.is_empty() {
            exit::UNDELIVERED
        } else if flagged || !seen.findings.is_empty() {
            exit::FLAGGED
        } else {
            exit::WELL
        };
        if !self.only_looks() {
            let told = problems.len();
            self.leave(&mut problems, &seen, exit_code);
            self.export(&mut problems, &seen, &outcome, &outages, exit_code);
            // What others rest on is missing: that is no good pass.
            if problems.len() > told && matches!(exit_code, exit::WELL | exit::FLAGGED) {
                exit_code = exit::UNDELIVERED;
            }
        }
        let result = self.result(&seen, &outcome, &outages, &problems, exit_code);
        let shown = self.show(&result);
        // Aside from the result, so that cron mails them whatever is done with it.
        for problem in &problems {
            let _ = writeln!(io::stderr(), "problem: {problem}");
        }
        shown?;
        Ok(match self.args.format {
            Format::Nagios => output::nagios_exit_code_of(exit_code, &result.summary()),
            _ => exit_code,
        })
    }

    /// What the pass before knew, brought up to now. Notes that cannot be read are as
    /// good as none: the checker's own beat tells of the clocks then.
    fn notes(&self) -> Notes {
        let now = Witness {
            wall: self.now.wall,
            boot: self.now.boot,
            asleep: Some(self.clock.asleep()),
        };
        let mut notes = read_notes(&self.state_dir).unwrap_or_default();
        notes.witness = notes.witness.or_else(|| own_witness(&self.stores));
        notes.at(&now)
    }

    /// Reads the stores and judges the jobs.
    fn look(&self, manifest: &Manifest, notes: &Notes) -> Gathered {
        let zone = host_zone(Path::new("/"));
        let timetables = KnownTimetables::new(zone.unwrap_or(Zone::utc()));
        let rules = Rules {
            now: self.now,
            timetables: &timetables,
            outages: &notes.outages,
            catch_up: self.config.checker.catch_up,
        };
        let measure = Measure {
            host: &self.host,
            rules,
            expected: manifest.jobs(),
            notes,
        };
        let mut seen = gather(&self.stores, &measure);
        if zone.is_none() {
            expected::tell_no_zone(&mut seen);
        }
        seen
    }

    /// Leaves the notes for the next pass.
    fn keep(&self, notes: &mut Notes, seen: &Gathered) -> Option<String> {
        let unborn = seen.states.iter().filter(|state| {
            // What could not be read may have succeeded.
            let known = !matches!(state.cause(), Some(Cause::Unreadable { .. }));
            state.last_success.is_none() && known
        });
        let key = |state: &JobState| (state.key.user().to_owned(), state.key.job.to_string());
        notes.keep(unborn.map(key));
        let error = write_notes(&self.state_dir, notes).err()?;
        let dir = self.state_dir.display();
        Some(format!(
            "cannot write the notes for the next pass in {dir}: {error}; a job that never ran is flagged later"
        ))
    }

    fn result<'r>(
        &'r self,
        seen: &'r Gathered,
        outcome: &'r Outcome,
        outages: &'r [OutageLine],
        problems: &'r [String],
        exit_code: u8,
    ) -> output::Result<'r> {
        output::Result {
            host: &self.host,
            now: self.now.wall,
            exit_code,
            states: &seen.states,
            findings: &seen.findings,
            problems,
            deliveries: &outcome.deliveries,
            issues: &outcome.issues,
            acknowledged: &outcome.acknowledged,
            waits_for: &outcome.waits_for,
            outages,
        }
    }

    fn deliver(&self, seen: &Gathered) -> Outcome {
        let parts = Parts {
            http: self.http(),
            clock: Rc::clone(&self.clock),
            token: None,
            state_dir: self.state_dir.clone(),
        };
        let (routes, unreached) = routes::open(&self.config, &seen.states, &parts);
        let subject = Subject {
            states: &seen.states,
            host: &self.host,
            sight: &seen.sight,
            policy: &self.config.policy,
            now: self.now.wall,
            dry_run: self.args.dry_run,
        };
        let mut outcome = deliver(&routes, &subject);
        outcome.errors.extend(unreached);
        // Hosts of one name would close each other's issues.
        let anybody = matches!(self.host.as_str(), "localhost" | "(none)" | "");
        if anybody && !routes.is_empty() && self.config.forge.needs_token() {
            outcome.notes.push(format!(
                "this host calls itself \"{}\", as others may that share the repository: set host in [checker]",
                self.host
            ));
        }
        outcome
    }

    fn http(&self) -> Rc<Http> {
        let deadline = self.config.checker.deadline;
        Rc::new(Http::new(
            Limits::default(),
            Rc::clone(&self.clock),
            deadline,
        ))
    }

    /// Leaves what others read: metrics, and the record for the reporter. What
    /// fails here is said, and changes no verdict.
    fn export(
        &self,
        problems: &mut Vec<String>,
        seen: &Gathered,
        outcome: &Outcome,
        outages: &[OutageLine],
        code: u8,
    ) {
        let mut wrong = Vec::new();
        let result = self.result(seen, outcome, outages, problems, code);
        if let Some(file) = &self.config.prometheus_file {
            let mut text = Vec::new();
            let made = output::write(&mut text, Format::Prometheus, &result, Look::default());
            let written = made
                .map_err(|e| e.to_string())
                .and_then(|()| replace(file, &text));
            if let Err(why) = written {
                wrong.push(format!(
                    "cannot write the metrics to {}: {why}",
                    file.display()
                ));
            }
        }
        if let Err(error) = write_record(&self.state_dir, &output::record(&result)) {
            let dir = self.state_dir.display();
            wrong.push(format!(
                "cannot write the record of this pass in {dir}: {error}"
            ));
        }
        problems.extend(wrong);
    }

    /// Leaves the checker's own beat, and tells the outside that it is alive.
    fn leave(&self, problems: &mut Vec<String>, seen: &Gathered, code: u8) {
        let good = matches!(code, exit::WELL | exit::FLAGGED);
        // A pass by hand is no promise of further ones: at a terminal nothing is
        // left that would be missed in half an hour.
        if code != exit::CLOCK && !io::stdout().is_terminal() {
            let interval = self.config.checker.interval;
            let left = match &seen.own_place {
                Some(place) => leave_own_beat(place, &self.now, &self.host, interval, code)
                    .map_err(|error| format!("in {}: {error}", place.display())),
                // A store that could not be read has been told already.
                None if !seen.unseen.is_empty() => Ok(()),
                None => Err("this user has no place in the store".to_owned()),
            };
            if let Err(why) = left {
                problems.push(format!("cannot leave the checker's own beat: {why}"));
            }
        }
        if let Some(address) = self.config.ping_url.as_ref().filter(|_| good)
            && let Err(error) = self
                .http()
                .ping("tell the watchdog that the checker is alive", address)
        {
            problems.push(error.to_string());
        }
    }

    fn show(&self, result: &output::Result<'_>) -> Result<(), Refusal> {
        let look = Look {
            all: self.args.all,
            colour: self.args.out.is_none() && colour_wanted(),
        };
        let format = self.args.format;
        let Some(file) = &self.args.out else {
            let mut out = BufWriter::new(io::stdout().lock());
            let written = output::write(&mut out, format, result, look).and_then(|()| out.flush());
            return match written {
                // Whoever read it has seen enough.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Refusal {
                    code: exit::BLIND,
                    message: format!("cannot print the result: {error}"),
                    hint: None,
                }),
                _ => Ok(()),
            };
        };
        let mut text = Vec::new();
        let made = output::write(&mut text, format, result, look).map_err(|e| e.to_string());
        made.and_then(|()| replace(file, &text))
            .map_err(|why| Refusal {
                code: exit::BLIND,
                message: format!("cannot write the result to {}: {why}", file.display()),
                hint: Some("the folder must exist and be writable".into()),
            })
    }
}

/// What could not be seen, in words.
fn blindness(seen: &Gathered) -> Vec<String> {
    let stores = seen.unseen.iter().map(|(store, why)| {
        let store = store.display();
        format!("cannot read the store {store}: {why}; its jobs are not watched")
    });
    let places = seen.findings.iter().filter(|finding| finding.blind);
    stores.chain(places.map(ToString::to_string)).collect()
}

/// What to do when the clock is right after all.
fn if_it_is(seen: &Gathered) -> String {
    if seen.evidence.own_in_past == Some(false)
        && let Some(place) = &seen.own_place
    {
        let own = place.join(format!("{OWN_JOB}.last"));
        return format!(
            "If it is, it was not when the checker left {}: remove that file",
            own.display()
        );
    }
    let ahead = |state: &JobState| match state.cause() {
        Some(Cause::Ahead(ahead)) => Some((*ahead, state.key.shown().to_string())),
        _ => None,
    };
    let furthest = seen.states.iter().filter_map(ahead).max();
    furthest.map_or_else(String::new, |(_, job)| {
        format!("If it is, it was not when these beats were left: let the jobs run once more, {job} above all")
    })
}

fn host_name() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

fn colour_wanted() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !no_colour && !dumb && io::stdout().is_terminal()
}

fn replace(file: &Path, content: &[u8]) -> Result<(), String> {
    // What a link leads to is replaced, not the link; a pipe or a device is nobody's to
    // replace.
    let real = match file.canonicalize() {
        Ok(real) if real.is_file() => real,
        Ok(_) => return Err("it is there and no regular file".into()),
        Err(_) => file.to_owned(),
    };
    let name = real
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or("it is no file name")?;
    let dir = match real.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    replace_file(dir, name, content, false).map_err(|error: WriteError| error.to_string())
}
