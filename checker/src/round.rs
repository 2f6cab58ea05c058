//! The round of a pass, from the notes and the beats to what was said to the forge:
//! read, believe or not, plan, deliver, leave. All that it reads and leaves goes
//! through [`World`], so the very same round runs over folders and over a made-up host.
//! It reads no clock and prints nothing.

use std::path::Path;
use std::time::Duration;

use heartbeat::{FileKind, Interval, JobName, NewBeat, WriteError};
use manifest::Manifest;
use watch::{
    Cause, Doubt, JobState, KnownTimetables, Notes, Now, OutageLine, Policy, Rules, Witness, Zone,
    stories,
};

use crate::deliver::{Outcome, Route, Subject, deliver};
use crate::error::DeliveryError;
use crate::gather::{Gathered, Measure, OWN_JOB, Store, gather, own_witness};
use crate::{exit, expected};

/// What a round reads and leaves.
pub trait World {
    /// Where beats lie.
    type Store: Store;

    /// The stores to read.
    fn stores(&self) -> &[Self::Store];

    /// What the pass before knew; `None` where it left nothing that can be read.
    fn notes(&self) -> Option<Notes>;

    /// Leaves the notes for the next pass.
    ///
    /// # Errors
    /// In words, why they cannot be left.
    fn keep(&self, notes: &Notes) -> Result<(), String>;

    /// The forges that these jobs go to.
    fn routes(&self, states: &[JobState]) -> Reached;

    /// Leaves the checker's own beat in its place.
    ///
    /// # Errors
    /// When it cannot be written; the pass is none the worse.
    fn leave(&self, place: &Path, beat: &NewBeat<'_>) -> Result<(), WriteError>;
}

/// The forges of a pass.
#[derive(Default)]
pub struct Reached {
    /// Those that can be spoken to.
    pub routes: Vec<Route<'static>>,
    /// Why others cannot.
    pub unreached: Vec<DeliveryError>,
    /// Worth knowing, and no failure.
    pub notes: Vec<String>,
}

/// What holds for a round.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Name of the host.
    pub host: &'a str,
    /// The moment of the pass, read once.
    pub now: Now,
    /// How long this boot has been asleep so far.
    pub asleep: Duration,
    /// The host's own time zone, where it is known.
    pub zone: Option<Zone>,
    /// The file of the settings, where everybody may write it.
    pub open_config: Option<&'a Path>,
    /// The expected jobs.
    pub manifest: &'a Manifest,
    /// How to go about issues.
    pub policy: &'a Policy,
    /// The longest time that jobs get to catch up after an outage.
    pub catch_up: Duration,
    /// What is done with it.
    pub manner: Manner,
}

/// What a pass may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Everything.
    Whole,
    /// Ask the forges, and leave them and everything else as they are.
    Dry,
    /// Only look.
    Look,
}

/// What came of it.
#[derive(Debug)]
pub struct Round {
    /// The jobs.
    pub seen: Gathered,
    /// Outages and what was missed in them.
    pub outages: Vec<OutageLine>,
    /// What came of the deliveries.
    pub outcome: Outcome,
    /// What was wrong, in words.
    pub problems: Vec<String>,
    /// The exit code that fits.
    pub exit_code: u8,
}

/// Goes round once.
#[must_use]
pub fn round<W: World>(world: &W, terms: &Terms<'_>) -> Round {
    let now = Witness {
        wall: terms.now.wall,
        boot: terms.now.boot,
        asleep: Some(terms.asleep),
    };
    let before = world.notes().unwrap_or_default();
    let mut notes = up_to(world, before.clone(), &now);
    let mut seen = look(world, terms, &notes);
    expected::tell(terms.open_config, terms.manifest, &mut seen);
    let outages = stories(&notes.outages, &seen.states, terms.now.wall);
    let mut problems = blindness(&seen);
    problems.extend(expected::faults(terms.manifest));
    let blind = !problems.is_empty();
    let evidence = seen.evidence.fault();
    let doubt = evidence.map(|_| Doubt::after(before.doubt.as_ref(), &now));
    // What has run steadily for long is taken as it is; what lies ahead is flagged then.
    let clock_fault = evidence.filter(|_| doubt.is_none_or(|doubt| !doubt.is_over()));
    let outcome = match clock_fault {
        Some(fault) => {
            problems.push(format!(
                "the clock cannot be believed: {fault}. Nothing was opened or closed. Is the time right? `timedatectl`. After a day of this it is taken as it is. {}",
                if_it_is(&seen)
            ));
            Outcome::default()
        }
        None if terms.manner == Manner::Look => Outcome::default(),
        None => say(world, terms, &seen),
    };
    if terms.manner == Manner::Whole {
        // A clock that is not believed tells nothing but that.
        if clock_fault.is_some() {
            notes = before;
        } else {
            note_unborn(&mut notes, &seen);
        }
        notes.doubt = doubt;
        problems.extend(keep(world, &notes));
    }
    for error in &outcome.errors {
        let hint = error.hint.as_ref();
        let hint = hint.map_or(String::new(), |hint| format!(" ({hint})"));
        problems.push(format!("{error}{hint}"));
    }
    problems.extend(outcome.notes.iter().cloned());
    let flagged = seen.states.first().is_some_and(JobState::flagged);
    let exit_code = if clock_fault.is_some() {
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
    Round {
        seen,
        outages,
        outcome,
        problems,
        exit_code,
    }
}

/// What the pass before knew, brought up to now. Notes that cannot be read are as
/// good as none: the checker's own beat tells of the clocks then.
fn up_to<W: World>(world: &W, mut notes: Notes, now: &Witness) -> Notes {
    notes.witness = notes.witness.or_else(|| own_witness(world.stores()));
    notes.at(now)
}

/// Reads the stores and judges the jobs.
fn look<W: World>(world: &W, terms: &Terms<'_>, notes: &Notes) -> Gathered {
    let timetables = KnownTimetables::new(terms.zone.unwrap_or(Zone::utc()));
    let rules = Rules {
        now: terms.now,
        timetables: &timetables,
        outages: &notes.outages,
        catch_up: terms.catch_up,
    };
    let measure = Measure {
        host: terms.host,
        rules,
        expected: terms.manifest.jobs(),
        notes,
    };
    let mut seen = gather(world.stores(), &measure);
    if terms.zone.is_none() {
        expected::tell_no_zone(&mut seen);
    }
    seen
}

/// Brings the forges in line.
fn say<W: World>(world: &W, terms: &Terms<'_>, seen: &Gathered) -> Outcome {
    let reached = world.routes(&seen.states);
    let subject = Subject {
        states: &seen.states,
        host: terms.host,
        sight: &seen.sight,
        policy: terms.policy,
        now: terms.now.wall,
        dry_run: terms.manner == Manner::Dry,
    };
    let mut outcome = deliver(&reached.routes, &subject);
    outcome.errors.extend(reached.unreached);
    outcome.notes.extend(reached.notes);
    outcome
}

/// Notes which jobs there are of which no success is known.
fn note_unborn(notes: &mut Notes, seen: &Gathered) {
    let unborn = seen.states.iter().filter(|state| {
        // What could not be read may be a success.
        let hidden = matches!(
            state.cause(),
            Some(Cause::Unreadable {
                file: FileKind::Last,
                ..
            })
        );
        state.last_success.is_none() && !hidden
    });
    let key = |state: &JobState| (state.key.user().to_owned(), state.key.job.to_string());
    notes.keep(unborn.map(key));
}

/// Leaves the notes for the next pass.
fn keep<W: World>(world: &W, notes: &Notes) -> Option<String> {
    let why = world.keep(notes).err()?;
    Some(format!("{why}; a job that never ran is flagged later"))
}

/// Leaves the checker's own beat: proof that it passed. What went wrong is returned
/// in words.
pub fn leave_own_beat<W: World>(
    world: &W,
    terms: &Terms<'_>,
    round: &Round,
    interval: Interval,
) -> Option<String> {
    // By a clock that is wrong it would bear false witness.
    if round.exit_code == exit::CLOCK {
        return None;
    }
    let left = match &round.seen.own_place {
        Some(place) => leave_in(world, place, terms, interval, round.exit_code)
            .map_err(|error| format!("in {}: {error}", place.display())),
        // A store that could not be read has been told already.
        None if !round.seen.unseen.is_empty() => Ok(()),
        None => Err("this user has no place in the store".to_owned()),
    };
    let why = left.err()?;
    Some(format!("cannot leave the checker's own beat: {why}"))
}

fn leave_in<W: World>(
    world: &W,
    place: &Path,
    terms: &Terms<'_>,
    interval: Interval,
    exit_code: u8,
) -> Result<(), WriteError> {
    let Ok(job) = JobName::new(OWN_JOB) else {
        return Ok(());
    };
    let good = matches!(exit_code, exit::WELL | exit::FLAGGED);
    let kind = if good { FileKind::Last } else { FileKind::Fail };
    let beat = NewBeat {
        interval: Some(interval),
        host: Some(terms.host),
        boot: terms.now.boot,
        exit_code: (!good).then_some(i32::from(exit_code)),
        reason: (!good).then_some("exit"),
        ..NewBeat::new(kind, &job, terms.now.wall)
    };
    world.leave(place, &beat)
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
