//! When a job should succeed, and when it is muted: texts become schedules.

use std::sync::Arc;
use std::time::Duration;

use heartbeat::Schedule;
use heartbeat::schedule::Rule;
use toml::Spanned;
use watch::{MuteTime, MuteWindow, Runs, Timing, Zone};

use crate::Fault;
use crate::raw::{Raw, RawMute};
use crate::values::{line, moment};

type Checked<T> = Result<T, Fault>;

/// The shortest window.
const SHORTEST: Duration = Duration::from_secs(60);

/// The time zone of an entry's schedules: its own, else the host's.
pub(crate) fn zone(raw: &Raw, host: Option<Zone>) -> Checked<Option<Zone>> {
    let Some(named) = &raw.timezone else {
        return Ok(host);
    };
    if raw.schedule.is_none() && raw.mute.iter().all(|one| one.get_ref().schedule.is_none()) {
        let message = "`timezone` says nothing without a schedule";
        return Err(Fault::at(named.span(), message)
            .hint("leave it out, or set `schedule` in the place of `every`"));
    }
    Zone::named(named.get_ref())
        .map(Some)
        .map_err(|error| Fault::at(named.span(), error.to_string()))
}

/// `every` or `schedule`.
pub(crate) fn timing(
    raw: &Raw,
    zone: Option<Zone>,
    key: std::ops::Range<usize>,
) -> Checked<Timing> {
    match (&raw.every, &raw.schedule) {
        (Some(every), None) => Ok(Timing::Interval(every.get_ref().0)),
        (None, Some(text)) => Ok(Timing::Schedule(timed(text, zone, raw)?)),
        (Some(_), Some(text)) => {
            let message = "both `every` and `schedule` are set";
            Err(Fault::at(text.span(), message)
                .hint("keep `schedule` where the job runs at certain times, `every` where it only has to run often enough"))
        }
        (None, None) => {
            let message = "neither `every` nor `schedule` is set, so nobody could say when the job is late or never ran";
            Err(Fault::at(key, message).hint("like every = \"1d\" or schedule = \"0 2 * * *\""))
        }
    }
}

/// The schedule of the job itself: one that tells when it is late.
fn timed(text: &Spanned<String>, zone: Option<Zone>, raw: &Raw) -> Checked<Arc<Runs>> {
    let reboot = "nobody could say when such a job is late: where it beats again and again set `every`, else leave it out here";
    let runs = runs(text, zone, reboot)?;
    // Windows may be in another zone than the job.
    let windows = raw.mute.iter().any(|one| one.get_ref().schedule.is_some());
    if let (Some(own), Some(named)) = (runs.schedule().own_zone(), &raw.timezone)
        && zone != Some(runs.zone())
        && !windows
    {
        let message = format!("the schedule itself names the time zone {own}");
        return Err(Fault::at(named.span(), message).hint("leave one of the two out"));
    }
    Ok(runs)
}

/// A schedule that runs at times of the clock.
fn runs(text: &Spanned<String>, zone: Option<Zone>, reboot: &str) -> Checked<Arc<Runs>> {
    let fault = |why: String| Fault::at(text.span(), why);
    let schedule = Schedule::parse(text.get_ref()).map_err(|error| fault(error.to_string()))?;
    if *schedule.rule() == Rule::Reboot {
        return Err(fault("@reboot is no time of the clock".to_owned()).hint(reboot));
    }
    let zone = match (zone, schedule.own_zone()) {
        (Some(zone), _) => zone,
        (None, Some(_)) => Zone::utc(), // The text's own wins.
        (None, None) => {
            let why = "the time zone of this host cannot be told, and none is named";
            return Err(fault(why.to_owned()).hint("like timezone = \"Europe/Riga\""));
        }
    };
    Runs::new(schedule, zone)
        .map(Arc::new)
        .map_err(|error| fault(error.to_string()))
}

/// One of `mute`.
pub(crate) fn window(raw: &Spanned<RawMute>, zone: Option<Zone>) -> Checked<MuteWindow> {
    let (span, raw) = (raw.span(), raw.get_ref());
    let when = match (&raw.schedule, &raw.length, &raw.from, &raw.until) {
        (Some(schedule), Some(length), None, None) => {
            let opens = runs(
                schedule,
                zone,
                "a window opens at times like \"0 22 * * 6\"",
            )?;
            let open = length.get_ref().0;
            if open.duration() < SHORTEST {
                return Err(too_short(length.span()));
            }
            if opens
                .longest_gap()
                .is_some_and(|gap| open.duration() >= gap)
            {
                let text = opens.schedule();
                let message =
                    format!("this window never closes: it opens at \"{text}\", for {open}");
                return Err(Fault::at(length.span(), message)
                    .hint("make it shorter; `paused_until` mutes a job for longer"));
            }
            MuteTime::Recurring {
                opens,
                length: open.duration(),
            }
        }
        (None, None, Some(from), Some(until)) => {
            let (begins, ends) = (moment(from)?, moment(until)?);
            let length = (ends - begins).to_std().unwrap_or_default();
            if ends <= begins {
                return Err(Fault::at(until.span(), "this window ends before it begins"));
            }
            if length < SHORTEST {
                return Err(too_short(until.span()));
            }
            MuteTime::Once {
                from: begins,
                until: ends,
            }
        }
        _ => {
            let message = "a window is either `schedule` and `for`, or `from` and `until`";
            return Err(Fault::at(span, message).hint(
                "like { schedule = \"0 22 * * 6\", for = \"8h\", reason = \"weekly reboot\" }",
            ));
        }
    };
    Ok(MuteWindow {
        when,
        reason: line("reason", raw.reason.as_ref())?,
    })
}

fn too_short(span: std::ops::Range<usize>) -> Fault {
    Fault::at(span, "this window is shorter than a minute")
        .hint("a pass comes every few minutes, so that no such window is ever met")
}
