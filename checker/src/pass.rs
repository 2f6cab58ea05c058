//! The story of a pass: read, decide, act, record, report.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use heartbeat::{BootStamp, NewBeat, WriteError, replace_file};
use manifest::{host_zone, is_open_to_all};
use watch::{JobState, Notes, Now};

use crate::cli::{Format, PassArgs};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::exit;
use crate::forge::Parts;
use crate::gather::said;
use crate::http::{Http, Limits};
use crate::output::{self, Look};
use crate::round::{Manner, Reached, Round, Terms, World, leave_own_beat, round};
use crate::routes;
use crate::state::{Lock, LockError, others, read_notes, state_dir, write_notes, write_record};

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

    /// What this pass may do.
    fn manner(&self) -> Manner {
        if self.args.look {
            Manner::Look
        } else if self.args.dry_run {
            Manner::Dry
        } else {
            Manner::Whole
        }
    }

    fn lock(&self) -> Result<Option<Lock>, Refusal> {
        if self.manner() != Manner::Whole {
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
        let config = self.args.config.as_deref();
        let config = config.unwrap_or(Path::new(crate::config::DEFAULT_PATH));
        let terms = Terms {
            host: &self.host,
            now: self.now,
            asleep: self.clock.asleep(),
            zone: host_zone(Path::new("/")),
            open_config: is_open_to_all(config).then_some(config),
            manifest: &manifest,
            policy: &self.config.policy,
            catch_up: self.config.checker.catch_up,
            manner: self.manner(),
        };
        let mut told = round(self, &terms);
        let mut problems = std::mem::take(&mut told.problems);
        let mut exit_code = told.exit_code;
        if terms.manner == Manner::Whole {
            let before = problems.len();
            problems.extend(self.leave(&terms, &told));
            self.export(&mut problems, &told);
            // What others rest on is missing: that is no good pass.
            if problems.len() > before && matches!(exit_code, exit::WELL | exit::FLAGGED) {
                exit_code = exit::UNDELIVERED;
            }
        }
        let result = self.result(&told, &problems, exit_code);
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

    fn result<'r>(
        &'r self,
        told: &'r Round,
        problems: &'r [String],
        exit_code: u8,
    ) -> output::Result<'r> {
        output::Result {
            host: &self.host,
            now: self.now.wall,
            exit_code,
            states: &told.seen.states,
            findings: &told.seen.findings,
            problems,
            deliveries: &told.outcome.deliveries,
            issues: &told.outcome.issues,
            acknowledged: &told.outcome.acknowledged,
            waits_for: &told.outcome.waits_for,
            outages: &told.outages,
        }
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
    fn export(&self, problems: &mut Vec<String>, told: &Round) {
        let mut wrong = Vec::new();
        let result = self.result(told, problems, told.exit_code);
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
    fn leave(&self, terms: &Terms<'_>, told: &Round) -> Vec<String> {
        let mut problems = Vec::new();
        // A pass by hand is no promise of further ones: at a terminal nothing is
        // left that would be missed in half an hour.
        if !io::stdout().is_terminal() {
            let interval = self.config.checker.interval;
            problems.extend(leave_own_beat(self, terms, told, interval));
        }
        let good = matches!(told.exit_code, exit::WELL | exit::FLAGGED);
        if let Some(address) = self.config.ping_url.as_ref().filter(|_| good)
            && let Err(error) = self
                .http()
                .ping("tell the watchdog that the checker is alive", address)
        {
            problems.push(error.to_string());
        }
        problems
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

/// The host itself: folders, notes in the state folder, the forges of the config.
impl World for Pass<'_> {
    type Store = PathBuf;

    fn stores(&self) -> &[PathBuf] {
        &self.stores
    }

    fn notes(&self) -> Option<Notes> {
        read_notes(&self.state_dir).ok()
    }

    fn keep(&self, notes: &Notes) -> Result<(), String> {
        let dir = self.state_dir.display();
        write_notes(&self.state_dir, notes)
            .map_err(|error| format!("cannot write the notes for the next pass in {dir}: {error}"))
    }

    fn routes(&self, states: &[JobState]) -> Reached {
        let parts = Parts {
            http: self.http(),
            clock: Rc::clone(&self.clock),
            token: None,
            state_dir: self.state_dir.clone(),
        };
        let (routes, unreached) = routes::open(&self.config, states, &parts);
        let mut notes = Vec::new();
        // Hosts of one name would close each other's issues.
        let anybody = matches!(self.host.as_str(), "localhost" | "(none)" | "");
        if anybody && !routes.is_empty() && self.config.forge.needs_token() {
            notes.push(format!(
                "this host calls itself \"{}\", as others may that share the repository: set host in [checker]",
                self.host
            ));
        }
        Reached {
            routes,
            unreached,
            notes,
        }
    }

    fn leave(&self, place: &Path, beat: &NewBeat<'_>) -> Result<(), WriteError> {
        // Not flushed: a power cut costs one beat of a checker that passes again soon.
        heartbeat::write_beat(place, beat, false)
    }
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
