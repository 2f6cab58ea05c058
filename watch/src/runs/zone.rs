//! Time zones by their name in the tz database, which is compiled in: the host's
//! own may be absent or older.

use std::cell::Cell;
use std::fmt;

use chrono::{DateTime, NaiveDateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

/// A time zone with a name, such as `Europe/Riga`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// There is no time zone of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneError {
    name: String,
    close: Option<&'static str>,
}

/// A time as a clock on the wall shows it: microseconds since 1970-01-01 00:00
/// there.
pub(super) type Local = i64;
/// A moment: microseconds since 1970-01-01 00:00 UTC.
pub(super) type Moment = i64;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Days without a change of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calm {
    /// What is to be added to a moment.
    pub(super) offset: i64,
    from: Moment,
    to: Moment,
}

impl Calm {
    /// How many days are looked at to both sides.
    const REACH: i64 = 40;

    /// Whether a moment is in it.
    pub(super) const fn has(&self, moment: Moment) -> bool {
        self.from <= moment && moment < self.to
    }
}

/// How many answers are kept.
const KEPT: usize = 16;

/// An answer, also that there is none, about a day in a zone.
#[derive(Debug, Clone, Copy)]
struct Kept {
    zone: Zone,
    day: i64,
    calm: Option<Calm>,
}

thread_local! {
    static KEPT_CALMS: [Cell<Option<Kept>>; KEPT] = const { [const { Cell::new(None) }; KEPT] };
}

/// When a clock on the wall shows a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Once.
    Once(Moment),
    /// Twice, because the clock was put back.
    Twice(Moment, Moment),
    /// Never, because it was put forward at this moment, from and to these times.
    Never { at: Moment, from: Local, to: Local },
}

impl Zone {
    /// The zone of a name.
    ///
    /// # Errors
    /// When the tz database has none of that name.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        // TZ may be written with a colon before the name.
        let plain = name.strip_prefix(':').unwrap_or(name);
        plain.parse().map(Self).map_err(|_| ZoneError {
            name: name.chars().take(60).collect(),
            close: close_to(plain),
        })
    }

    /// UTC.
    #[must_use]
    pub const fn utc() -> Self {
        Self(Tz::UTC)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What a clock there shows, as seconds to add to UTC.
    #[must_use]
    pub fn offset_seconds(self, moment: DateTime<Utc>) -> i32 {
        self.0
            .offset_from_utc_datetime(&moment.naive_utc())
            .fix()
            .local_minus_utc()
    }

    /// What is to be added to a moment; none for times beyond all calendars.
    fn offset(self, moment: Moment) -> Option<i64> {
        if self.0 == Tz::UTC {
            return Some(0);
        }
        let offset = self.0.offset_from_utc_datetime(&naive(moment)?);
        Some(i64::from(offset.fix().local_minus_utc()) * SECOND)
    }

    /// What a clock there shows.
    pub(super) fn local(self, moment: Moment) -> Option<Local> {
        Some(moment + self.offset(moment)?)
    }

    /// The days around a moment in which the clock is not changed, at most
    /// [`Calm::REACH`] to both sides. None on the day of a change or next to it.
    ///
    /// A pass asks about many schedules and one moment, so the last answers are
    /// kept: they say what is so in any case, and nothing hangs on them but speed.
    pub(super) fn calm(self, moment: Moment) -> Option<Calm> {
        let day = moment.div_euclid(DAY);
        let slot = self.0 as usize % KEPT;
        KEPT_CALMS.with(|kept| {
            let fits = |calm: Option<Calm>| calm.filter(|calm| calm.has(moment));
            let known = kept[slot].get().filter(|kept| kept.zone == self);
            if let Some(kept) = known.filter(|kept| kept.day == day || fits(kept.calm).is_some()) {
                return fits(kept.calm);
            }
            let calm = self.find_calm(day * DAY);
            let zone = self;
            kept[slot].set(Some(Kept { zone, day, calm }));
            fits(calm)
        })
    }

    /// Looks day by day: no clock is put forward and back within one.
    fn find_calm(self, moment: Moment) -> Option<Calm> {
        let offset = self.offset(moment)?;
        let same = |days: &i64| self.offset(moment + days * DAY) == Some(offset);
        let before = (1..=Calm::REACH).take_while(|days| same(&-days)).last();
        let after = (1..=Calm::REACH).take_while(same).last();
        // A day less to both sides: what is shown twice is next to a change.
        Some(Calm {
            offset,
            from: moment - (before? - 1) * DAY,
            to: moment + (after? - 1) * DAY,
        })
    }

    /// When a clock there shows a time.
    pub(super) fn shown(self, local: Local) -> Option<Shown> {
        if self.0 == Tz::UTC {
            return Some(Shown::Once(local));
        }
        let at = |offset: Option<chrono_tz::TzOffset>| {
            offset.map(|offset| local - i64::from(offset.fix().local_minus_utc()) * SECOND)
        };
        let found = self.0.offset_from_local_datetime(&naive(local)?);
        match (at(found.earliest()), at(found.latest())) {
            (Some(first), Some(second)) if first != second => Some(Shown::Twice(first, second)),
            (Some(once), _) => Some(Shown::Once(once)),
            // No clock is a day from another, and none changes twice within two.
            _ => self.change_within(local - 2 * DAY, local + 2 * DAY),
        }
    }

    /// Where between two moments the offset changes.
    fn change_within(self, mut low: Moment, mut high: Moment) -> Option<Shown> {
        let before = self.offset(low)?;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.offset(middle)? == before {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(Shown::Never {
            at: high,
            from: high + before,
            to: high + self.offset(high)?,
        })
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        write!(f, "there is no time zone {name:?}")?;
        match self.close {
            Some(close) => write!(f, "; did you mean {close}?"),
            None => f.write_str("; write a name as Europe/Riga or UTC"),
        }
    }
}

impl std::error::Error for ZoneError {}

/// A zone whose name is the same but for its letters' size, or its city is that,
/// or few letters differ.
fn close_to(name: &str) -> Option<&'static str> {
    let wanted: Vec<char> = name.chars().take(60).flat_map(char::to_lowercase).collect();
    let folded: String = wanted
        .iter()
        .map(|c| if *c == ' ' { '_' } else { *c })
        .collect();
    let far = |known: &str| {
        let lower = known.to_lowercase();
        let city = lower.rsplit('/').next();
        if lower == folded || city == Some(&folded) {
            0
        } else {
            distance(&wanted, &lower)
        }
    };
    let known = TZ_VARIANTS
        .iter()
        .map(|zone| (far(zone.name()), zone.name()));
    let close = known.filter(|(far, _)| *far <= wanted.len() / 4);
    close.min_by_key(|(far, _)| *far).map(|(_, name)| name)
}

/// How many letters must be changed, put in or left out.
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (line, there) in to.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (at, here) in from.iter().enumerate() {
            let kept = diagonal + usize::from(*here != there);
            diagonal = row[at + 1];
            row[at + 1] = kept.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["UTC", "Europe/Riga", "America/Argentina/Ushuaia", "EST5EDT"] {
            assert_eq!(Zone::named(name).unwrap().to_string(), name);
        }
        assert_eq!(Zone::named(":Europe/Riga").unwrap().name(), "Europe/Riga");
        assert_eq!(Zone::utc().name(), "UTC");
    }

    #[test]
    fn names_that_are_none() {
        for (name, message) in [
            (
                "Europe/Rga",
                "there is no time zone \"Europe/Rga\"; did you mean Europe/Riga?",
            ),
            (
                "europe/riga",
                "there is no time zone \"europe/riga\"; did you mean Europe/Riga?",
            ),
            (
                "New York",
                "there is no time zone \"New York\"; did you mean America/New_York?",
            ),
            // A quarter of the letters may be others, and no more.
            (
                "Eurape/Rxga",
                "there is no time zone \"Eurape/Rxga\"; did you mean Europe/Riga?",
            ),
            (
                "Eurxpx/Rxga",
                "there is no time zone \"Eurxpx/Rxga\"; write a name as Europe/Riga or UTC",
            ),
            (
                "Mars/Olympus Mons",
                "there is no time zone \"Mars/Olympus Mons\"; write a name as Europe/Riga or UTC",
            ),
            (
                "",
                "there is no time zone \"\"; write a name as Europe/Riga or UTC",
            ),
        ] {
            assert_eq!(Zone::named(name).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn letters_to_be_changed() {
        for (from, to, letters) in [
            ("", "", 0),
            ("riga", "riga", 0),
            ("", "utc", 3),
            ("utc", "", 3),
            ("rga", "riga", 1),
            ("riiga", "riga", 1),
            ("rige", "riga", 1),
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
        ] {
            let from: Vec<char> = from.chars().collect();
            assert_eq!(distance(&from, to), letters, "{from:?} {to}");
        }
    }

    fn micros(text: &str) -> i64 {
        let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        time.and_utc().timestamp_micros()
    }

    #[test]
    fn what_clocks_show() {
        let zone = Zone::named("Europe/Riga").unwrap();
        let shown = |text| zone.shown(micros(text)).unwrap();
        assert_eq!(
            shown("2024-03-31 03:30"),
            Shown::Never {
                at: micros("2024-03-31 01:00"),
                from: micros("2024-03-31 03:00"),
                to: micros("2024-03-31 04:00"),
            }
        );
        assert_eq!(
            shown("2024-10-27 03:30"),
            Shown::Twice(micros("2024-10-27 00:30"), micros("2024-10-27 01:30"))
        );
        assert_eq!(
            shown("2024-07-01 03:30"),
            Shown::Once(micros("2024-07-01 00:30"))
        );
        // A whole day that never was.
        let apia = Zone::named("Pacific/Apia").unwrap();
        assert_eq!(
            apia.shown(micros("2011-12-30 12:00")),
            Some(Shown::Never {
                at: micros("2011-12-30 10:00"),
                from: micros("2011-12-30 00:00"),
                to: micros("2011-12-31 00:00"),
            })
        );
    }

    #[test]
    fn days_without_a_change() {
        let zone = Zone::named("Europe/Riga").unwrap();
        let calm = |text| zone.find_calm(micros(text));
        let hours = |hours: i64| hours * 3_600 * SECOND;
        let between = |offset, from, to| {
            Some(Calm {
                offset,
                from: micros(from),
                to: micros(to),
            })
        };
        for (day, expected) in [
            // 40 days to both sides, less one.
            (
                "2024-06-15 00:00",
                between(hours(3), "2024-05-07 00:00", "2024-07-24 00:00"),
            ),
            // The clock was put forward on 31 March, and is put back on 27 October.
            (
                "2024-04-05 00:00",
                between(hours(3), "2024-04-02 00:00", "2024-05-14 00:00"),
            ),
            (
                "2024-10-20 00:00",
                between(hours(3), "2024-09-11 00:00", "2024-10-26 00:00"),
            ),
            ("2024-03-31 00:00", None),
            ("2024-04-01 00:00", None),
        ] {
            assert_eq!(calm(day), expected, "{day}");
        }
        let calm = calm("2024-04-05 00:00").unwrap();
        for (moment, has) in [
            (calm.from - 1, false),
            (calm.from, true),
            (calm.to - 1, true),
            (calm.to, false),
        ] {
            assert_eq!(calm.has(moment), has, "{moment}");
            // What is kept says the same, also when it is asked again.
            for _ in 0..2 {
                let kept = zone.calm(moment);
                assert!(kept.is_none_or(|kept| kept.has(moment) && kept.offset == hours(3)));
            }
        }
        let moment = micros("2024-06-15 12:34");
        let kept = zone.calm(moment).unwrap();
        assert!(kept.has(moment) && kept.offset == hours(3));
    }

    #[test]
    fn times_beyond_all_calendars() {
        let zone = Zone::named("Europe/Riga").unwrap();
        assert_eq!(zone.shown(i64::MAX), None);
        assert_eq!(zone.local(i64::MIN), None);
    }

    /// The answers that are kept are those of the zone that is asked for.
    #[test]
    fn no_zone_is_taken_for_another() {
        for text in ["2024-01-15T12:00:00Z", "2024-07-15T12:00:00Z"] {
            let moment = text.parse::<DateTime<Utc>>().unwrap().timestamp_micros();
            for zone in TZ_VARIANTS.map(Zone) {
                let calm = zone.calm(moment).map(|calm| calm.offset);
                assert_eq!(calm, zone.offset(moment), "{zone} at {text}");
            }
        }
    }
}
