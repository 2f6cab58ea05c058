//! One pass: the real round over a made-up host, with the real client of a forge over a
//! made-up line. Whatever is to befall the pass befalls it here, and so do planted bugs.

mod line;
mod store;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use checker::clock::Clock;
use checker::deliver::Route;
use checker::exit;
use checker::forge::Parts;
use checker::http::{Http, Limits};
use checker::round::{Manner, Reached, Terms, World, leave_own_beat, round};
use checker::secret::Secret;
use chrono::{DateTime, Utc};
use heartbeat::{FileKind, Interval, NewBeat, WriteError};
use watch::{JobState, Notes, Now, Policy, Zone};

use crate::bugs::Bug;
use crate::entries;
use crate::host::{File, Host, time};
use crate::server::{Deed, Server};
use crate::tally::Tally;
use crate::timetable::Moment;
use line::Line;
use store::SimStore;

/// Where all of it is.
const STORE: &str = "/var/lib/heartbeats";

/// Everything that passes share.
#[derive(Debug)]
pub struct Scene {
    /// The hosts.
    pub hosts: Vec<RefCell<Host>>,
    /// The forge.
    pub server: RefCell<Server>,
    /// The counts.
    pub tally: RefCell<Tally>,
    /// The bug that is planted.
    pub bug: Option<Bug>,
    /// How often a checker passes, in seconds.
    pub cadence: i64,
    /// The settings of the forge.
    pub forge: Box<dyn checker::forge::Settings>,
    /// What happened, where it is told.
    pub notes: Option<RefCell<Vec<String>>>,
}

impl Scene {
    /// Notes what happened, where it is told.
    pub fn note(&self, at: Moment, what: impl FnOnce() -> String) {
        if let Some(notes) = &self.notes {
            notes
                .borrow_mut()
                .push(format!("{} {}", time(at).to_rfc3339(), what()));
        }
    }
}

/// What befalls a pass.
#[derive(Debug, Clone, Copy, Default)]
pub struct Luck {
    /// It dies at this effect: an even number before it, an odd one after it.
    pub dies: Option<i64>,
    /// At this request another host's pass, or another one of the same, runs whole.
    pub meets: Option<(i64, usize)>,
}

/// What a pass did, as nobody but the simulator sees it.
#[derive(Debug, Default)]
pub struct Report {
    /// Which host.
    pub host: usize,
    /// Whether it died.
    pub died: bool,
    /// Its exit code.
    pub code: u8,
    /// Whether it could not say everything.
    pub undelivered: bool,
    /// Whether anything was in its way on the line.
    pub hit: bool,
    /// Whether it left its notes.
    pub kept: bool,
    /// Whether another pass ran meanwhile.
    pub met: bool,
    /// When the checker's own beats were left that lay there before, by their clock.
    pub own: Vec<Moment>,
    /// What was done to the forge meanwhile.
    pub deeds: Vec<Deed>,
}

struct Passing {
    scene: Rc<Scene>,
    host: usize,
    at: Moment,
    luck: Luck,
    effects: Cell<i64>,
    requests: Cell<i64>,
    dead: Cell<bool>,
    hit: Cell<bool>,
    kept: Cell<bool>,
    met: Cell<bool>,
    clock: Rc<SimClock>,
    store: [SimStore; 1],
}

/// The clock of a pass: it stands still but for waiting.
struct SimClock {
    start: Moment,
    elapsed: Cell<Duration>,
    asleep: Duration,
}

impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        time(self.start + i64::try_from(self.elapsed.get().as_millis()).unwrap_or(0))
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn asleep(&self) -> Duration {
        self.asleep
    }

    fn sleep(&self, duration: Duration) {
        self.elapsed.set(self.elapsed.get() + duration);
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// Runs one pass of a host.
pub fn pass(scene: &Rc<Scene>, host: usize, at: Moment, luck: Luck) -> Report {
    let (now, asleep, name, zone, threshold, own) = {
        let mut one = scene.hosts[host].borrow_mut();
        entries::refresh(&mut one, at, scene.bug);
        let asleep = Duration::from_millis(u64::try_from(one.slept).unwrap_or(0));
        let boot = one
            .stamp(at)
            .filter(|_| scene.bug != Some(Bug::WallClockOnly));
        let now = Now {
            wall: time(one.wall(at)),
            boot,
        };
        let house = &one.house;
        let own = one.own.iter().flatten().map(|file| file.modified).collect();
        (
            now,
            asleep,
            house.name.clone(),
            house.zone,
            house.storm_threshold,
            own,
        )
    };
    let passing = Rc::new(Passing {
        scene: Rc::clone(scene),
        host,
        at,
        luck,
        effects: Cell::new(0),
        requests: Cell::new(0),
        dead: Cell::new(false),
        hit: Cell::new(false),
        kept: Cell::new(false),
        met: Cell::new(false),
        clock: Rc::new(SimClock {
            start: now.wall.timestamp_millis(),
            elapsed: Cell::new(Duration::ZERO),
            asleep,
        }),
        store: [SimStore {
            scene: Rc::clone(scene),
            host,
            at,
            path: STORE.into(),
        }],
    });
    let manifest = Rc::clone(&scene.hosts[host].borrow().manifest.1);
    let policy = Policy {
        storm_threshold: threshold,
        ..Policy::default()
    };
    let terms = Terms {
        host: &name,
        now,
        asleep,
        zone: Zone::named(zone.name()).ok(),
        manifest: &manifest,
        policy: &policy,
        open_config: None,
        catch_up: match scene.bug {
            Some(Bug::CatchUpForEver) => Duration::from_secs(30 * 86_400),
            _ => manifest::DEFAULT_CATCH_UP,
        },
        manner: Manner::Whole,
    };
    let world = Sight(Rc::clone(&passing));
    let told = round(&world, &terms);
    let interval = u64::try_from(scene.cadence).unwrap_or(900);
    if let Ok(interval) = Interval::from_seconds(interval) {
        let _ = leave_own_beat(&world, &terms, &told, interval);
    }
    let requests = u64::try_from(passing.requests.get()).unwrap_or(0);
    let mut tally = scene.tally.borrow_mut();
    tally.requests += requests;
    tally.most_requests = tally.most_requests.max(requests);
    Report {
        host,
        died: passing.dead.get(),
        code: told.exit_code,
        undelivered: !told.outcome.errors.is_empty(),
        hit: passing.hit.get(),
        kept: passing.kept.get(),
        met: passing.met.get(),
        own,
        deeds: std::mem::take(&mut scene.server.borrow_mut().deeds),
    }
}

impl Passing {
    /// Whether the pass is still there to do the next thing; `after` asks once more
    /// when it is done.
    fn lives(&self, after: bool) -> bool {
        if !after {
            self.effects.set(self.effects.get() + 1);
        }
        let reached = (self.effects.get() - 1) * 2 + i64::from(after);
        if self.luck.dies == Some(reached) && !self.dead.get() {
            self.dead.set(true);
            self.scene.tally.borrow_mut().happened("cut");
        }
        !self.dead.get()
    }

    fn host(&self) -> &RefCell<Host> {
        &self.scene.hosts[self.host]
    }
}

/// The world as the round sees it.
struct Sight(Rc<Passing>);

impl World for Sight {
    type Store = SimStore;

    fn stores(&self) -> &[SimStore] {
        &self.0.store
    }

    fn notes(&self) -> Option<Notes> {
        let host = self.0.host().borrow();
        Notes::from_json(host.notes.as_deref()?).ok()
    }

    fn keep(&self, notes: &Notes) -> Result<(), String> {
        if !self.0.lives(false) {
            return Err("the pass is dead".into());
        }
        let mut host = self.0.host().borrow_mut();
        if self.0.at < host.full {
            return Err("the disk is full".into());
        }
        host.notes = Some(notes.to_json());
        drop(host);
        self.0.kept.set(true);
        self.0.lives(true);
        Ok(())
    }

    fn routes(&self, _: &[JobState]) -> Reached {
        let line = Line(Rc::clone(&self.0));
        let clock: Rc<dyn Clock> = Rc::clone(&self.0.clock) as Rc<dyn Clock>;
        let deadline = Duration::from_secs(120);
        let http = Http::over(
            Rc::new(line),
            Limits::default(),
            Rc::clone(&clock),
            deadline,
        );
        let parts = Parts {
            http: Rc::new(http),
            clock,
            token: Secret::new("abcdefghijklmnop").ok(),
            state_dir: PathBuf::new(),
        };
        let opened = self.0.scene.forge.open(parts);
        match opened {
            Ok(forge) => Reached {
                routes: vec![Route {
                    forge,
                    takes: Box::new(|_| true),
                }],
                ..Reached::default()
            },
            Err(error) => Reached {
                unreached: vec![error],
                ..Reached::default()
            },
        }
    }

    fn leave(&self, _: &Path, beat: &NewBeat<'_>) -> Result<(), WriteError> {
        if !self.0.lives(false) {
            return Ok(());
        }
        let mut host = self.0.host().borrow_mut();
        if self.0.at < host.full {
            return Ok(());
        }
        let wall = host.wall(self.0.at);
        let place = usize::from(beat.kind == FileKind::Fail);
        host.own[place] = Some(File::new(beat.to_line().into_bytes(), wall));
        Ok(())
    }
}

/// Whether a pass did all that it was there for, as it claims.
#[must_use]
pub const fn claims_all(report: &Report) -> bool {
    !report.died && report.code != exit::CLOCK && !report.undelivered
}
