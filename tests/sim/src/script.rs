//! What happens in a story: a seed, a class of hosts, and a list of faults, each with
//! its time. It is made from the seed, can be made shorter, and is written and read as
//! text.

use std::fmt;

use crate::class::Class;
use crate::dice::Dice;

/// One day, in seconds.
const DAY: i64 = 86_400;

/// Declares the kinds of faults: name, word, how often in 100 host-years of a calm
/// class, what it is.
macro_rules! kinds {
    ($($name:ident $word:literal $rate:literal $what:literal,)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $(#[doc = $what] $name,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it in a script.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            const fn rate(self) -> i64 {
                match self { $(Self::$name => $rate,)* }
            }
        }
    };
}

kinds! {
    Stop "stop" 250 "a job stops for a while",
    Fail "fail" 200 "a job fails for a while",
    Hang "hang" 150 "a run hangs",
    Killed "killed" 60 "a run is killed together with its wrapper",
    Late "late" 200 "a run comes too late",
    Twice "twice" 100 "a run goes twice at once",
    Idle "idle" 60 "a job finds nothing to do for a while",
    Torn "torn" 100 "a beat is torn",
    Lost "lost" 100 "a beat is lost",
    Removed "removed" 250 "a job's files are removed",
    Denied "denied" 60 "a beat cannot be read for a while",
    Future "future" 80 "a beat comes with a time of the future",
    Reboot "reboot" 300 "the host restarts",
    Off "off" 150 "the host is off, for hours or days",
    Sleep "sleep" 150 "the host sleeps",
    Seconds "seconds" 150 "the clock steps by seconds, and stays so",
    Hours "hours" 40 "the clock steps by hours, and back later",
    Years "years" 25 "the clock steps by years, and back later",
    Epoch "epoch" 25 "the host starts in 1970, and is put right later",
    Cut "cut" 250 "a pass is killed at some point",
    Skipped "skipped" 60 "the checker does not pass for days",
    Twin "twin" 100 "two passes of one host at once",
    Meets "meets" 100 "passes of two hosts at once",
    Again "again" 100 "a pass by hand, right after another",
    Blind "blind" 60 "the store cannot be read for a while",
    Hidden "hidden" 60 "the place of one user cannot be read for a while",
    Full "full" 60 "the disk is full for a while",
    NoNotes "no-notes" 60 "the notes are gone",
    Mute "mute" 60 "the manifest mutes a job for a while",
    Pause "pause" 60 "the manifest pauses a job for a while",
    Dropped "dropped" 40 "the manifest loses a job for a while",
    Changed "changed" 60 "the manifest asks for another interval for a while",
    Faulty "faulty" 40 "the manifest has a fault for a while",
    Down "down" 120 "the forge is down, for hours",
    Flaky "flaky" 100 "the forge fails now and then, having acted or not",
    Mum "mum" 150 "the forge acts and its answers are lost",
    Repeat "repeat" 80 "a request to open an issue arrives twice",
    Limited "limited" 80 "the forge refuses for too many requests",
    Lags "lags" 80 "the lists of the forge lag behind for a while",
    Pages "pages" 100 "the forge gives short pages for a while",
    Moving "moving" 60 "the list changes between two pages",
    Close "close" 120 "a person closes an issue",
    Reopen "reopen" 60 "a person opens an issue again",
    Retitle "retitle" 60 "a person changes a title",
    Relabel "relabel" 40 "a person changes labels",
    Below "below" 80 "a person writes below the checker's part",
    Above "above" 60 "a person writes above the marker",
    CutEnd "cut-end" 40 "a person removes the end mark",
    Comment "comment" 80 "a person comments",
    Copy "copy" 60 "somebody else's issue has a copy of our marker",
}

/// A fault and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Seconds after the beginning.
    pub at: i64,
    /// What.
    pub kind: Kind,
    /// Which host.
    pub host: usize,
    /// Which job of it, or which issue.
    pub job: usize,
    /// How long, in seconds.
    pub long: i64,
    /// How much, or where.
    pub much: i64,
}

/// A story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Everything that is not in the list comes from it.
    pub seed: u64,
    /// What kind of hosts.
    pub class: Class,
    /// How long, without the quiet time at its end.
    pub days: i64,
    /// What happens, in order.
    pub faults: Vec<Fault>,
}

impl Script {
    /// The story of a seed.
    #[must_use]
    pub fn of_seed(seed: u64, class: Class) -> Self {
        let days = class.days();
        let hosts = class.hosts() as i64;
        let mut faults = Vec::new();
        for &kind in Kind::ALL {
            let mut dice = Dice::new(&[seed, 11, kind as u64]);
            // Not every story has every fault, so that each is met without the others.
            if dice.chance(350) {
                continue;
            }
            // Of a short story in which much passes, as much as of a long one.
            let expected = kind.rate() * days * hosts * class.liveliness();
            let many = expected / 36_500 + i64::from(dice.range(0, 36_500) < expected % 36_500);
            for _ in 0..many {
                let at = dice.range(DAY, (days * DAY).max(DAY + 1));
                faults.push(fault(kind, at, class, &mut dice));
            }
        }
        faults.sort_by_key(|fault| (fault.at, fault.kind));
        Self {
            seed,
            class,
            days,
            faults,
        }
    }

    /// Reads a script.
    ///
    /// # Errors
    /// Says which line is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut script = Self {
            seed: 0,
            class: Class::Weekly,
            days: 0,
            faults: Vec::new(),
        };
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let read = match words[..] {
                [] => Some(()),
                [first, ..] if first.starts_with('#') => Some(()),
                ["seed", n] => n.parse().ok().map(|n| script.seed = n),
                ["days", n] => n.parse().ok().map(|n| script.days = n),
                ["class", word] => Class::from_word(word).map(|class| script.class = class),
                [at, word, host, job, long, much] => {
                    read_fault(at, word, [host, job, long, much]).map(|one| script.faults.push(one))
                }
                _ => None,
            };
            read.ok_or_else(|| format!("is no line of a script: {line:?}"))?;
        }
        Ok(script)
    }
}

fn read_fault(at: &str, word: &str, rest: [&str; 4]) -> Option<Fault> {
    let kind = Kind::ALL.iter().find(|kind| kind.word() == word)?;
    let [host, job, long, much] = rest.map(|text| text.split('=').nth(1));
    Some(Fault {
        at: at.parse().ok()?,
        kind: *kind,
        host: host?.parse().ok()?,
        job: job?.parse().ok()?,
        long: long?.parse().ok()?,
        much: much?.parse().ok()?,
    })
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}\nclass {}\ndays {}",
            self.seed,
            self.class.word(),
            self.days
        )?;
        for one in &self.faults {
            let Fault {
                at,
                kind,
                host,
                job,
                long,
                much,
            } = one;
            let word = kind.word();
            writeln!(
                f,
                "{at} {word} host={host} job={job} long={long} much={much}"
            )?;
        }
        Ok(())
    }
}

fn fault(kind: Kind, at: i64, class: Class, dice: &mut Dice) -> Fault {
    let host = dice.range(0, class.hosts() as i64);
    let job = dice.range(0, 1_000);
    let beat = class.cadence();
    let (long, much) = match kind {
        Kind::Stop | Kind::Fail | Kind::Idle => (dice.skewed(beat, 60 * beat), 0),
        Kind::Hang => (dice.skewed(beat / 2, 40 * beat), 0),
        Kind::Late => (dice.skewed(60, 10 * beat), 0),
        Kind::Torn => (0, dice.range(1, 990)),
        Kind::Future => (0, dice.skewed(61, 400 * DAY)),
        Kind::Denied | Kind::Blind | Kind::Hidden | Kind::Full => (dice.skewed(600, 10 * beat), 0),
        Kind::Reboot => (dice.range(20, 600), 0),
        Kind::Off => (dice.skewed(3_600, 6 * DAY), 0),
        Kind::Sleep => (dice.skewed(30, 2 * DAY), 0),
        Kind::Seconds => (0, dice.range(-45, 46)),
        Kind::Hours => (dice.skewed(600, 2 * DAY), dice.range(-30, 31) * 3_600),
        Kind::Years => (dice.skewed(600, 2 * DAY), dice.range(-8, 9) * 365 * DAY),
        Kind::Epoch => (dice.skewed(5, DAY), 0),
        Kind::Cut => (0, dice.range(0, 24)),
        Kind::Twin | Kind::Meets => (0, dice.range(1, 9)),
        Kind::Again => (dice.skewed(1, 900), 0),
        Kind::Skipped => (dice.skewed(2 * beat, 8 * DAY), 0),
        Kind::Mute | Kind::Pause | Kind::Dropped | Kind::Faulty => (dice.skewed(beat, 20 * DAY), 0),
        Kind::Changed => (dice.skewed(4 * beat, 40 * DAY), dice.range(0, 3)),
        Kind::Down | Kind::Limited => (dice.skewed(600, 4 * beat), 0),
        Kind::Flaky => (dice.skewed(600, 20 * beat), dice.range(50, 600)),
        Kind::Mum => (0, dice.range(1, 4)),
        Kind::Lags => (dice.skewed(3_600, 20 * beat), dice.range(1, 600)),
        Kind::Pages | Kind::Moving => (dice.skewed(3_600, 20 * beat), dice.range(1, 4)),
        _ => (0, dice.range(0, 1_000)),
    };
    Fault {
        at,
        kind,
        host: usize::try_from(host).unwrap_or(0),
        job: usize::try_from(job).unwrap_or(0),
        long,
        much,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_back_and_a_year_holds_every_kind() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..12 {
            let script = Script::of_seed(seed, Class::Daily);
            assert_eq!(Script::parse(&script.to_string()), Ok(script.clone()));
            seen.extend(script.faults.iter().map(|fault| fault.kind));
        }
        assert_eq!(seen.len(), Kind::ALL.len());
        assert!(Script::parse("seed x").is_err());
        assert!(Script::parse("7 no-such host=0 job=0 long=0 much=0").is_err());
    }
}
