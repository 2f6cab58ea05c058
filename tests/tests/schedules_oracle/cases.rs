//! What the oracles are asked: expressions of many shapes, zones with rules of
//! their own, moments around each change of their clocks.

use chrono::{DateTime, Utc};
use watch::Zone;

use crate::random::Random;

/// Zones with changes of half an hour, at midnight, in the other half of the year,
/// twice a year around Ramadan, with odd offsets, and without any change.
pub(crate) const ZONES: [&str; 22] = [
    "Europe/Riga",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Havana",
    "Atlantic/Azores",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "UTC",
];

/// 2024-01-01 and 2028-01-01, UTC.
pub(crate) const FROM: i64 = 1_704_067_200;
pub(crate) const TO: i64 = 1_830_297_600;

pub(crate) fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// The moments at which a zone's clock changes, 2024 to 2027.
pub(crate) fn changes(zone: Zone) -> Vec<i64> {
    let offset = |at: i64| zone.offset_seconds(moment(at));
    let mut found = Vec::new();
    for day in (FROM..TO).step_by(86_400) {
        let (mut low, mut high) = (day, day + 86_400);
        if offset(low) == offset(high) {
            continue;
        }
        while high - low > 1 {
            let middle = i64::midpoint(low, high);
            if offset(middle) == offset(day) {
                low = middle;
            } else {
                high = middle;
            }
        }
        found.push(high);
    }
    found
}

/// A moment to ask from: mostly near a change.
pub(crate) fn base(random: &mut Random, changes: &[i64]) -> i64 {
    if changes.is_empty() || random.one_in(4) {
        return random.within(FROM, TO - 400 * 86_400);
    }
    let change = *random.pick(changes);
    match random.within(0, 7) {
        0 => change,
        1 => change - 1,
        2 => change + 1,
        3 => change - random.within(0, 86_400 + 3_600),
        4 => change + random.within(0, 86_400),
        5 => change - random.within(0, 60) * 60,
        6 => change + random.within(0, 120) * 60,
        _ => change + random.within(-7_200, 7_200),
    }
}

/// A case: an expression, where and from when.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) zone: &'static str,
    pub(crate) base: i64,
    pub(crate) text: String,
}

/// The hour and minute of some change on the clock, or near, so that times fall
/// into what is left out or repeated.
fn hour(random: &mut Random) -> i64 {
    if random.one_in(3) {
        random.within(0, 23)
    } else {
        random.within(0, 3)
    }
}

fn minute(random: &mut Random) -> i64 {
    if random.one_in(2) {
        *random.pick(&[0, 15, 29, 30, 31, 45, 59])
    } else {
        random.within(0, 59)
    }
}

fn list(random: &mut Random, mut one: impl FnMut(&mut Random) -> String) -> String {
    let many = *random.pick(&[1, 1, 1, 1, 1, 2, 2, 3, 5]);
    let parts: Vec<String> = (0..many).map(|_| one(random)).collect();
    parts.join(",")
}

/// A field of cron.
fn field(
    random: &mut Random,
    low: i64,
    high: i64,
    names: &[&str],
    one: fn(&mut Random) -> i64,
) -> String {
    list(random, |random| {
        let name = |random: &mut Random, value: i64| match names.get((value - low) as usize) {
            Some(name) if random.one_in(3) => (*name).to_owned(),
            _ if random.one_in(9) => format!("{value:02}"),
            _ => value.to_string(),
        };
        let first = one(random).clamp(low, high);
        let last = random.within(first, high);
        match random.within(0, 9) {
            0 => "*".to_owned(),
            1 => format!("*/{}", random.within(1, high + 5)),
            // A name of a weekday is 0 to 6, and sat-sun runs backwards.
            2 => format!("{}-{}", name(random, first), last),
            // cronsim takes 5-5/2 for 5-59/2; cron does not.
            3 if last > first => format!("{first}-{last}/{}", random.within(1, 7)),
            _ => name(random, first),
        }
    })
}

const MONTHS: [&str; 12] = [
    "jan", "FEB", "mar", "Apr", "may", "jun", "jul", "AUG", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "TUE", "Wed", "thu", "fri", "sat"];

/// An expression of cron.
pub(crate) fn cron(random: &mut Random) -> String {
    let star = |random: &mut Random, many: u64, field: String| {
        if random.one_in(many) {
            field
        } else {
            "*".to_owned()
        }
    };
    let minutes = field(random, 0, 59, &[], minute);
    let minutes = if random.one_in(7) {
        "*".to_owned()
    } else {
        minutes
    };
    let hours = field(random, 0, 23, &[], hour);
    let hours = if random.one_in(5) {
        "*".to_owned()
    } else {
        hours
    };
    let days = field(random, 1, 31, &[], |random| random.within(1, 31));
    let days = star(random, 3, days);
    let months = field(random, 1, 12, &MONTHS, |random| random.within(1, 12));
    let months = star(random, 4, months);
    let weekdays = field(random, 0, 7, &WEEKDAYS, |random| random.within(0, 7));
    let weekdays = star(random, 3, weekdays);
    let blank = *random.pick(&[" ", " ", " ", "\u{20}\u{20}"]);
    [minutes, hours, days, months, weekdays].join(blank)
}

/// A list in a calendar expression; or a repetition without an end, of which
/// systemd loses the next one when it does not come out even: see [`even`].
fn chain(random: &mut Random, low: i64, high: i64, one: fn(&mut Random) -> i64) -> String {
    if random.one_in(6) {
        return even(random, low, high);
    }
    list(random, |random| {
        let first = one(random).clamp(low, high);
        let last = random.within(first, high);
        let text = if random.one_in(3) {
            format!("{first:02}")
        } else {
            first.to_string()
        };
        match random.within(0, 6) {
            0 => format!("{text}..{last}"),
            1 if last > first => format!("{text}..{last}/{}", random.within(1, 9)),
            _ => text,
        }
    })
}

/// A repetition that ends with the last of all, or goes on evenly in the next hour
/// or day. Of others (`*:0/7`) systemd 252 leaves out what comes first in a day:
/// it carries 23:63 over to 00:03.
fn even(random: &mut Random, low: i64, high: i64) -> String {
    let size = high - low + 1;
    loop {
        let step = random.within(1, size / 2);
        let first = low + random.within(0, step - 1);
        if size % step == 0 || (high - first) % step == 0 {
            return format!("{first}/{step}");
        }
    }
}

fn weekdays(random: &mut Random) -> String {
    const NAMES: [&str; 14] = [
        "Mon",
        "monday",
        "Tue",
        "Tuesday",
        "wed",
        "Wednesday",
        "Thu",
        "THURSDAY",
        "Fri",
        "friday",
        "Sat",
        "Saturday",
        "sun",
        "Sunday",
    ];
    let text = list(random, |random| {
        let first = random.within(0, 13);
        let last = random.within(first, 13);
        match random.within(0, 3) {
            0 => format!("{}..{}", NAMES[first as usize], NAMES[last as usize]),
            1 => format!("{}-{}", NAMES[first as usize], NAMES[last as usize]),
            _ => NAMES[first as usize].to_owned(),
        }
    });
    if random.one_in(9) { text + "," } else { text }
}

fn date(random: &mut Random) -> String {
    let month = if random.one_in(2) {
        "*".to_owned()
    } else {
        chain(random, 1, 12, |random| random.within(1, 12))
    };
    let (sign, day) = match random.within(0, 5) {
        0 => ("~", chain_back(random)),
        1 => ("-", "*".to_owned()),
        _ => ("-", chain(random, 1, 31, |random| random.within(1, 31))),
    };
    match random.within(0, 5) {
        0 => format!("{month}{sign}{day}"),
        1 => {
            let years = chain(random, 2024, 2199, |random| random.within(2024, 2030));
            format!("{years}-{month}{sign}{day}")
        }
        2 => format!("{}-{month}{sign}{day}", random.within(24, 29)),
        _ => format!("*-{month}{sign}{day}"),
    }
}

/// Days counted from the end of the month. Of a list systemd takes 28 for the
/// first element only, 25 for the second, and so on: an oversight, not followed.
fn chain_back(random: &mut Random) -> String {
    let high = if random.one_in(2) { 28 } else { 16 };
    let one = |random: &mut Random| {
        let first = random.within(1, high);
        let last = random.within(first, high);
        match random.within(0, 4) {
            0 => format!("{first}..{last}"),
            1 if last > first => format!("{first}..{last}/{}", random.within(1, 9)),
            2 if first > 1 => format!("{first}/{}", random.within(1, first - 1)),
            _ => first.to_string(),
        }
    };
    if high == 28 {
        one(random)
    } else {
        list(random, one)
    }
}

fn time(random: &mut Random) -> String {
    let hours = chain(random, 0, 23, hour);
    let hours = if random.one_in(3) {
        "*".to_owned()
    } else {
        hours
    };
    let minutes = chain(random, 0, 59, minute);
    let minutes = if random.one_in(5) {
        "*".to_owned()
    } else {
        minutes
    };
    match random.within(0, 7) {
        0 => {
            let seconds = chain(random, 0, 59, |random| random.within(0, 59));
            format!("{hours}:{minutes}:{seconds}")
        }
        1 => {
            let second = *random.pick(&[
                "*",
                "00.5",
                "0..3/1.5",
                "15/7.5",
                "59.999999",
                "0/0.25",
                "30.1234567",
            ]);
            format!("{hours}:{minutes}:{second}")
        }
        _ => format!("{hours}:{minutes}"),
    }
}

const SHORTHANDS: [&str; 12] = [
    "minutely",
    "hourly",
    "daily",
    "weekly",
    "monthly",
    "yearly",
    "annually",
    "quarterly",
    "semiannually",
    "Daily",
    "WEEKLY",
    "bi-annually",
];

/// An expression of systemd.
pub(crate) fn calendar(random: &mut Random) -> String {
    let mut parts = Vec::new();
    if random.one_in(25) {
        parts.push((*random.pick(&SHORTHANDS)).to_owned());
    } else {
        if random.one_in(3) {
            parts.push(weekdays(random));
        }
        if random.one_in(2) {
            parts.push(date(random));
        }
        if parts.is_empty() || !random.one_in(8) {
            parts.push(time(random));
        }
    }
    if random.one_in(8) {
        parts.push(
            (*random.pick(&[
                "UTC",
                "utc",
                "Europe/Riga",
                "Asia/Tehran",
                "America/St_Johns",
            ]))
            .to_owned(),
        );
    }
    parts.join(" ")
}
