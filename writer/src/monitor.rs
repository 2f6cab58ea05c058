//! How a unit ended, as systemd tells the units in its `OnFailure=`: by
//! `$MONITOR_SERVICE_RESULT`, `$MONITOR_EXIT_CODE` and `$MONITOR_EXIT_STATUS`.

use crate::clock::Moment;
use crate::leave::Record;

/// How a unit ended, as far as systemd told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct End {
    exit_code: Option<i32>,
    signal: Option<String>,
    reason: Option<String>,
}

impl End {
    /// Reads the three variables through `get`.
    pub(crate) fn of_unit(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name| get(name).filter(|text| is_word(text));
        let status = word("MONITOR_EXIT_STATUS");
        let (exit_code, signal) = match word("MONITOR_EXIT_CODE").as_deref() {
            Some("exited") => (status.and_then(|s| s.parse().ok()), None),
            Some("killed" | "dumped") => (None, status),
            _ => (None, None),
        };
        let reason = word("MONITOR_SERVICE_RESULT").map(|result| match result.as_str() {
            "exit-code" => "exit".to_owned(),
            "core-dump" => "signal".to_owned(),
            _ => result,
        });
        Self {
            exit_code,
            signal,
            reason,
        }
    }

    /// The same as something to write.
    pub(crate) fn record(&self, now: Moment) -> Record<'_> {
        Record {
            exit_code: self.exit_code,
            signal: self.signal.as_deref(),
            reason: self.reason.as_deref(),
            ..Record::failure(now, None)
        }
    }
}

/// A word as systemd writes it; the environment can hold anything.
fn is_word(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+');
    !text.is_empty() && text.len() <= 32 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_says() {
        let table = [
            (["exit-code", "exited", "3"], (Some(3), None, Some("exit"))),
            (
                ["signal", "killed", "KILL"],
                (None, Some("KILL"), Some("signal")),
            ),
            (
                ["core-dump", "dumped", "SEGV"],
                (None, Some("SEGV"), Some("signal")),
            ),
            (
                ["timeout", "killed", "TERM"],
                (None, Some("TERM"), Some("timeout")),
            ),
            (
                ["start-limit-hit", "", ""],
                (None, None, Some("start-limit-hit")),
            ),
            (["", "", ""], (None, None, None)),
            (["a\nb", "exited", "x"], (None, None, None)),
        ];
        for ([result, code, status], (exit_code, signal, reason)) in table {
            let end = End::of_unit(|name| {
                Some(match name {
                    "MONITOR_SERVICE_RESULT" => result.to_owned(),
                    "MONITOR_EXIT_CODE" => code.to_owned(),
                    "MONITOR_EXIT_STATUS" => status.to_owned(),
                    other => panic!("asked for {other}"),
                })
            });
            let expected = End {
                exit_code,
                signal: signal.map(str::to_owned),
                reason: reason.map(str::to_owned),
            };
            assert_eq!(end, expected, "{result} {code} {status}");
        }
    }

    #[test]
    fn outside_of_systemd_nothing_is_told() {
        assert_eq!(End::of_unit(|_| None), End::default());
    }
}
