//! What stands behind a verdict, in one sentence: the same in the table, the
//! record, the issue and the report.

use heartbeat::UnreadableKind;

use crate::words::{count, is_odd, moment, span};
use crate::{Cause, JobState, Verdict};

/// One sentence without a full stop; `None` for a job that is well. Where an outage of
/// the host explains a silence, it says so.
///
/// Texts that come from a job (a reason, a signal's name) are cut short and
/// stripped of control characters, but not escaped for any markup.
#[must_use]
pub fn reason(state: &JobState) -> Option<String> {
    let reason = bare_reason(state)?;
    Some(match state.story() {
        Some(outage) => format!("{reason}; {outage}"),
        None => reason,
    })
}

/// The same without the outage, for where that is told once for many.
#[must_use]
pub fn bare_reason(state: &JobState) -> Option<String> {
    let silence = || match (state.age, state.missed()) {
        (Some(age), Some(missed)) => format!(
            "no success for {}, {} missed",
            span(age),
            count(missed, "run", "runs")
        ),
        (Some(age), None) => format!("no success for {}", span(age)),
        _ => "no success is known".to_owned(),
    };
    of_verdict(state, silence)
}

fn of_verdict(state: &JobState, silence: impl Fn() -> String) -> Option<String> {
    match (state.verdict, state.cause()) {
        (Verdict::Fresh, _) => None,
        (_, Some(Cause::CatchingUp { outage, until })) => Some(format!(
            "{}; {outage}, and it may catch up until {}",
            silence(),
            moment(*until)
        )),
        (Verdict::Late, Some(Cause::Run { started, .. })) => Some(format!(
            "{}; a run that started at {} is at work",
            silence(),
            moment(*started)
        )),
        (Verdict::Silent, Some(Cause::Run { started, .. })) => Some(format!(
            "{}; a run that started at {} has not ended",
            silence(),
            moment(*started)
        )),
        (verdict @ Verdict::Silent, Some(cause @ Cause::Unreadable { .. })) => {
            Some(format!("{}; {}", silence(), told(cause, verdict)))
        }
        (Verdict::Silent | Verdict::Late, _) => Some(silence()),
        (_, Some(cause)) => Some(told(cause, state.verdict)),
        (Verdict::Waiting, None) => Some("expected, no beat yet".to_owned()),
        (Verdict::Never, None) => Some(match state.missed_since_known() {
            Some(missed) => format!(
                "expected, and there has never been a beat; {} missed",
                count(missed, "run", "runs")
            ),
            None => "expected, and there has never been a beat".to_owned(),
        }),
        (_, None) => Some(silence()),
    }
}

fn told(cause: &Cause, verdict: Verdict) -> String {
    match cause {
        Cause::Failure {
            at,
            exit_code,
            signal,
            reason,
            duration,
            ..
        } => {
            let how = match (exit_code, signal, reason.as_deref()) {
                (_, Some(signal), _) => format!("ended by signal {}", plain(signal)),
                (Some(code), _, None | Some("exit")) => format!("exit code {code}"),
                (Some(0), _, Some(reason)) => broken(reason),
                (Some(code), _, Some(reason)) => format!("{}, exit code {code}", broken(reason)),
                (None, None, Some(reason)) => broken(reason),
                (None, None, None) => "no reason given".to_owned(),
            };
            let took = duration.map_or(String::new(), |d| format!(" after {}", span(d)));
            format!("failed at {}: {how}{took}", moment(*at))
        }
        Cause::Run {
            started,
            going,
            limit,
            pid,
            pulse,
        } => {
            let pid = pid.map_or(String::new(), |pid| format!(", process {pid}"));
            let since = format!("a run that started at {}{pid}", moment(*started));
            match (verdict, limit) {
                (Verdict::Hung, Some(limit)) if going <= limit => format!(
                    "{since} has not said for {} that it is at work",
                    span(pulse.unwrap_or(*going))
                ),
                (Verdict::Hung, Some(limit)) => format!(
                    "{since} has been going for {}; its limit is {}",
                    span(*going),
                    span(*limit)
                ),
                (Verdict::Never, _) => {
                    format!("{since} never ended, and there was no success before or since")
                }
                (Verdict::Waiting, _) => format!("{since} is the first"),
                _ => format!("{since} has been going for {}", span(*going)),
            }
        }
        Cause::Unreadable { file, why } => {
            let which = file.ending();
            match why {
                UnreadableKind::WrongJob(name) => {
                    format!("its {which} file names another job, \"{}\"", plain(name))
                }
                why => format!("its {which} file {why}"),
            }
        }
        Cause::NoInterval => {
            "its beat carries no interval, so nobody can say when it is late; add --every"
                .to_owned()
        }
        Cause::Schedule(why) => {
            format!(
                "its beat carries a schedule that makes no sense: {}",
                plain(why)
            )
        }
        Cause::Idle { since, reason } => {
            let reason = reason.as_deref().filter(|reason| !reason.is_empty());
            let reason = reason.map_or(String::new(), |reason| format!(": {}", plain(reason)));
            format!(
                "it runs, and has found nothing to do for {}{reason}",
                span(*since)
            )
        }
        Cause::CatchingUp { outage, until } => {
            format!("{outage}; it may catch up until {}", moment(*until))
        }
        Cause::Ahead(ahead) => format!(
            "its beat lies {} in the future: a clock was wrong, or the beat was not left by beat",
            span(*ahead)
        ),
    }
}

/// The words for the reason of a failure, where it is one that `beat` writes.
fn broken(reason: &str) -> String {
    let known = match reason {
        "timeout" => "it ran into its time limit",
        "not_started" => "it could not be started",
        "killed" => "it was killed, and beat with it",
        "no_output" => "it printed nothing, and should",
        "text_missing" => "its output lacks the text that it should have",
        "too_quick" => "it ended sooner than it can have done its work",
        "file_missing" => "a file that it should leave is missing",
        "file_old" => "a file that it should leave is not new",
        "file_small" => "a file that it should leave is too small",
        other => return plain(&other.replace('_', " ")),
    };
    known.to_owned()
}

/// A text from a job on one line, at most 100 characters.
fn plain(text: &str) -> String {
    let clean = |c: char| if is_odd(c) { ' ' } else { c };
    text.chars().map(clean).take(100).collect()
}
