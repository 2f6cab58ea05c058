//! An entry as it is written, before its values are checked.

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::duration::Span;

/// Every key of an entry with its meaning, in the order in which they are told.
pub const KEYS: [(&str, &str); 18] = [
    (
        "every",
        "how often it succeeds at least; either this or `schedule`",
    ),
    (
        "schedule",
        "when it runs: a cron expression or systemd's OnCalendar",
    ),
    (
        "timezone",
        "the time zone of its schedules; the host's when left out",
    ),
    (
        "user",
        "whose place in the store its beats lie in; root when left out",
    ),
    (
        "misses",
        "after how many misses it is silent, 1 to 100; 2 when left out",
    ),
    ("grace", "time on top, before a miss counts"),
    ("about", "what it does"),
    ("owner", "whom to ask"),
    (
        "runbook",
        "what to do when it is flagged: an address or an absolute path",
    ),
    (
        "severity",
        "how much it matters: info, warning (when left out) or critical",
    ),
    ("labels", "labels of its issue, beside the forge's own"),
    (
        "forge",
        "the forge of its issue: NAME of a `[forges.NAME]` in the config",
    ),
    ("repo", "the repository of its issue, where it is another"),
    (
        "expect",
        "what a run must show: output, text, min_duration, files",
    ),
    ("mute", "windows in which no issue is opened"),
    ("paused_until", "no issue is opened before this"),
    ("pause_reason", "why it is paused"),
    (
        "needs",
        "what it depends on: jobs as NAME or USER/NAME, or @host",
    ),
];

/// The values of an entry. Unknown keys are told before, all at once.
#[derive(Debug, Deserialize)]
pub(crate) struct Raw {
    pub(crate) every: Option<Spanned<Span>>,
    pub(crate) schedule: Option<Spanned<String>>,
    pub(crate) timezone: Option<Spanned<String>>,
    pub(crate) user: Option<Spanned<String>>,
    pub(crate) misses: Option<Spanned<i64>>,
    pub(crate) grace: Option<Span>,
    pub(crate) about: Option<Spanned<String>>,
    pub(crate) owner: Option<Spanned<String>>,
    pub(crate) runbook: Option<Spanned<String>>,
    pub(crate) severity: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) labels: Vec<Spanned<String>>,
    pub(crate) forge: Option<Spanned<String>>,
    pub(crate) repo: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) expect: RawExpect,
    #[serde(default)]
    pub(crate) mute: Vec<Spanned<RawMute>>,
    pub(crate) paused_until: Option<Spanned<Datetime>>,
    pub(crate) pause_reason: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) needs: Vec<Spanned<String>>,
}

/// `expect`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawExpect {
    pub(crate) output: bool,
    pub(crate) text: Option<Spanned<String>>,
    pub(crate) min_duration: Option<Span>,
    pub(crate) files: Vec<Spanned<String>>,
}

/// One of `mute`: `schedule` and `for`, or `from` and `until`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMute {
    pub(crate) schedule: Option<Spanned<String>>,
    #[serde(rename = "for")]
    pub(crate) length: Option<Spanned<Span>>,
    pub(crate) from: Option<Spanned<Datetime>>,
    pub(crate) until: Option<Spanned<Datetime>>,
    pub(crate) reason: Option<Spanned<String>>,
}
