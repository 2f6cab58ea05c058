//! What issues and comments say. Whatever comes from a job is put where it can
//! neither end the marker, nor notify, link or act.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::FileKind;
use watch::words::{count, is_odd, moment, span};
use watch::{Cause, JobState, Marker, Severity, Verdict, bare_reason, reason};

/// Issues hold 65,536 characters on the strictest forge.
const MAX_BODY: usize = 48_000;
/// Bytes of output that are shown, the last ones.
const MAX_TAIL: usize = 4_096;
/// Rows of an umbrella's table.
const MAX_ROWS: usize = 100;

/// The checker's part of a body, with its marker first.
#[must_use]
pub fn job_block(
    state: &JobState,
    under: &[&JobState],
    marker: &Marker,
    now: DateTime<Utc>,
) -> String {
    let mut text = String::new();
    let key = &state.key;
    let _ = writeln!(text, "{}\n", headline(state));
    text.push_str("| | |\n|---|---|\n");
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "| {name} | {value} |");
    };
    row(
        "Job",
        format!(
            "{} of user {} on {}",
            code(key.job.as_str()),
            code(key.user()),
            code(key.host())
        ),
    );
    row(
        "Last success",
        state.last_success.map_or("none known".into(), moment),
    );
    row("Expected", expected(state, now));
    if let Some(reason) = reason(state) {
        row("Seen", inline(&reason));
    }
    for (name, value) in about(state) {
        row(name, value);
    }
    row("As of", moment(now));
    if let Some(tail) = output_tail(state) {
        let _ = write!(text, "\nEnd of its output:\n\n{}\n", block(tail));
    }
    text.push_str(&waiting(under));
    let _ = write!(text, "\n**Look at first**\n\n{}\n", advice(state));
    text.push_str(&closing(state));
    cut(&mut text);
    marker.block(&text)
}

/// How often the job should succeed.
fn expected(state: &JobState, now: DateTime<Utc>) -> String {
    match (&state.scheduled, state.interval) {
        (Some(scheduled), _) => {
            let runs = &scheduled.runs;
            let text = code(runs.schedule().as_text());
            let next = runs.next_after(now);
            let next = next.map_or(String::new(), |next| format!("; next run {}", moment(next)));
            let zone = runs.zone().name();
            format!("{} in {zone} ({text}){next}", inline(&runs.words()))
        }
        (None, Some(interval)) => format!("every {interval}"),
        (None, None) => "no interval known".into(),
    }
}

/// What the manifest says of the job, for whoever gets the issue.
fn about(state: &JobState) -> Vec<(&'static str, String)> {
    let Some(expected) = &state.expected else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    let texts = [("What it is", &expected.about), ("Owner", &expected.owner)];
    for (name, text) in texts {
        rows.extend(text.as_ref().map(|text| (name, inline(text))));
    }
    if let Some(runbook) = &expected.runbook {
        // An address is checked when the manifest is read; a path is no link.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&+,;=%".contains(c);
        let link = runbook.starts_with("https://") && runbook.chars().all(plain);
        let shown = if link {
            format!("<{runbook}>")
        } else {
            code(runbook)
        };
        rows.push(("Runbook", shown));
    }
    if expected.severity != Severity::default() {
        rows.push(("Severity", expected.severity.to_string()));
    }
    rows
}

/// Jobs that need the one that the issue is about: they get no issue of their own.
fn waiting(under: &[&JobState]) -> String {
    if under.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nWaiting for it, without an issue of their own:\n\n");
    for state in under.iter().take(MAX_ROWS) {
        let why = reason(state).map_or_else(|| state.verdict.to_string(), |why| inline(&why));
        let job = code(&state.key.shown().to_string());
        let _ = writeln!(text, "- {job}: {why}");
    }
    if let Some(more) = under.len().checked_sub(MAX_ROWS + 1) {
        let _ = writeln!(text, "- … and {} more", more + 1);
    }
    text
}

/// What closing the issue by hand does.
fn closing(state: &JobState) -> String {
    let aside = if state.told_apart_by().is_some() {
        "this silence aside: nothing more is said until the job has succeeded once and goes silent again"
    } else {
        "this aside for a week"
    };
    format!(
        "This issue closes by itself when the job has succeeded. Closing it by hand puts {aside}.\n"
    )
}

fn headline(state: &JobState) -> String {
    let job = code(state.key.job.as_str());
    match state.verdict {
        Verdict::Silent if state.scheduled.is_some() => {
            let missed = state.missed().unwrap_or(2);
            let runs = count(missed, "scheduled run", "scheduled runs");
            format!("{job} has missed {runs}.")
        }
        Verdict::Silent => format!("{job} has not succeeded for more than twice its interval."),
        Verdict::Failed => format!("{job} failed, and has not succeeded since."),
        Verdict::Hung => format!("A run of {job} goes on for longer than it may."),
        Verdict::Never => format!("{job} has never succeeded."),
        Verdict::Idle => format!("{job} runs, and has found nothing to do many times in a row."),
        Verdict::Skewed => format!(
            "The beat of {job} lies in the future, so nobody can say whether the job is alive."
        ),
        Verdict::Unreadable => {
            format!("The beat of {job} cannot be read, so nobody can say whether the job is alive.")
        }
        Verdict::Fresh | Verdict::Waiting | Verdict::Late => format!("{job} is well."),
    }
}

/// The first things to try, most likely cause first.
fn advice(state: &JobState) -> String {
    let job = state.key.job.as_str();
    let user = state.key.user();
    let log = |since: Option<DateTime<Utc>>| {
        let since = since.map_or("yesterday".into(), |t| {
            t.format("%Y-%m-%d %H:%M:%S UTC").to_string()
        });
        format!(
            "`journalctl -t CRON -t cron --since \"{since}\"`, or `journalctl -u UNIT` for a timer"
        )
    };
    let lines = match (state.verdict, state.cause()) {
        (Verdict::Failed, _) => vec![
            format!("What did it say? {}.", log(state.last_success)),
            format!("Run the command once by hand as {}, with the environment that cron gives it.", code(user)),
        ],
        (Verdict::Hung, Some(Cause::Run { pid: Some(pid), .. })) => vec![
            format!("What is it waiting for? `ps -o pid,stat,wchan,etime,args -p {pid}`, then its children."),
            format!("If it is gone, it was killed: {}.", log(state.last_success)),
        ],
        (Verdict::Skewed, _) => vec![
            "Is the clock right? `timedatectl`.".into(),
            format!("If it is: run the job, or {} once by hand, to replace the beat.", code("beat")),
        ],
        (Verdict::Unreadable, Some(Cause::NoInterval)) => vec![
            format!("Say how often the job should succeed: `beat {job} --every 1d` at the end of its line."),
        ],
        (Verdict::Unreadable, Some(Cause::Unreadable { file, .. })) if *file != FileKind::Last => vec![
            format!("Look at it: `ls -l` and `head -c 400` on `{job}{}` in the store.", file.ending()),
            "Who wrote it? Only `beat` should.".into(),
            "Remove it: a success does not, and while it is there nobody can say what it tells.".into(),
        ],
        (Verdict::Unreadable, _) => vec![
            format!("Look at it: `ls -l` and `head -c 400` on `{job}.last` in the store."),
            "Who wrote it? Only `beat` should. The next success replaces it.".into(),
        ],
        (Verdict::Idle, _) => vec![
            "Should there be something to do? Look at where its work comes from.".into(),
            format!("If that is how it is: give {} a longer interval, or mute it.", code(job)),
        ],
        (Verdict::Never, None) => vec![
            "Does anything run it? `beat-adopt` lists what cron and systemd run on this host, and says what is wrong with a line or a timer.".into(),
            "Is its name the same in its line and in the manifest? `beat-check --look --all`.".into(),
            format!("Run the command once by hand as {}, with the environment that cron gives it.", code(user)),
        ],
        _ => vec![
            format!("Did it start? {}.", log(state.last_success)),
            "Is its line or timer still there and on? `crontab -l`, `/etc/cron.d`, `systemctl list-timers --all`.".into(),
            "Did it start and not get as far as `beat`? A failing command before `&&` leaves no beat.".into(),
        ],
    };
    let numbered = lines.iter().enumerate();
    numbered.fold(String::new(), |mut out, (at, line)| {
        let _ = writeln!(out, "{}. {line}", at + 1);
        out
    })
}

/// Comment: the verdict is another one now.
#[must_use]
pub fn changed(state: &JobState, was: &str, next: &Marker) -> String {
    let now = reason(state).map_or(String::new(), |reason| format!(": {}", inline(&reason)));
    let tail = output_tail(state).map_or(String::new(), |tail| format!("\n\n{}", block(tail)));
    let verdict = state.verdict;
    let was = inline(was);
    format!(
        "{}\nNow **{verdict}**{now}. (Before: {was}.){tail}",
        next.event()
    )
}

/// Comment: it is silent again, a short time after it recovered.
#[must_use]
pub fn again(state: &JobState, next: &Marker) -> String {
    let why = reason(state).map_or(String::new(), |reason| format!(": {}", inline(&reason)));
    format!("{}\nAgain **{}**{why}.", next.event(), state.verdict)
}

/// Comment: how the silence ended.
#[must_use]
pub fn recovered(state: &JobState, old: &Marker, next: &Marker) -> String {
    let job = code(state.key.job.as_str());
    let mut text = format!("{}\nRecovered: ", next.event());
    let Some(success) = state.last_success else {
        let _ = write!(text, "{job} is {} again.", state.verdict);
        return text;
    };
    let _ = write!(text, "{job} succeeded at {}", moment(success));
    let silence = old.since.and_then(|since| (success - since).to_std().ok());
    match silence.filter(|silence| *silence > Duration::ZERO) {
        Some(silence) if old.kind != "unreadable" && old.kind != "skewed" => {
            let since = old.since.map_or_else(String::new, moment);
            let _ = write!(
                text,
                ", after {} without a success (since {since}).",
                span(silence)
            );
            let missed = state
                .interval
                .map(|every| missed_runs(silence, every.duration()));
            if let Some(missed) = missed.filter(|missed| *missed > 0) {
                let _ = write!(text, " {} missed.", count(missed, "run was", "runs were"));
            }
        }
        _ if matches!(&*old.kind, "unreadable" | "skewed") => {
            text.push_str("; its beat can be read again.");
        }
        _ if old.since.is_none() && matches!(&*old.kind, "failed" | "hung" | "never") => {
            text.push_str(", for the first time.");
        }
        _ => text.push('.'),
    }
    text
}

/// Runs that fell out between two successes: the second is itself a run, and one
/// that came up to a tenth of an interval late was on time.
fn missed_runs(silence: Duration, every: Duration) -> u64 {
    let intervals = silence.as_secs_f64() / every.as_secs_f64();
    ((intervals - 0.1).ceil() as u64).saturating_sub(1)
}

/// Comment: the job's files are not there any more.
#[must_use]
pub fn gone(old: &Marker, next: &Marker) -> String {
    let was = inline(&old.kind);
    format!(
        "{}\nThe files of this job are gone from the store (it was {was}). That is no sign of life, so this issue stays open.\n\n\
         If the job was retired, close this issue. If not, its next success closes it.",
        next.event()
    )
}

/// Comment: a second issue for the same thing.
#[must_use]
pub fn duplicate(of: u64, next: &Marker) -> String {
    format!(
        "{}\nThis says the same as #{of}, which stays.",
        next.event()
    )
}

/// What happened to many jobs at once: the outage of the host that explains most of
/// them, where one does.
fn storm_headline(states: &[&JobState], host: &str) -> String {
    let jobs = count(
        states.len() as u64,
        "job needs attention",
        "jobs need attention",
    );
    let host = code(host);
    let story = states.first().and_then(|state| state.story());
    let explained = states.iter().filter(|state| state.story() == story).count();
    match story.filter(|_| explained * 2 > states.len()) {
        Some(outage) => format!(
            "{jobs} on {host}: {outage}. {explained} of them missed their runs in that time, had time to catch up since, and did not.\n\n"
        ),
        None => format!(
            "{jobs} on {host} at once. One cause is likely: the host was off, a disk is full, cron or a shared service is down.\n\n"
        ),
    }
}

/// The checker's part of an umbrella issue.
#[must_use]
pub fn storm_block(
    states: &[&JobState],
    unseen: usize,
    marker: &Marker,
    now: DateTime<Utc>,
) -> String {
    let mut text = storm_headline(states, &marker.host);
    text.push_str("| job | verdict | seen |\n|---|---|---|\n");
    let line = marker.to_line();
    let mut listed = 0;
    for state in states.iter().take(MAX_ROWS) {
        let why = bare_reason(state).map_or(String::new(), |reason| inline(&reason));
        let _ = writeln!(
            text,
            "| {} | {} | {why} |",
            code(&state.key.shown().to_string()),
            state.verdict
        );
        listed += 1;
        // The members in the marker need room too.
        if text.len() + line.len() > MAX_BODY {
            break;
        }
    }
    if states.len() > listed {
        let _ = writeln!(
            text,
            "\n… and {} more. `beat-check --dry-run` lists them all.",
            states.len() - listed
        );
    }
    if unseen > 0 {
        let were = count(unseen as u64, "job", "jobs");
        let _ = writeln!(
            text,
            "\n{were} of this issue cannot be seen in the store now; that is no recovery."
        );
    }
    let _ = writeln!(text, "\nAs of {}.\n", moment(now));
    text.push_str(
        "**Look at first**\n\n1. Is cron running? `systemctl status cron`, `systemctl list-timers`.\n\
         2. Is there room? `df -h`, `df -i`.\n3. Was the host off? `last -x reboot shutdown | head`.\n\n\
         This issue closes by itself when none of them needs attention any more. Closing it by hand puts these silences aside.\n",
    );
    cut(&mut text);
    marker.block(&text)
}

/// Comment: more jobs came under the umbrella.
#[must_use]
pub fn storm_grew(added: &[&JobState], next: &Marker) -> String {
    let names: Vec<String> = added
        .iter()
        .take(20)
        .map(|s| code(&s.key.shown().to_string()))
        .collect();
    let more = added.len().saturating_sub(20);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let came = count(added.len() as u64, "more job needs", "more jobs need");
    format!(
        "{}\n{came} attention: {}{more}.",
        next.event(),
        names.join(", ")
    )
}

/// Comment: the storm is over.
#[must_use]
pub fn storm_over(old: &Marker, next: &Marker, now: DateTime<Utc>) -> String {
    let lasted = old.since.and_then(|since| (now - since).to_std().ok());
    let lasted = lasted.map_or(String::new(), |d| {
        format!(", {} after this issue was opened", span(d))
    });
    format!(
        "{}\nRecovered: no job of this issue needs attention any more{lasted}.",
        next.event()
    )
}

fn output_tail(state: &JobState) -> Option<&str> {
    match state.cause()? {
        Cause::Failure { output_tail, .. } => output_tail
            .as_deref()
            .map(end)
            .filter(|tail| !tail.trim().is_empty()),
        _ => None,
    }
}

/// The end of a text that a hand-made beat may have made far too long.
fn end(text: &str) -> &str {
    let start = text.len().saturating_sub(MAX_TAIL);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at));
    start.and_then(|at| text.get(at..)).unwrap_or_default()
}

/// Text in a code span: no mention, no link, no markup.
fn code(text: &str) -> String {
    let clean = text.chars().map(|c| match c {
        '`' => '\'',
        // A table cell ends at a bar even inside a code span.
        '|' => '¦',
        c if is_odd(c) => ' ',
        c => c,
    });
    format!("`{}`", clean.collect::<String>())
}

/// A sentence of ours, which may carry a piece of a job's: as it is when it is
/// plain, in a code span when it is not.
fn inline(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .,;:()/%'\"-+=".contains(c);
    // "://" would become a link.
    if text.chars().all(plain) && !text.contains("//") {
        text.to_owned()
    } else {
        code(text)
    }
}

/// Lines of output, indented: no fence that they could close, no command that a
/// forge would obey.
fn block(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let clean: String = line
            .chars()
            .map(|c| {
                if c == '\t' || !is_odd(c) {
                    c
                } else {
                    '\u{fffd}'
                }
            })
            .collect();
        let _ = writeln!(out, "    {}", clean.replace("<!--", "<! --"));
    }
    out
}

fn cut(text: &mut String) {
    if text.len() > MAX_BODY {
        let end = (0..=MAX_BODY)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
        text.push_str("\n… cut short.\n");
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
