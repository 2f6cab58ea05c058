//! What one pass tells the next: the clocks, outages, and for how long jobs have
//! been known that never succeeded. Neither the beats nor the forge can tell these.
//!
//! Losing the notes costs time and nothing else: a job that never ran is flagged
//! later, by at most the time that it had been known. It never makes a false alarm.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use heartbeat::{BootId, BootStamp};
use serde::{Deserialize, Serialize};

use crate::outage::{Outage, OutageKind, Outages, Witness};
use crate::verdict::TOLERANCE;

/// The time between two passes that is believed where no boot clock tells.
const BELIEVED: Duration = Duration::from_secs(86_400);

/// User and name of a job.
type Job = (String, String);

/// What a pass knows from those before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes {
    /// The clocks at the pass before.
    pub witness: Option<Witness>,
    /// Times in which no job could run.
    pub outages: Outages,
    /// Jobs of which no success is known, by user and name, and for how long the
    /// host has been up since they were first seen.
    pub known: BTreeMap<Job, Duration>,
    /// That the clock has been doubted, pass after pass.
    pub doubt: Option<Doubt>,
}

/// For how long passes have doubted a clock that runs steadily. A clock that was ahead
/// while the checker left its beat, and was put right, must not stop the watch until
/// somebody removes that beat: what has run steadily for a day is taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// The clocks at the last pass that doubted them.
    pub witness: Witness,
    /// The time that the host was up since the first of these passes.
    pub long: Duration,
}

/// After so long a clock is taken as it is.
const DOUBTED: Duration = Duration::from_secs(86_400);

impl Doubt {
    /// The doubt of a pass at `now`, where `earlier` is that of the pass before. It
    /// begins anew when the clock was set in between.
    #[must_use]
    pub fn after(earlier: Option<&Self>, now: &Witness) -> Self {
        let went_on = earlier.filter(|earlier| steady(&earlier.witness, now));
        Self {
            witness: *now,
            long: went_on.map_or(Duration::ZERO, |earlier| {
                earlier.long.saturating_add(time_up(&earlier.witness, now))
            }),
        }
    }

    /// Whether it has lasted long enough.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.long >= DOUBTED
    }
}

/// Whether the wall clock went on between two passes as time did; across a restart,
/// whether it went on at all.
fn steady(earlier: &Witness, now: &Witness) -> bool {
    let Ok(wall) = (now.wall - earlier.wall).to_std() else {
        return false;
    };
    match (earlier.boot, now.boot) {
        (Some(then), Some(boot)) if then.id == boot.id => {
            wall.abs_diff(boot.uptime.saturating_sub(then.uptime)) <= TOLERANCE
        }
        _ => true,
    }
}

impl Notes {
    /// The notes as they are at `now`: an outage since the pass before is added, and
    /// what was known then has been known for longer.
    #[must_use]
    pub fn at(mut self, now: &Witness) -> Self {
        let happened = crate::outage::outage(self.witness.as_ref(), now);
        self.outages.add(happened, now.wall);
        let passed = self
            .witness
            .map_or(Duration::ZERO, |earlier| time_up(&earlier, now));
        for known in self.known.values_mut() {
            *known = known.saturating_add(passed);
        }
        self.witness = Some(*now);
        self
    }

    /// For how long a job has been known; nothing for one that is seen for the
    /// first time.
    #[must_use]
    pub fn known_for(&self, user: &str, job: &str) -> Duration {
        // The map's key owns its texts; a manifest is small beside a store.
        let key = (user.to_owned(), job.to_owned());
        self.known.get(&key).copied().unwrap_or_default()
    }

    /// Keeps the jobs that are without a success now, new ones among them, and
    /// forgets all others.
    pub fn keep(&mut self, unborn: impl Iterator<Item = Job>) {
        let old = std::mem::take(&mut self.known);
        self.known = unborn
            .map(|key| {
                let known = old.get(&key).copied().unwrap_or_default();
                (key, known)
            })
            .collect();
    }

    /// One JSON object with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let wire = Wire {
            v: 1,
            witness: self.witness.as_ref().map(WireWitness::from),
            outages: self.outages.all().iter().map(WireOutage::from).collect(),
            known: self
                .known
                .iter()
                .map(|((user, job), known)| WireKnown {
                    user: user.clone(),
                    job: job.clone(),
                    seconds: known.as_secs_f64(),
                })
                .collect(),
            doubt: self.doubt.as_ref().map(|doubt| WireDoubt {
                witness: (&doubt.witness).into(),
                seconds: doubt.long.as_secs_f64(),
            }),
        };
        let mut text = serde_json::to_string(&wire).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads what [`Notes::to_json`] wrote.
    ///
    /// # Errors
    /// Says what is wrong with the text; whoever reads it goes on without.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let wire: Wire = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if wire.v != 1 {
            return Err(format!("they were written by another version ({})", wire.v));
        }
        let seconds = |value: f64| Duration::try_from_secs_f64(value).unwrap_or_default();
        let known = wire.known.into_iter();
        Ok(Self {
            witness: wire.witness.and_then(WireWitness::read),
            outages: Outages::new(
                wire.outages
                    .into_iter()
                    .filter_map(WireOutage::read)
                    .collect(),
            ),
            known: known
                .map(|known| ((known.user, known.job), seconds(known.seconds)))
                .collect(),
            doubt: wire.doubt.and_then(|doubt| {
                Some(Doubt {
                    witness: doubt.witness.read()?,
                    long: seconds(doubt.seconds),
                })
            }),
        })
    }
}

/// For how long the host was up between two passes, at least: no clock that was
/// set, and no time off, makes it longer.
fn time_up(earlier: &Witness, now: &Witness) -> Duration {
    match (earlier.boot, now.boot) {
        (Some(then), Some(boot)) if then.id == boot.id => boot.uptime.saturating_sub(then.uptime),
        (_, Some(boot)) => boot.uptime.min(BELIEVED),
        (_, None) => (now.wall - earlier.wall)
            .to_std()
            .unwrap_or_default()
            .min(BELIEVED),
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u32,
    #[serde(default)]
    witness: Option<WireWitness>,
    #[serde(default)]
    outages: Vec<WireOutage>,
    #[serde(default)]
    known: Vec<WireKnown>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubt: Option<WireDoubt>,
}

#[derive(Serialize, Deserialize)]
struct WireDoubt {
    #[serde(flatten)]
    witness: WireWitness,
    seconds: f64,
}

#[derive(Serialize, Deserialize)]
struct WireWitness {
    now: String,
    #[serde(default)]
    boot_id: Option<String>,
    #[serde(default)]
    uptime_seconds: Option<f64>,
    #[serde(default)]
    asleep_seconds: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct WireKnown {
    user: String,
    job: String,
    seconds: f64,
}

/// An outage in a record: see [`Outage`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WireOutage {
    /// `off` or `asleep`.
    pub kind: String,
    /// RFC 3339 UTC; left out where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// RFC 3339 UTC.
    pub to: String,
    /// How much of that time.
    pub lost_seconds: f64,
}

impl From<&Outage> for WireOutage {
    fn from(outage: &Outage) -> Self {
        Self {
            kind: outage.kind.word().into(),
            from: outage.from.map(text),
            to: text(outage.to),
            lost_seconds: outage.lost.as_secs_f64(),
        }
    }
}

impl WireOutage {
    /// The outage that this tells of, if it makes sense.
    #[must_use]
    pub fn read(self) -> Option<Outage> {
        Some(Outage {
            kind: OutageKind::from_word(&self.kind)?,
            from: self.from.as_deref().and_then(moment),
            to: moment(&self.to)?,
            lost: Duration::try_from_secs_f64(self.lost_seconds).ok()?,
        })
    }
}

impl From<&Witness> for WireWitness {
    fn from(witness: &Witness) -> Self {
        let boot = witness.boot.as_ref();
        Self {
            now: text(witness.wall),
            boot_id: boot.map(|boot| String::from_utf8_lossy(&boot.id.text()).into_owned()),
            uptime_seconds: boot.map(|boot| boot.uptime.as_secs_f64()),
            asleep_seconds: witness.asleep.map(|asleep| asleep.as_secs_f64()),
        }
    }
}

impl WireWitness {
    fn read(self) -> Option<Witness> {
        let seconds = |value: Option<f64>| Duration::try_from_secs_f64(value?).ok();
        let id = self.boot_id.as_deref().and_then(BootId::parse);
        Some(Witness {
            wall: moment(&self.now)?,
            boot: id
                .zip(seconds(self.uptime_seconds))
                .map(|(id, uptime)| BootStamp { id, uptime }),
            asleep: seconds(self.asleep_seconds),
        })
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    fn witness(wall: &str, boot: u8, up: u64) -> Witness {
        let id = BootId::parse(&format!("00000000-0000-0000-0000-00000000000{boot}")).unwrap();
        Witness {
            wall: wall.parse().unwrap(),
            boot: Some(BootStamp {
                id,
                uptime: minutes(up),
            }),
            asleep: Some(Duration::ZERO),
        }
    }

    fn seen(notes: &mut Notes) {
        notes.keep([("root".to_owned(), "new".to_owned())].into_iter());
    }

    fn known(notes: &Notes) -> Duration {
        notes.known_for("root", "new")
    }

    #[test]
    fn a_job_is_known_for_the_time_that_the_host_was_up() {
        let mut notes = Notes::default().at(&witness("2026-11-22T01:00:00Z", 1, 600));
        seen(&mut notes);
        assert_eq!(known(&notes), Duration::ZERO);
        let mut notes = notes.at(&witness("2026-11-22T01:15:00Z", 1, 615));
        seen(&mut notes);
        assert_eq!(known(&notes), minutes(15));
        // Off for a day: only what came after counts.
        let mut notes = notes.at(&witness("2026-11-23T01:20:00Z", 2, 5));
        seen(&mut notes);
        assert_eq!(known(&notes), minutes(20));
        assert_eq!(notes.outages.all().len(), 1);
        // It succeeded, or nobody expects it any more.
        notes.keep(std::iter::empty());
        seen(&mut notes);
        assert_eq!(known(&notes), Duration::ZERO);
    }

    #[test]
    fn a_wall_clock_that_is_set_makes_no_time_pass() {
        let mut notes = Notes::default().at(&witness("1970-01-01T00:01:00Z", 1, 1));
        seen(&mut notes);
        let mut notes = notes.at(&witness("2026-11-22T01:00:00Z", 1, 2));
        seen(&mut notes);
        assert_eq!(known(&notes), minutes(1));
        let notes = notes.at(&witness("2030-11-22T01:00:00Z", 2, 3));
        assert_eq!(known(&notes), minutes(4));
    }

    #[test]
    fn a_clock_is_doubted_for_a_day_at_most() {
        let at = |day: u32, hour: u32, boot, up: u64| {
            witness(&format!("2026-11-{day}T{hour:02}:00:00Z"), boot, 60 * up)
        };
        let mut doubt = None;
        let mut over = |now: Witness| {
            let next = Doubt::after(doubt.as_ref(), &now);
            doubt = Some(next);
            next.is_over()
        };
        assert!(!over(at(22, 1, 1, 100)));
        assert!(!over(at(22, 13, 1, 112)));
        // It was set: the doubt begins anew, and lasts over a restart.
        assert!(!over(at(24, 2, 1, 113)));
        assert!(!over(at(24, 20, 1, 131)));
        assert!(!over(at(24, 23, 2, 2)));
        assert!(!over(at(25, 2, 2, 5)));
        assert!(over(at(25, 4, 2, 7)));
        assert!(over(at(25, 5, 2, 8)), "until it is well");
        // Set back, and it was not believed for long enough.
        assert!(!over(at(25, 1, 2, 9)));
        let notes = Notes {
            doubt,
            ..Notes::default()
        };
        assert_eq!(Notes::from_json(&notes.to_json()), Ok(notes));
    }

    #[test]
    fn notes_read_back_and_odd_ones_are_refused() {
        let mut notes = Notes::default().at(&witness("2026-11-22T01:00:00Z", 1, 600));
        seen(&mut notes);
        let notes = notes.at(&witness("2026-11-23T01:20:00Z", 2, 5));
        assert_eq!(Notes::from_json(&notes.to_json()), Ok(notes));
        for odd in ["", "[]", "{\"v\":2}", "{\"v\":1,\"known\":7}"] {
            assert!(Notes::from_json(odd).is_err(), "{odd}");
        }
        assert_eq!(Notes::from_json("{\"v\":1}"), Ok(Notes::default()));
    }
}
