//! The anacrontab: jobs that run once a period, as soon as the machine is on. On Debian
//! it runs the daily, weekly and monthly scripts where it is installed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Look, parts};
use crate::beats;
use crate::finding::Place;
use crate::job::{Job, Kind, Leaves, Shape, State};
use crate::names;
use crate::root::Fault;
use crate::systemd::span;
use crate::times::When;

const DAY: u64 = 86_400;

/// One job of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    line: u32,
    period: String,
    delay: u64,
    id: String,
    command: String,
}

/// Reads a table. Without anacron it does nothing, and is passed over.
pub(super) fn table(look: &Look<'_>, path: &Path) {
    if !look.anacron {
        return;
    }
    let bytes = match look.root.read(path) {
        Ok((bytes, _)) => bytes,
        Err(Fault::Missing) => return,
        Err(fault) => return look.unseen(format!("{}: {fault}", crate::error::shown(path))),
    };
    let file: Arc<Path> = path.into();
    let (entries, wrong) = read(&String::from_utf8_lossy(&bytes));
    for line in wrong {
        look.wrong(
            "anacron-syntax",
            Place::line(&file, line),
            "Anacron does not understand this line, and passes over it.",
            "Write period in days, delay in minutes, a name and the command; see anacrontab(5).",
        );
    }
    for entry in entries {
        job(look, &file, &entry);
    }
}

fn job(look: &Look<'_>, file: &Arc<Path>, entry: &Entry) {
    let place = Place::line(file, entry.line);
    let Some(when) = when(entry) else {
        look.wrong(
            "anacron-syntax",
            place,
            format!("Anacron knows no period {:?}.", entry.period),
            "Write a number of days, or @daily, @weekly, @monthly or @yearly.",
        );
        return;
    };
    let when = Arc::new(when);
    let called = beats::in_command(&entry.command);
    if let Some(runner) = parts::runner(&entry.command)
        && parts::folder(look, &runner.dir, "root", &when, &place, true)
        && called.is_none()
    {
        return;
    }
    let in_script = look.script_beat(&entry.command);
    let beat = match (&called, &in_script) {
        (Some(_), _) => Some(Leaves::Line),
        (_, Some(_)) => Some(Leaves::Script),
        _ => None,
    };
    let given = called.or(in_script);
    let named = given.is_some();
    look.job(
        Job {
            kind: Kind::Anacron,
            place,
            user: look.user("root"),
            name: given.unwrap_or_else(|| names::from_file(&entry.id)),
            named,
            command: entry.command.as_str().into(),
            when,
            state: State::Runs,
            beat,
            expected: false,
            shape: Shape::Anacron,
        },
        "anacron",
    );
}

/// When an entry runs. `None` for a period that there is not.
fn when(entry: &Entry) -> Option<When> {
    let (words, days) = match entry.period.as_str() {
        "@daily" => ("every day".to_owned(), 1),
        "@weekly" => ("every week".to_owned(), 7),
        "@monthly" => ("every month".to_owned(), 31),
        "@yearly" | "@annually" => ("every year".to_owned(), 366),
        number => match number.parse::<u64>().ok().filter(|days| *days > 0)? {
            1 => ("every day".to_owned(), 1),
            7 => ("every week".to_owned(), 7),
            days => (format!("every {days} days"), days),
        },
    };
    let delay = match entry.delay {
        0 => String::new(),
        minutes => format!(
            ", {} after it starts",
            span::words(Duration::from_secs(minutes * 60))
        ),
    };
    let mut when = When::told(
        &format!("{} {}", entry.period, entry.delay),
        &format!("{words} by anacron{delay}"),
    );
    when.set_gap = Some(Duration::from_secs(days.checked_mul(DAY)?));
    Some(when)
}

/// The jobs of a table, and the lines that are none.
fn read(text: &str) -> (Vec<Entry>, Vec<u32>) {
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    let mut lines = (1u32..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            match lines.next() {
                Some((_, next)) => whole.push_str(next),
                None => break,
            }
        }
        let line = whole.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let first = line.split_whitespace().next().unwrap_or_default();
        if first.contains('=')
            || line
                .split_once('=')
                .is_some_and(|(name, _)| !name.trim().contains(char::is_whitespace))
        {
            continue;
        }
        match entry(number, line) {
            Some(entry) => entries.push(entry),
            None => wrong.push(number),
        }
    }
    (entries, wrong)
}

fn entry(line: u32, text: &str) -> Option<Entry> {
    let (period, rest) = text.split_once(char::is_whitespace)?;
    let (delay, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    let (id, command) = rest.trim_start().split_once(char::is_whitespace)?;
    Some(Entry {
        line,
        period: period.into(),
        delay: delay.parse().ok().filter(|delay| *delay < 1_000_000)?,
        id: id.into(),
        command: command.trim().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let text = "# x\nSHELL=/bin/sh\nHOME = /root\n\n1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n\
            @monthly 15 long \\\n  job --now\nnonsense\n7 soon x y\n";
        let (entries, wrong) = read(text);
        let found: Vec<String> = entries
            .iter()
            .map(|e| {
                format!(
                    "{} {} {} {} | {}",
                    e.line, e.period, e.delay, e.id, e.command
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "5 1 5 cron.daily | run-parts --report /etc/cron.daily",
                "6 @monthly 15 long | job --now",
            ]
        );
        assert_eq!(wrong, [8, 9]);
    }

    #[test]
    fn periods() {
        for (period, delay, words, days) in [
            (
                "1",
                5,
                "every day by anacron, 5 minutes after it starts",
                Some(1),
            ),
            ("3", 0, "every 3 days by anacron", Some(3)),
            ("@monthly", 0, "every month by anacron", Some(31)),
            ("0", 0, "", None),
            ("@fortnightly", 0, "", None),
        ] {
            let entry = Entry {
                line: 1,
                period: period.into(),
                delay,
                id: "x".into(),
                command: "y".into(),
            };
            let when = when(&entry);
            assert_eq!(when.as_ref().map_or("", |w| &w.words), words);
            assert_eq!(when.and_then(|w| w.gap()).map(|g| g.as_secs() / DAY), days);
        }
    }
}
