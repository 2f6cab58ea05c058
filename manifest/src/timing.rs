//! When a job should succeed, and when it is muted: texts become schedules.

use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;
use watch::{MuteTime, MuteWindow, Recurrence, Timing};

use crate::Fault;
use crate::raw::{Raw, RawMute};
use crate::values::{line, moment};

type Checked<T> = Result<T, Fault>;

/// The shortest window.
const SHORTEST: Duration = Duration::from_secs(60);

/// The time zone of an entry's schedules: its own, else the host's.
pub(crate) fn zone(raw: &Raw, host: &str) -> Checked<Box<str>> {
    let Some(named) = &raw.timezone else {
        return Ok(host.into());
    };
    if raw.schedule.is_none() && raw.mute.iter().all(|one| one.get_ref().schedule.is_none()) {
        let message = "`timezone` says nothing without a schedule";
        return Err(Fault::at(named.span(), message)
            .hint("leave it out, or set `schedule` in the place of `every`"));
    }
    Ok(named.get_ref().as_str().into())
}

/// `every` or `schedule`.
pub(crate) fn timing(raw: &Raw, zone: &str, key: std::ops::Range<usize>) -> Checked<Timing> {
    match (&raw.every, &raw.schedule) {
        (Some(every), None) => Ok(Timing::Interval(every.get_ref().0)),
        (None, Some(text)) => Ok(Timing::Schedule(recurrence(text, zone)?)),
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

fn recurrence(text: &Spanned<String>, zone: &str) -> Checked<Arc<Recurrence>> {
    Ok(Arc::new(Recurrence {
        schedule: text.get_ref().as_str().into(),
        zone: zone.into(),
    }))
}

/// One of `mute`.
pub(crate) fn window(raw: &Spanned<RawMute>, zone: &str) -> Checked<MuteWindow> {
    let (span, raw) = (raw.span(), raw.get_ref());
    let when = match (&raw.schedule, &raw.length, &raw.from, &raw.until) {
        (Some(schedule), Some(length), None, None) => {
            let opens = recurrence(schedule, zone)?;
            let time = length.get_ref().0.duration();
            if time < SHORTEST {
                return Err(too_short(length.span()));
            }
            MuteTime::Recurring {
                opens,
                length: time,
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
