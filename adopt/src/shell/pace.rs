//! A beat that promises another pace than its line has.

use std::time::Duration;

use heartbeat::Interval;

use super::BeatCall;
use super::lint::{Context, Lint};

/// How many times the line's own pace an interval may have.
const WIDE: u32 = 2;

pub(super) fn lint(call: &BeatCall, context: &Context<'_>) -> Option<Lint> {
    let written = context.schedule?;
    let fix = || format!("Write --cron '{written}' instead.");
    if let Some(cron) = &call.cron {
        let same = cron.split_whitespace().eq(written.split_whitespace());
        return (!same).then(|| {
            Lint::new(
                "schedule-contradicts",
                &call.span,
                format!("The beat says that the job runs at {cron:?}, the line says {written:?}."),
                fix(),
            )
        });
    }
    let every = call.every.as_deref()?;
    let every_long = every.parse::<Interval>().ok()?.duration();
    let gap = context.longest_gap?;
    let sentence = if gap > every_long.saturating_mul(WIDE) {
        format!(
            "The beat says that the job runs every {every}, but the line rests for {} at \
             times: it is called silent while all is well.",
            words(gap)
        )
    } else if every_long > gap.saturating_mul(WIDE) {
        format!(
            "The beat says that the job runs every {every}, but the line runs every {} or \
             more often: a silence is noticed late.",
            words(gap)
        )
    } else {
        return None;
    };
    Some(Lint::new(
        "schedule-contradicts",
        &call.span,
        sentence,
        fix(),
    ))
}

/// A time in its largest whole unit.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    for (unit, long) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds >= long && seconds.is_multiple_of(long) {
            return format!("{}{unit}", seconds / long);
        }
    }
    format!("{seconds}s")
}
