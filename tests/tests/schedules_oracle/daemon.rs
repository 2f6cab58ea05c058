//! Debian's cron daemon, told minute by minute as its manual and its source tell
//! it: the virtual clock that it keeps beside the real one. Slow, plain, and
//! written without a look at how `watch` computes runs.

use chrono::Datelike as _;
use watch::Zone;

use crate::cases::moment;

/// An expression, each field a list of what fits.
pub(crate) struct Entry {
    fields: [Vec<i64>; 5],
    star: [bool; 5],
}

impl Entry {
    pub(crate) fn new(text: &str) -> Self {
        let bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
        let mut parts = text.split_whitespace();
        let mut star = [false; 5];
        let fields = std::array::from_fn(|at| {
            let part = parts.next().unwrap();
            star[at] = part.starts_with('*');
            let (low, high) = bounds[at];
            let fits = |value: i64| {
                part.split(',')
                    .any(|one| one_fits(one, at, low, high, value))
            };
            (low..=high).filter(|value| fits(*value)).collect()
        });
        Self { fields, star }
    }

    fn wild(&self) -> bool {
        self.star[0] || self.star[1]
    }

    /// Whether a minute on the clock fits, counted from 1970.
    fn fits(&self, minute: i64) -> bool {
        let has_number = |at: usize, value: i64| self.fields[at].contains(&value);
        if !has_number(0, minute.rem_euclid(60)) || !has_number(1, minute.div_euclid(60) % 24) {
            return false;
        }
        let date = moment(minute * 60).date_naive();
        let weekday = i64::from(date.weekday().num_days_from_sunday());
        let weekday = has_number(4, weekday) || weekday == 0 && has_number(4, 7);
        let date_fits = has_number(2, i64::from(date.day()));
        let day = if self.star[2] || self.star[4] {
            date_fits && weekday
        } else {
            date_fits || weekday
        };
        has_number(3, i64::from(date.month())) && day
    }
}

fn one_fits(one: &str, at: usize, low: i64, high: i64, value: i64) -> bool {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    const WEEKDAYS: &str = "sunmontuewedthufrisat";
    let read = |text: &str| -> i64 {
        let text = text.to_lowercase();
        text.parse().unwrap_or_else(|_| {
            let names = if at == 3 { MONTHS } else { WEEKDAYS };
            names.find(&text).unwrap() as i64 / 3 + low
        })
    };
    let (range, step) = one.split_once('/').unwrap_or((one, "1"));
    let (first, last) = match range.split_once('-') {
        _ if range == "*" => (low, high),
        Some((first, last)) => (read(first), read(last)),
        None => (read(range), read(range)),
    };
    (first..=last).contains(&value) && (value - first) % step.parse::<i64>().unwrap() == 0
}

/// The moments, in seconds, at which the daemon starts the job: of the minutes
/// from one to another, both within.
pub(crate) fn runs(entry: &Entry, zone: Zone, from: i64, to: i64) -> Vec<i64> {
    let clock = |at: i64| (at + i64::from(zone.offset_seconds(moment(at)))).div_euclid(60);
    let mut found = Vec::new();
    // It has been running for long enough to be in step.
    let start = (from - 6 * 3_600).div_euclid(60) * 60;
    let mut virtual_time = clock(start - 60);
    for now in (start..=to).step_by(60) {
        let time = clock(now);
        let ahead = time - virtual_time;
        let mut run = false;
        let fits = |minute: i64| entry.fits(minute);
        if ahead == 1 {
            virtual_time = time;
            run = fits(time);
        } else if (6..=180).contains(&ahead) {
            // Put forward: jobs with a star now, the others for each minute lost.
            run = entry.wild() && fits(time);
            while virtual_time < time {
                virtual_time += 1;
                run |= !entry.wild() && fits(virtual_time);
            }
        } else if (2..=5).contains(&ahead) {
            while virtual_time < time {
                virtual_time += 1;
                run |= fits(virtual_time);
            }
        } else if (-179..=0).contains(&ahead) {
            // Put back: jobs with a star only, until the real clock has caught up.
            run = entry.wild() && fits(time);
        } else {
            virtual_time = time;
            run = fits(time);
        }
        if run && now >= from {
            found.push(now);
        }
    }
    found
}
