//! The entry of an adopted job in the manifest of expected jobs, so that it is missed
//! even when it never runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use heartbeat::Schedule;
use watch::{Expected, Runs, Timing, Written, Zone};

use super::{Ground, Plan, interval};
use crate::job::{Job, Kind};

/// Plans the entry of a job that the manifest does not know.
pub(super) fn write(ground: &Ground<'_>, plan: &mut Plan, job: &Job, delay: u64) {
    if ground.manifest.get(&job.user, &job.name).is_some()
        || ground.manifest.is_faulty(&job.user, &job.name)
    {
        return;
    }
    let Some(timing) = timing(job, delay) else {
        return;
    };
    let place = Written {
        file: Arc::new(job.place.file.to_path_buf()),
        line: job.place.line.unwrap_or(1) as usize,
    };
    let scheduled = matches!(timing, Timing::Schedule(_));
    let mut expected = Expected::new(&job.user, job.name.clone(), timing, place);
    if scheduled && delay > 0 {
        expected.grace = Some(Duration::from_secs(delay));
    }
    let path = path(ground, plan, job);
    let text = manifest::entry(&expected);
    plan.new_file(ground, &path, text, &job.name);
}

/// A file of its own: `NAME.toml`, with the user before it where that is taken.
fn path(ground: &Ground<'_>, plan: &Plan, job: &Job) -> PathBuf {
    let dir = Path::new(manifest::DEFAULT_DIR);
    let plain = dir.join(format!("{}.toml", job.name));
    if ground.root.look(&plain).is_err() && !plan.files.contains_key(&plain) {
        return plain;
    }
    dir.join(format!("{}.{}.toml", job.user, job.name))
}

fn timing(job: &Job, delay: u64) -> Option<Timing> {
    if job.when.schedule {
        let schedule = match job.kind {
            Kind::Timer | Kind::UserTimer => Schedule::on_calendar(&job.when.text),
            _ => Schedule::cron(&job.when.text),
        };
        let zone = job.when.zone.and_then(|zone| Zone::named(zone).ok());
        if let (Ok(schedule), Some(zone)) = (schedule, zone)
            && let Ok(runs) = Runs::new(schedule, zone)
        {
            return Some(Timing::Schedule(Arc::new(runs)));
        }
    }
    interval(job, delay).map(Timing::Interval)
}
