//! The store of a made-up host, as a pass reads it; a planted bug may bend what it sees.

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use checker::gather::{self, Judge, Store};
use heartbeat::{Finding, Interval, JobFiles, JobName, Place, Scan};
use watch::JobState;

use super::Scene;
use crate::bugs::Bug;
use crate::host::{File, Host, time};
use crate::timetable::Moment;

/// The store of a host.
pub(super) struct SimStore {
    pub(super) scene: Rc<Scene>,
    pub(super) host: usize,
    pub(super) at: Moment,
    pub(super) path: PathBuf,
}

impl SimStore {
    fn own(&self, host: &Host) -> Option<JobFiles> {
        let job = JobName::new(gather::OWN_JOB).ok()?;
        let read = |file: &Option<File>| {
            let file = file.as_ref()?;
            Some(Box::new(file.read(gather::OWN_JOB).clone()))
        };
        let [mut last, fail] = [read(&host.own[0]), read(&host.own[1])];
        if self.scene.bug == Some(Bug::ClockTrusted)
            && let Some(Ok(beat)) = last.as_deref_mut()
        {
            beat.timestamp = time(host.wall(self.at));
        }
        Some(JobFiles {
            job,
            last,
            fail,
            run: None,
            skip: None,
        })
    }

    fn files(&self, host: &Host, job: usize) -> Option<JobFiles> {
        let name = JobName::new(&host.jobs[job].trade.name).ok()?;
        let [last, fail, run, skip] = [0, 1, 2, 3].map(|slot| host.slot(job, slot, self.at));
        let mut files = JobFiles {
            job: name,
            last,
            fail,
            run,
            skip,
        };
        bend(&mut files, host, self.at, self.scene.bug);
        let left = files.last.is_some()
            || files.fail.is_some()
            || files.run.is_some()
            || files.skip.is_some();
        left.then_some(files)
    }
}

/// What a planted bug makes of a job's files.
fn bend(files: &mut JobFiles, host: &Host, at: Moment, bug: Option<Bug>) {
    let Some(bug) = bug else { return };
    let wall = time(host.wall(at));
    let slots = [
        &mut files.last,
        &mut files.fail,
        &mut files.run,
        &mut files.skip,
    ];
    for slot in slots {
        match (bug, slot.as_deref_mut()) {
            (Bug::UnreadableIsGone, Some(Err(_))) => *slot = None,
            (_, Some(Ok(beat))) => match bug {
                Bug::FutureIsFresh => beat.timestamp = beat.timestamp.min(wall),
                Bug::WallClockOnly => beat.boot = None,
                Bug::IntervalHalf => {
                    let half = beat.interval.map(|all| u64::from(all.seconds() / 2));
                    beat.interval = half.and_then(|half| Interval::from_seconds(half).ok());
                }
                Bug::RestartIsLife => {
                    let here = host.stamp(at);
                    let other = beat.boot.zip(here).filter(|(then, now)| then.id != now.id);
                    if let Some((_, now)) = other {
                        let up = chrono::TimeDelta::from_std(now.uptime).unwrap_or_default();
                        beat.timestamp = beat.timestamp.max(wall - up);
                    }
                }
                Bug::ZoneForgotten => {
                    if let Some(details) = &mut beat.details {
                        details.timezone = Some("UTC".into());
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    match bug {
        Bug::FailIgnored => files.fail = None,
        Bug::SkipIgnored => files.skip = None,
        _ => {}
    }
}

impl Store for SimStore {
    fn path(&self) -> &Path {
        &self.path
    }

    fn is(&self, other: &Self) -> bool {
        self.host == other.host
    }

    fn own_place(&self) -> Option<PathBuf> {
        Some(self.path.clone())
    }

    fn read_own(&self, _: &JobName) -> Option<JobFiles> {
        let host = self.scene.hosts[self.host].borrow();
        if self.at < host.blind {
            return None;
        }
        self.own(&host)
    }

    fn scan(&self, judge: &Judge<'_>) -> io::Result<Scan<JobState>> {
        let host = self.scene.hosts[self.host].borrow();
        if self.at < host.blind {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let app = self.path.join("app");
        let place = |dir: &Path, user: &str| Place {
            dir: dir.into(),
            user: user.into(),
            uid: None,
        };
        let places = vec![place(&self.path, "root"), place(&app, "app")];
        let mut findings = Vec::new();
        let hidden = self.at < host.hidden;
        if hidden {
            findings.push(Finding {
                path: app,
                what: "cannot be opened: permission denied; beats in it are not seen".into(),
                blind: true,
            });
        }
        let mut jobs = Vec::with_capacity(host.jobs.len() + 1);
        for (at, job) in host.jobs.iter().enumerate() {
            if hidden && job.trade.app {
                continue;
            }
            let files = self.files(&host, at);
            jobs.extend(files.map(|files| judge(&places[usize::from(job.trade.app)], files)));
        }
        let own = self.own(&host);
        let own = own.filter(|own| own.last.is_some() || own.fail.is_some());
        jobs.extend(own.map(|own| judge(&places[0], own)));
        Ok(Scan {
            places,
            jobs,
            findings,
        })
    }
}
