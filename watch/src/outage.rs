//! Times in which the host could run no job: it was off, or asleep. Known from
//! two passes of the checker and what the clocks did between them.
//!
//! After an outage jobs get a chance to catch up before they are flagged
//! (persistent timers, anacron, the next run of a frequent job). What is missing
//! then is told as one story.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::BootStamp;

use crate::words::{moment, span};

/// Shorter sleeps are not told: every laptop naps.
const NAP: Duration = Duration::from_secs(60);
/// The least time that a job gets to catch up.
const LEAST: Duration = Duration::from_secs(1_800);
/// How many outages are remembered.
const REMEMBERED: usize = 16;
/// For how long an outage explains a silence.
const EXPLAINS: TimeDelta = TimeDelta::days(14);

/// What a pass knows of the clocks: enough for the next one to tell what happened
/// in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witness {
    /// The wall clock.
    pub wall: DateTime<Utc>,
    /// The boot clock.
    pub boot: Option<BootStamp>,
    /// How long this boot has been asleep so far: the boot clock counts sleep, the
    /// monotonic clock does not. `None` where that is not known.
    pub asleep: Option<Duration>,
}

/// Why no job could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageKind {
    /// The host was off, or restarted.
    Off,
    /// The host was asleep.
    Asleep,
}

impl OutageKind {
    /// The word for it, as in the record.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Asleep => "asleep",
        }
    }

    /// The kind that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Off, Self::Asleep]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// A time in which the host could run no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// Why.
    pub kind: OutageKind,
    /// When the host was last heard of before; `None` where nothing tells.
    pub from: Option<DateTime<Utc>>,
    /// When it was there again.
    pub to: DateTime<Utc>,
    /// How much of that time it was off or asleep; as much as all of it where only
    /// its ends are known.
    pub lost: Duration,
}

/// `the host was off between … and … (up to 7 h)`: between two passes nobody knows when
/// it went.
impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            OutageKind::Off => "off",
            OutageKind::Asleep => "asleep",
        };
        match self.from {
            Some(from) => {
                let up_to = match self.kind {
                    OutageKind::Off => "up to ",
                    OutageKind::Asleep => "",
                };
                write!(
                    f,
                    "the host was {what} between {} and {} ({up_to}{})",
                    moment(from),
                    moment(self.to),
                    span(self.lost)
                )
            }
            None => write!(f, "the host was {what} until {}", moment(self.to)),
        }
    }
}

/// What happened to the host between two passes. `earlier` is what the pass
/// before knew, where there was one.
///
/// A restart always counts, since nobody knows how long it took: the host was
/// heard of at the pass before, and was there again when it booted.
#[must_use]
pub fn outage(earlier: Option<&Witness>, now: &Witness) -> Option<Outage> {
    let boot = now.boot?;
    let uptime = TimeDelta::from_std(boot.uptime).ok()?;
    let booted = now.wall.checked_sub_signed(uptime)?;
    let earlier = earlier?;
    let before = earlier.boot?;
    if before.id != boot.id {
        // A clock that was wrong at one of the two tells of no beginning.
        let from = Some(earlier.wall).filter(|from| *from <= booted);
        return Some(Outage {
            kind: OutageKind::Off,
            from,
            to: booted,
            lost: from
                .and_then(|from| (booted - from).to_std().ok())
                .unwrap_or_default(),
        });
    }
    let slept = now.asleep?.checked_sub(earlier.asleep?)?;
    (slept >= NAP).then(|| Outage {
        kind: OutageKind::Asleep,
        // Asleep within this time; where in it, no clock tells.
        from: Some(earlier.wall).filter(|from| *from <= now.wall),
        to: now.wall,
        lost: slept,
    })
}

/// The outages that are remembered, newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outages(Vec<Outage>);

impl Outages {
    /// Those that are known, in any order.
    #[must_use]
    pub fn new(mut known: Vec<Outage>) -> Self {
        known.sort_by_key(|outage| outage.to);
        Self(known)
    }

    /// All, newest last.
    #[must_use]
    pub fn all(&self) -> &[Outage] {
        &self.0
    }

    /// Adds one, and forgets those that explain nothing any more. One from the
    /// future is forgotten too: a clock was wrong.
    pub fn add(&mut self, outage: Option<Outage>, now: DateTime<Utc>) {
        self.0
            .retain(|known| known.to <= now && now - known.to <= EXPLAINS);
        self.0.extend(outage);
        let over = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..over);
    }

    /// The outage, if there is one, in which a deadline fell, or in whose time to
    /// catch up: what was due then was missed because of it. `wait` is how long
    /// the job has to catch up.
    #[must_use]
    pub fn explaining(&self, deadline: DateTime<Utc>, wait: Duration) -> Option<&Outage> {
        let wait = TimeDelta::from_std(wait).unwrap_or_default();
        self.0.iter().rev().find(|outage| {
            let began = outage.from.is_none_or(|from| deadline >= from);
            began && deadline <= outage.to + wait
        })
    }
}

/// How long a job may take to catch up after an outage: its interval, at least
/// half an hour, at most `longest`.
#[must_use]
pub fn time_to_catch_up(interval: Duration, longest: Duration) -> Duration {
    interval.max(LEAST).min(longest)
}

#[cfg(test)]
mod tests {
    use heartbeat::BootId;

    use super::*;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        format!("2026-11-22T{hour:02}:{minute:02}:00Z")
            .parse()
            .unwrap()
    }

    fn witness(wall: DateTime<Utc>, boot: u8, minutes_up: u64, asleep: Option<u64>) -> Witness {
        let id = BootId::parse(&format!("00000000-0000-0000-0000-00000000000{boot}")).unwrap();
        Witness {
            wall,
            boot: Some(BootStamp {
                id,
                uptime: Duration::from_secs(60 * minutes_up),
            }),
            asleep: asleep.map(|minutes| Duration::from_secs(60 * minutes)),
        }
    }

    #[test]
    fn a_host_that_was_off() {
        let before = witness(at(1, 0), 1, 600, Some(0));
        let now = witness(at(9, 5), 2, 5, Some(0));
        let off = outage(Some(&before), &now).unwrap();
        assert_eq!(off.kind, OutageKind::Off);
        assert_eq!((off.from, off.to), (Some(at(1, 0)), at(9, 0)));
        assert_eq!(
            off.to_string(),
            "the host was off between 2026-11-22 01:00:00 UTC and 2026-11-22 09:00:00 UTC (up to 8 h)"
        );
        // The pass before had a clock that was ahead: when it began, nobody knows.
        let ahead = witness(at(23, 0), 1, 600, None);
        let off = outage(Some(&ahead), &now).unwrap();
        assert_eq!(
            off.to_string(),
            "the host was off until 2026-11-22 09:00:00 UTC"
        );
    }

    #[test]
    fn a_host_that_slept() {
        let before = witness(at(1, 0), 1, 600, Some(30));
        let now = witness(at(9, 5), 1, 1_085, Some(500));
        let slept = outage(Some(&before), &now).unwrap();
        assert_eq!(slept.kind, OutageKind::Asleep);
        assert_eq!((slept.from, slept.to), (Some(at(1, 0)), at(9, 5)));
        assert_eq!(
            slept.to_string(),
            "the host was asleep between 2026-11-22 01:00:00 UTC and 2026-11-22 09:05:00 UTC (7 h 50 min)"
        );
    }

    #[test]
    fn words_of_outages_read_back() {
        for (kind, word) in [(OutageKind::Off, "off"), (OutageKind::Asleep, "asleep")] {
            assert_eq!(kind.word(), word);
            assert_eq!(OutageKind::from_word(word), Some(kind));
        }
        assert_eq!(OutageKind::from_word("away"), None);
    }

    #[test]
    fn what_is_no_outage() {
        let before = witness(at(1, 0), 1, 600, Some(30));
        for (earlier, now) in [
            (None, witness(at(1, 15), 1, 615, Some(30))),
            // Nothing happened.
            (Some(before), witness(at(1, 15), 1, 615, Some(30))),
            // The checker did not pass, and the host was there.
            (Some(before), witness(at(9, 0), 1, 1_080, Some(30))),
            // The wall clock was set.
            (Some(before), witness(at(20, 0), 1, 615, Some(30))),
            // It is not known whether it slept.
            (Some(before), witness(at(9, 0), 1, 1_080, None)),
        ] {
            assert_eq!(outage(earlier.as_ref(), &now), None);
        }
    }

    #[test]
    fn a_deadline_in_an_outage_or_in_the_time_to_catch_up_is_explained() {
        let off = Outage {
            kind: OutageKind::Off,
            from: Some(at(1, 0)),
            to: at(9, 0),
            lost: Duration::from_secs(8 * 3_600),
        };
        let outages = Outages::new(vec![off]);
        let hour = Duration::from_secs(3_600);
        for (deadline, explained) in [
            (at(0, 59), false),
            (at(1, 0), true),
            (at(9, 0), true),
            (at(10, 0), true),
            (at(10, 1), false),
        ] {
            let found = outages.explaining(deadline, hour);
            assert_eq!(found.is_some(), explained, "{deadline}");
        }
    }

    #[test]
    fn outages_are_forgotten() {
        let mut outages = Outages::default();
        let off = |day: i64| Outage {
            kind: OutageKind::Off,
            from: None,
            to: at(9, 0) + TimeDelta::days(day),
            lost: Duration::ZERO,
        };
        for day in 0..40 {
            let now = at(10, 0) + TimeDelta::days(day);
            outages.add(Some(off(day)), now);
            assert!(outages.all().len() <= 16);
            assert!(outages.all().iter().all(|known| known.to <= now));
        }
        assert_eq!(outages.all().first(), Some(&off(26)));
        // The clock was set back: what lies ahead is no past.
        outages.add(None, at(10, 0) + TimeDelta::days(30));
        assert_eq!(outages.all().last(), Some(&off(30)));
    }

    #[test]
    fn time_to_catch_up_has_bounds() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let longest = minutes(120);
        for (interval, wait) in [(5, 30), (45, 45), (60, 60), (1_440, 120)] {
            assert_eq!(time_to_catch_up(minutes(interval), longest), minutes(wait));
        }
    }
}
