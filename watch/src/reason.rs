//! What stands behind a verdict, in one sentence: the same in the table, the
//! record, the issue and the report.

use heartbeat::UnreadableKind;

use crate::words::{count, moment, span};
use crate::{Cause, JobState, Verdict};

/// One sentence without a full stop; `None` for a job that is well.
///
/// Texts that come from a job (a reason, a signal's name) are cut short and
/// stripped of control characters, but not escaped for any markup.
#[must_use]
pub fn reason(state: &JobState) -> Option<String> {
    let silence = || match (state.age, state.missed()) {
        (Some(age), Some(missed)) => format!(
            "no success for {}, {} missed",
            span(age),
            count(missed, "run", "runs")
        ),
        (Some(age), None) => format!("no success for {}", span(age)),
        _ => "no success is known".to_owned(),
    };
    match (state.verdict, state.cause()) {
        (Verdict::Fresh, _) => None,
        (Verdict::Silent, Some(Cause::Run { started, .. })) => Some(format!(
            "{}; a run that started at {} has not ended",
            silence(),
            moment(*started)
        )),
        (Verdict::Silent | Verdict::Late, _) => Some(silence()),
        (_, Some(cause)) => Some(told(cause, state.verdict)),
        (Verdict::Waiting, None) => Some("expected, no beat yet".to_owned()),
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
                (Some(code), _, Some(reason)) => {
                    format!("{}, exit code {code}", plain(&reason.replace('_', " ")))
                }
                (None, None, Some(reason)) => plain(&reason.replace('_', " ")),
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
        } => {
            let pid = pid.map_or(String::new(), |pid| format!(", process {pid}"));
            let since = format!("a run that started at {}{pid}", moment(*started));
            match (verdict, limit) {
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
        Cause::Ahead(ahead) => format!(
            "its beat lies {} in the future: a clock was wrong, or the beat was not left by beat",
            span(*ahead)
        ),
    }
}

/// A text from a job on one line, at most 100 characters. What ends a line or
/// turns the direction of writing counts as a control character here.
fn plain(text: &str) -> String {
    let odd = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean = |c: char| if c.is_control() || odd(c) { ' ' } else { c };
    text.chars().map(clean).take(100).collect()
}
