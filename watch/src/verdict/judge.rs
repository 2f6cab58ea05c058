//! The judge of one job: goes from the first thing that decides to the last.

use std::time::Duration;

use heartbeat::{Beat, FileKind, JobFiles, Unreadable};

use super::cause::failure;
use super::due::{Due, Reckoning, Standing};
use super::going::Going;
use super::order::{Age, age, ended, known_older, newer, past, same_boot};
use super::{Cause, Expectation, IDLE_AFTER, Judgement, Now, Rules, Verdict, tellable};
use crate::time_to_catch_up;

/// A job's beats, without those that a later one has put right.
pub(super) struct Seen<'a> {
    last: Option<&'a Beat>,
    fail: Option<&'a Beat>,
    run: Option<&'a Beat>,
    skip: Option<&'a Beat>,
}

/// A file that cannot be read, and why.
pub(super) type Fault<'a> = (FileKind, &'a Unreadable);

impl<'a> Seen<'a> {
    /// The beats that can be read, and the first file that cannot.
    pub(super) fn open(files: &'a JobFiles, now: &Now) -> (Self, Option<Fault<'a>>) {
        let mut fault = None;
        let slots = [
            (FileKind::Last, &files.last),
            (FileKind::Skip, &files.skip),
            (FileKind::Fail, &files.fail),
            (FileKind::Run, &files.run),
        ];
        let [last, skip, fail, run] = slots.map(|(file, slot)| match slot.as_deref()? {
            Ok(beat) => Some(beat),
            Err(why) => {
                fault = fault.or(Some((file, why)));
                None
            }
        });
        // What a later sign has put right is no failure, and its end no run.
        let skip = skip.filter(|skip| last.is_none_or(|last| newer(skip, last, now)));
        let later = |fail: &&Beat| {
            [last, skip]
                .into_iter()
                .flatten()
                .all(|sign| !known_older(fail, sign, now))
        };
        let seen = Self {
            last,
            fail: fail.filter(later),
            run: run.filter(|run| last.is_none_or(|last| !ended(run, last, now))),
            skip,
        };
        (seen, fault)
    }

    pub(super) fn last(&self) -> Option<&'a Beat> {
        self.last
    }

    fn all(&self) -> impl Iterator<Item = &'a Beat> {
        [self.last, self.fail, self.run, self.skip]
            .into_iter()
            .flatten()
    }
}

pub(super) struct Judge<'a> {
    pub(super) expectation: &'a Expectation,
    pub(super) rules: &'a Rules<'a>,
    pub(super) due: Option<Due>,
    pub(super) seen: Seen<'a>,
}

impl Judge<'_> {
    pub(super) fn judge(mut self) -> Judgement {
        let odd_schedule = match self.due {
            Some(_) => None,
            None => self.carried().err(),
        };
        let now = &self.rules.now;
        let Seen { last, fail, .. } = self.seen;
        let ahead =
            [last, fail, self.seen.skip]
                .into_iter()
                .find_map(|beat| match age(beat?, now) {
                    Age::Future(ahead) => Some(ahead),
                    Age::Past(_) => None,
                });
        if let Some(ahead) = ahead {
            return self.say(Verdict::Skewed, None, Some(Cause::Ahead(ahead)));
        }
        let last_age = past(last, now);
        let over = |sign: Option<&Beat>| {
            fail.is_some_and(|fail| sign.is_none_or(|sign| newer(fail, sign, now)))
        };
        if let Some(fail) = fail.filter(|_| over(last) && over(self.seen.skip)) {
            return self.say(Verdict::Failed, last_age, Some(failure(fail)));
        }
        if let Some(cause) = self.broken() {
            // Each success of a broken run is another one: none of them counts.
            return Judgement {
                last_success: None,
                since: None,
                ..self.say(Verdict::Failed, None, Some(cause))
            };
        }
        let run = self.going();
        if let Some(run) = &run
            && run.hangs(last_age, now)
        {
            return self.say(Verdict::Hung, last_age, Some(run.cause()));
        }
        if let Some(why) = odd_schedule {
            return self.say(Verdict::Unreadable, last_age, Some(Cause::Schedule(why)));
        }
        let Some(due) = self.due.clone() else {
            return self.say(Verdict::Unreadable, last_age, Some(Cause::NoInterval));
        };
        let heard = last.is_some() || self.seen.skip.is_some();
        if heard {
            self.heard_of(&due, last_age, run.as_ref())
        } else {
            self.unborn(&due, run.as_ref())
        }
    }

    /// The schedule or interval that a beat carries: the first that has one.
    fn carried(&mut self) -> Result<(), Box<str>> {
        for beat in self.seen.all() {
            let details = beat.details.as_deref();
            if let Some(schedule) = details.and_then(|details| details.schedule.as_deref()) {
                let zone = details.and_then(|details| details.timezone.as_deref());
                match self.rules.timetables.runs(schedule, zone) {
                    Ok(runs) => {
                        self.due = Some(Due::Runs(runs));
                        return Ok(());
                    }
                    Err(why) if beat.interval.is_none() => return Err(why),
                    Err(_) => {}
                }
            }
            if let Some(interval) = beat.interval {
                self.due = Some(Due::Interval(interval));
                return Ok(());
            }
        }
        Ok(())
    }

    /// What the last success lacks that the manifest expects of one.
    fn broken(&self) -> Option<Cause> {
        let expects = &self.expectation.expected.as_ref()?.expects;
        let last = self.seen.last.filter(|_| self.seen.skip.is_none())?;
        let details = last.details.as_deref();
        let took = details.and_then(|details| details.duration);
        let quick = expects
            .min_duration
            .zip(took)
            .is_some_and(|(least, took)| took < least);
        let bytes = details.and_then(|details| details.output_bytes);
        let reason = if quick {
            "too_quick"
        } else if expects.output && bytes == Some(0) {
            "no_output"
        } else {
            self.expectation.file_fault?
        };
        Some(Cause::Failure {
            at: last.timestamp,
            exit_code: details.and_then(|details| details.exit_code),
            signal: None,
            reason: Some(reason.into()),
            duration: took,
            output_tail: None,
        })
    }

    fn going(&self) -> Option<Going<'_>> {
        let run = self.seen.run?;
        let heard = past(Some(run), &self.rules.now)?;
        Some(Going::new(run, heard))
    }

    /// A job of which a success or a skip is known.
    fn heard_of(
        &self,
        due: &Due,
        last_age: Option<Duration>,
        run: Option<&Going<'_>>,
    ) -> Judgement {
        let now = &self.rules.now;
        let skip_age = past(self.seen.skip, now);
        let sign = [last_age, skip_age].into_iter().flatten().min();
        let reckoned = self.reckon(due, sign.unwrap_or_default());
        let say = |verdict, cause| self.tell(verdict, last_age, &reckoned, cause);
        let verdict = match reckoned.standing {
            Standing::Fresh => Verdict::Fresh,
            Standing::Late => Verdict::Late,
            Standing::Silent => {
                let here = run.filter(|run| same_boot(run.beat, now));
                if let Some(run) = here.filter(|run| run.pulse.is_some()) {
                    // At work: what hangs was told before.
                    return say(Verdict::Late, Some(run.cause()));
                }
                return self.silence(due, say(Verdict::Silent, here.map(Going::cause)));
            }
        };
        // Alive by a sign that is no success: for how long has it done nothing?
        if let Some(skip) = self.seen.skip {
            let since = last_age.or(self.expectation.known_for);
            let reason = skip.details.as_ref().and_then(|d| d.reason.clone());
            if let Some(since) = since
                && due.more_than(IDLE_AFTER, since, now.wall)
            {
                return say(Verdict::Idle, Some(Cause::Idle { since, reason }));
            }
        }
        say(verdict, None)
    }

    /// A job that never succeeded: a first run has started, or it is expected.
    fn unborn(&self, due: &Due, run: Option<&Going<'_>>) -> Judgement {
        let now = &self.rules.now;
        let Some(run) = run else {
            let ahead = self.seen.run.map(|run| age(run, now));
            if let Some(Age::Future(ahead)) = ahead {
                return self.say(Verdict::Skewed, None, Some(Cause::Ahead(ahead)));
            }
            let Some(known) = self.expectation.known_for else {
                return self.say(Verdict::Waiting, None, None);
            };
            let reckoned = self.reckon(due, known);
            let judged = self.tell(Verdict::Waiting, None, &reckoned, None);
            return match reckoned.standing {
                Standing::Silent => self.silence(
                    due,
                    Judgement {
                        verdict: Verdict::Never,
                        ..judged
                    },
                ),
                _ => judged,
            };
        };
        let reckoned = self.reckon(due, run.going);
        let say = |verdict| {
            let told = self.tell(verdict, Some(run.going), &reckoned, Some(run.cause()));
            Judgement {
                missed: None,
                ..told
            }
        };
        match reckoned.standing {
            Standing::Fresh | Standing::Late => say(Verdict::Waiting),
            Standing::Silent if same_boot(run.beat, now) && run.pulse.is_some() => {
                say(Verdict::Waiting)
            }
            Standing::Silent if same_boot(run.beat, now) => say(Verdict::Hung),
            Standing::Silent => say(Verdict::Never),
        }
    }

    /// A silence: told now, or not yet, because the host was off and the job may
    /// still catch up.
    fn silence(&self, due: &Due, judged: Judgement) -> Judgement {
        let now = self.rules.now.wall;
        let wait = time_to_catch_up(due.spacing(now), self.rules.catch_up);
        let outage = judged
            .deadline
            .and_then(|deadline| self.rules.outages.explaining(deadline, wait));
        let Some(outage) = outage.copied() else {
            return judged;
        };
        let until = chrono::TimeDelta::from_std(wait)
            .ok()
            .and_then(|wait| outage.to.checked_add_signed(wait));
        match until.filter(|until| now <= *until) {
            None => Judgement {
                story: Some(outage),
                ..judged
            },
            Some(until) => Judgement {
                verdict: if judged.verdict == Verdict::Never {
                    Verdict::Waiting
                } else {
                    Verdict::Late
                },
                cause: Some(Cause::CatchingUp { outage, until }),
                ..judged
            },
        }
    }

    fn reckon(&self, due: &Due, age: Duration) -> Reckoning {
        let (misses, grace) = (self.expectation.misses(), self.expectation.grace());
        due.reckon(age, self.rules.now.wall, misses, grace)
    }

    fn tell(
        &self,
        verdict: Verdict,
        age: Option<Duration>,
        reckoned: &Reckoning,
        cause: Option<Cause>,
    ) -> Judgement {
        Judgement {
            missed: reckoned.missed,
            ratio: reckoned.ratio,
            deadline: Some(reckoned.deadline),
            ..self.say(verdict, age, cause)
        }
    }

    fn say(&self, verdict: Verdict, age: Option<Duration>, cause: Option<Cause>) -> Judgement {
        let last_success = self.seen.last.map(|beat| beat.timestamp);
        let moving = matches!(
            cause,
            Some(Cause::Ahead(_) | Cause::NoInterval | Cause::Schedule(_))
        );
        Judgement {
            age,
            due: self.due.clone(),
            last_success,
            since: last_success.filter(|at| !moving && tellable(*at)),
            cause,
            ..Judgement::new(verdict)
        }
    }
}
