//! What a running systemd says of its timers. Asked, never told: nothing is started,
//! stopped or reloaded. The only file of this room that starts a process to look.
#![allow(
    clippy::disallowed_methods,
    reason = "systemctl and crontab -l are asked here, and nowhere else"
)]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// What is known of a timer that systemd has loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// Whether it is waiting for its next run, or its job runs.
    pub active: bool,
    /// When it fires next.
    pub next: Option<DateTime<Utc>>,
    /// Whether a file of it has changed since it was read.
    pub stale: bool,
    /// Whether its conditions held when it was last started; `None` when it never was.
    pub condition_failed: bool,
}

/// All timers of a manager, by name.
pub type Told = BTreeMap<String, Live>;

/// Which manager is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// The system's.
    System,
    /// That of the user who asks.
    User,
}

/// Whether a systemd runs here.
#[must_use]
pub fn runs() -> bool {
    std::path::Path::new("/run/systemd/system").is_dir()
}

/// Asks the manager. `None` when none can be asked: the files are then all there is.
#[must_use]
pub fn timers(manager: Manager) -> Option<Told> {
    if !runs() {
        return None;
    }
    let listed = systemctl(manager, &["list-timers", "--all", "--output=json"])?;
    let shown = systemctl(
        manager,
        &[
            "show",
            "*.timer",
            "--all",
            "--property=Id,ActiveState,NeedDaemonReload,ConditionResult,ConditionTimestampMonotonic",
        ],
    )?;
    Some(told(&listed, &shown))
}

/// The crontab of the user who asks, as `crontab -l` prints it. `None` when there is
/// none or no such program.
#[must_use]
pub fn own_crontab() -> Option<Vec<u8>> {
    output(Command::new("crontab").arg("-l"))
}

fn systemctl(manager: Manager, args: &[&str]) -> Option<String> {
    let mut command = Command::new("systemctl");
    if manager == Manager::User {
        command.arg("--user");
    }
    command.args(args).arg("--no-pager");
    String::from_utf8(output(&mut command)?).ok()
}

fn output(command: &mut Command) -> Option<Vec<u8>> {
    let command = command.stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.env("LC_ALL", "C").output().ok()?;
    output.status.success().then_some(output.stdout)
}

#[derive(Deserialize)]
struct Listed {
    unit: Option<String>,
    next: Option<u64>,
}

/// Puts together what `list-timers` and `show` print.
#[must_use]
pub fn told(listed: &str, shown: &str) -> Told {
    let mut told = Told::new();
    for block in shown.split("\n\n") {
        let value = |key: &str| {
            let of_line =
                |line: &'_ str| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned);
            block.lines().find_map(of_line)
        };
        let Some(name) = value("Id").filter(|id| id.ends_with(".timer")) else {
            continue;
        };
        let tried = value("ConditionTimestampMonotonic").is_some_and(|at| at != "0");
        let live = Live {
            active: value("ActiveState").is_some_and(|state| state == "active"),
            next: None,
            stale: value("NeedDaemonReload").is_some_and(|needs| needs == "yes"),
            condition_failed: tried && value("ConditionResult").is_some_and(|held| held == "no"),
        };
        told.insert(name, live);
    }
    let listed: Vec<Listed> = serde_json::from_str(listed).unwrap_or_default();
    for timer in listed {
        let next = timer.next.filter(|next| *next > 0 && *next < u64::MAX);
        let next = next.and_then(|next| DateTime::from_timestamp_micros(i64::try_from(next).ok()?));
        if let Some(live) = timer.unit.and_then(|unit| told.get_mut(&unit)) {
            live.next = next;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_answers_are_put_together() {
        let listed = r#"[{"next":1700000000000000,"left":5,"last":null,"passed":0,"unit":"a.timer","activates":"a.service"},
            {"next":null,"unit":"b.timer"},{"next":0,"unit":"c.timer"},{"unit":null}]"#;
        let shown = "Id=a.timer\nActiveState=active\nNeedDaemonReload=yes\nConditionResult=yes\nConditionTimestampMonotonic=12\n\n\
            Id=b.timer\nActiveState=inactive\nNeedDaemonReload=no\nConditionResult=no\nConditionTimestampMonotonic=12\n\n\
            Id=c.timer\nActiveState=inactive\nNeedDaemonReload=no\nConditionResult=no\nConditionTimestampMonotonic=0\n\n\
            Id=x.service\nActiveState=active\n";
        let told = told(listed, shown);
        assert_eq!(
            told.keys().collect::<Vec<_>>(),
            ["a.timer", "b.timer", "c.timer"]
        );
        assert!(told["a.timer"].active && told["a.timer"].stale);
        assert_eq!(told["a.timer"].next.unwrap().timestamp(), 1_700_000_000);
        assert!(told["b.timer"].condition_failed && !told["c.timer"].condition_failed);
        assert_eq!(told["b.timer"].next, None);
    }

    #[test]
    fn answers_that_are_none_say_nothing() {
        assert_eq!(told("not json", ""), Told::new());
        assert_eq!(told("[]", "garbage\n\nId=\n"), Told::new());
    }
}
