//! Classes of hosts: how often the checker passes, and what its jobs are. Each is
//! what somebody would set up: nobody asks every quarter of an hour for a job that
//! runs once a week, and nobody every day for one that runs every five minutes.

use chrono_tz::Tz;

use crate::dice::Dice;
use crate::timetable::{Rule, Timetable};

/// A class of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Passes every 15 minutes, as the timer comes.
    Quarter,
    /// Passes every hour.
    Hourly,
    /// Passes every six hours.
    Daily,
    /// Passes once a day.
    Weekly,
}

/// What makes a job's proof of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `cmd && beat JOB --every …`.
    Plain,
    /// `if cmd; then beat JOB …; else beat JOB --fail; fi`.
    Told,
    /// `beat JOB … --timeout … -- cmd`; the limit in seconds.
    Wrapped(Option<i64>),
    /// Another program, which knows nothing of boots.
    Foreign,
    /// A file with nothing but a number; the manifest knows the rest.
    Bare,
}

/// When a job should succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At least so often, in seconds.
    Every(i64),
    /// By a timetable.
    At(Timetable),
}

/// What a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Its name.
    pub name: String,
    /// Whether it is that of the user `app`, and not root's.
    pub app: bool,
    /// When it should succeed.
    pub when: When,
    /// How its beats come about.
    pub style: Style,
    /// Whether the manifest has an entry.
    pub expected: bool,
    /// What the entry says, where it is not 2.
    pub misses: Option<i64>,
    /// What the entry says, in seconds.
    pub grace: Option<i64>,
    /// The job of this host that it needs, by its place.
    pub needs: Option<usize>,
    /// Whether a run that was missed is made up for after a boot.
    pub persistent: bool,
    /// Whether it never runs at all before so many days.
    pub starts: i64,
    /// Chance of its own.
    pub salt: u64,
}

/// A host and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    /// Its name.
    pub name: String,
    /// Its time zone.
    pub zone: Tz,
    /// Its jobs.
    pub jobs: Vec<Trade>,
    /// More jobs than this at once get one issue together.
    pub storm_threshold: usize,
}

const ZONES: [Tz; 8] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Asia__Kolkata,
    Tz::UTC,
    Tz::Europe__London,
    Tz::Pacific__Auckland,
    Tz::America__Santiago,
];

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Hourly, Self::Daily, Self::Weekly];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarter => "quarter",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// The class that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// How often the checker passes, in seconds.
    #[must_use]
    pub const fn cadence(self) -> i64 {
        match self {
            Self::Quarter => 900,
            Self::Hourly => 3_600,
            Self::Daily => 21_600,
            Self::Weekly => 86_400,
        }
    }

    /// How long a story is.
    #[must_use]
    pub const fn days(self) -> i64 {
        match self {
            Self::Quarter => 30,
            Self::Hourly => 120,
            Self::Daily => 365,
            Self::Weekly => 730,
        }
    }

    /// How many hosts share the forge.
    #[must_use]
    pub const fn hosts(self) -> usize {
        match self {
            Self::Quarter | Self::Hourly => 2,
            Self::Daily | Self::Weekly => 3,
        }
    }

    /// How many times as much happens on a day as in the calmest class.
    pub(crate) const fn liveliness(self) -> i64 {
        match self {
            Self::Quarter => 24,
            Self::Hourly => 6,
            Self::Daily => 2,
            Self::Weekly => 1,
        }
    }

    fn whens(self, dice: &mut Dice, zone: Tz) -> When {
        let other = *dice.pick(&ZONES);
        let zone = if dice.chance(500) { zone } else { other };
        let at = |rule, cron| When::At(Timetable { rule, cron, zone });
        let hour = u32::try_from(dice.range(0, 24)).unwrap_or(0);
        let minute = u32::try_from(dice.range(0, 60)).unwrap_or(0);
        // The hours in which clocks change.
        let night = u32::try_from(dice.range(0, 4)).unwrap_or(0);
        let cron = dice.chance(500);
        let roll = dice.range(0, 6);
        match (self, roll) {
            (Self::Quarter, 0) => When::Every(300),
            (Self::Quarter, 1 | 2) => When::Every(900),
            (Self::Quarter, 3) => When::Every(3_600),
            (Self::Quarter, _) => at(Rule::Hourly(minute), cron),
            (Self::Hourly, 0 | 1) => When::Every(3_600),
            (Self::Hourly, 2) => When::Every(14_400),
            (Self::Hourly, 3) => at(Rule::Hourly(minute), cron),
            (Self::Hourly, 4) => at(Rule::Daily(night, minute), cron),
            (Self::Hourly, _) => When::Every(86_400),
            (Self::Daily, 0) => When::Every(43_200),
            (Self::Daily, 1) => When::Every(86_400),
            (Self::Daily, 2) => at(Rule::Daily(night, minute), cron),
            (Self::Daily, 3) => at(Rule::Weekdays(hour, minute), cron),
            (Self::Daily, 4) => When::Every(7 * 86_400),
            (Self::Daily, _) => at(Rule::Sunday(night, minute), cron),
            (Self::Weekly, 0) => When::Every(2 * 86_400),
            (Self::Weekly, 1 | 2) => When::Every(7 * 86_400),
            (Self::Weekly, 3) => When::Every(30 * 86_400),
            (Self::Weekly, 4) => at(Rule::Sunday(night, minute), cron),
            (Self::Weekly, _) => at(Rule::First(night, minute), cron),
        }
    }

    /// The hosts of a seed.
    #[must_use]
    pub fn cast(self, seed: u64) -> Vec<Household> {
        let names = ["bezalel", "hiram", "oholiab"];
        let hosts = names.into_iter().take(self.hosts()).enumerate();
        hosts
            .map(|(at, name)| self.household(name, &mut Dice::new(&[seed, 5, at as u64])))
            .collect()
    }

    fn household(self, name: &str, dice: &mut Dice) -> Household {
        let zone = *dice.pick(&ZONES);
        let many = dice.range(3, 7);
        let mut jobs: Vec<Trade> = Vec::new();
        for at in 0..usize::try_from(many).unwrap_or(3) {
            let when = self.whens(dice, zone);
            let style = match (dice.range(0, 8), when) {
                (0 | 1, _) => Style::Plain,
                (2, _) => Style::Told,
                (3 | 4, _) => Style::Wrapped(Some((span(when) / 4).max(60))),
                (5, _) => Style::Wrapped(None),
                (6, When::Every(_)) => Style::Foreign,
                (7, When::Every(_)) => Style::Bare,
                _ => Style::Plain,
            };
            let expected = style == Style::Bare || dice.chance(500);
            let root = dice.range(0, 1 + at as i64);
            jobs.push(Trade {
                name: format!("job{at}"),
                app: dice.chance(400),
                when,
                style,
                expected,
                misses: (expected && dice.chance(150)).then(|| dice.range(1, 5)),
                grace: (expected && dice.chance(150)).then(|| span(when) / 8),
                needs: (expected && at > 0 && dice.chance(600))
                    .then(|| usize::try_from(root).unwrap_or(0))
                    // One step only: the oracle follows no chains.
                    .filter(|root| *root < at && jobs[*root].needs.is_none()),
                persistent: dice.chance(500),
                starts: if expected && dice.chance(150) {
                    dice.range(1, self.days() / 3)
                } else {
                    0
                },
                salt: dice.roll(),
            });
        }
        Household {
            name: name.into(),
            zone,
            jobs,
            storm_threshold: *dice.pick(&[2, 3, 10, 10]),
        }
    }
}

/// How far apart two runs are, at least, in seconds.
#[must_use]
pub fn span(when: When) -> i64 {
    match when {
        When::Every(seconds) => seconds,
        When::At(timetable) => match timetable.rule {
            Rule::Hourly(_) => 3_600,
            Rule::Daily(..) | Rule::Weekdays(..) => 86_400,
            Rule::Sunday(..) => 7 * 86_400,
            Rule::First(..) => 28 * 86_400,
        },
    }
}
