//! Writes the man pages and the completions of `beat-check`, `beat-report` and
//! `beat-adopt` from their own command lines. `beat` has none of clap in it: its page is written by hand,
//! in `writer/beat.1`, and for its completions its options are named here again.
//!
//! `make-docs DIR` fills `DIR/man` and `DIR/completions/{bash,zsh,fish}`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

/// What a page says beyond the command line.
const CHECK: &str = r#".SH FILES
.TP
\fI/etc/heartbeat/config.toml\fR
Settings. Everything has a default.
.TP
\fI/etc/credstore/heartbeat.forge\-token\fR
The token of the forge, for beat\-check.service.
.TP
\fI/var/lib/heartbeats\fR
The beats.
.TP
\fI/etc/heartbeat/jobs.d\fR
Expected jobs.
.TP
\fI/var/lib/beat\-check\fR
Issues as files, the record of the last pass, and notes for the next one.
.SH "SEE ALSO"
.BR beat (1),
.BR beat\-adopt (1),
.BR beat\-report (1),
.BR systemd.timer (5)
"#;

const REPORT: &str = r#".SH FILES
.TP
\fI/var/lib/beat\-check/night\-watch.md\fR
The page that beat\-report.service writes each morning.
.SH "SEE ALSO"
.BR beat (1),
.BR beat\-check (1)
"#;

const ADOPT: &str = r#".SH FILES
.TP
\fI/etc/crontab\fR, \fI/etc/cron.d\fR, \fI/var/spool/cron/crontabs\fR
What cron runs.
.TP
\fI/etc/anacrontab\fR, \fI/etc/cron.{hourly,daily,weekly,monthly}\fR
What anacron and run\-parts run.
.TP
\fI/etc/heartbeat/jobs.d\fR
Expected jobs; an adopted job gets its entry there.
.TP
\fI/var/lib/beat\-adopt/coverage.json\fR
What beat\-adopt.service found last, for beat\-report.
.TP
\fI/var/lib/beat\-adopt/undo\fR
Copies of what was changed, for \-\-undo.
.SH "SEE ALSO"
.BR beat (1),
.BR beat\-check (1),
.BR beat\-report (1),
.BR crontab (5),
.BR systemd.timer (5)
"#;

fn main() -> io::Result<()> {
    let Some(dir) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("usage: make-docs DIR"));
    };
    for (command, more) in [
        (checker::cli::command(), CHECK),
        (report::cli::command(), REPORT),
        (adopt::command(), ADOPT),
    ] {
        page(&dir.join("man"), &command, more)?;
        completions(&dir.join("completions"), command)?;
    }
    completions(&dir.join("completions"), beat())
}

/// The options of `beat`, for completions only.
fn beat() -> Command {
    let option = |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help);
    let flag = |name, help| option(name, help).action(ArgAction::SetTrue);
    Command::new("beat")
        .arg(Arg::new("JOB"))
        .arg(option("every", "how often JOB should succeed"))
        .arg(option("cron", "when it should run, as in a crontab"))
        .arg(option(
            "on-calendar",
            "when it should run, as in a systemd timer",
        ))
        .arg(option("tz", "the time zone of either"))
        .arg(option("timeout", "end the run then"))
        .arg(option("kill-after", "how long after TERM comes KILL"))
        .arg(
            option("overlap", "what becomes of it while another run is going")
                .value_parser(["skip", "wait", "allow"]),
        )
        .arg(flag("quiet", "print what it puts out only when it fails"))
        .arg(flag("expect-output", "fail when nothing came out"))
        .arg(option(
            "expect-text",
            "fail when this text did not come out",
        ))
        .arg(
            option("expect-file", "fail when this file is not as it should be")
                .value_hint(ValueHint::FilePath),
        )
        .arg(option("min-duration", "fail when it took less"))
        .arg(option(
            "skip-code",
            "this exit code says that there was nothing to do",
        ))
        .arg(option("pulse", "say so often that it is still working"))
        .arg(flag("with-command", "let the beats say what was run"))
        .arg(option("skip", "record that there was nothing to do"))
        .arg(option("dir", "where heartbeats lie").value_hint(ValueHint::DirPath))
        .arg(flag("no-sync", "do not wait for the disk"))
        .arg(option("fail", "record a failure").num_args(0..=1))
        .arg(option("instance", "JOB:DUR in one word"))
        .arg(
            option("version", "print the version")
                .short('V')
                .action(ArgAction::SetTrue),
        )
        .arg(
            Arg::new("CMD")
                .last(true)
                .num_args(0..)
                .value_hint(ValueHint::CommandWithArguments),
        )
}

/// The page of a command and, after it, those of its subcommands.
fn page(dir: &Path, command: &Command, more: &str) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    for sub in command.get_subcommands() {
        let see = format!(".SH \"SEE ALSO\"\n.BR {} (1)\n", command.get_name());
        page(dir, sub, &see)?;
    }
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    if command.get_after_help().is_some() {
        let mut notes = Vec::new();
        man.render_extra_section(&mut notes)?;
        // Written as it stands in the help, in columns.
        let notes = String::from_utf8_lossy(&notes).replace(".SH EXTRA\n", ".SH NOTES\n.nf\n");
        text.extend_from_slice(notes.as_bytes());
        text.extend_from_slice(b".fi\n");
    }
    text.extend_from_slice(more.as_bytes());
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    fs::write(dir.join(format!("{name}.1")), text)
}

fn completions(dir: &Path, mut command: Command) -> io::Result<()> {
    let name = command.get_name().to_owned();
    for (shell, folder, file) in [
        (Shell::Bash, "bash", name.clone()),
        (Shell::Zsh, "zsh", format!("_{name}")),
        (Shell::Fish, "fish", format!("{name}.fish")),
    ] {
        let mut script = Vec::new();
        generate(shell, &mut command, &name, &mut script);
        fs::create_dir_all(dir.join(folder))?;
        fs::write(dir.join(folder).join(file), script)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_beat_are_those_of_its_help() {
        let help = include_str!("../../../writer/src/help.txt");
        let known = beat();
        for option in known.get_arguments().filter_map(Arg::get_long) {
            assert!(help.contains(&format!("--{option}")), "{option} is no more");
        }
        let listed = help
            .lines()
            .filter_map(|line| line.trim_start_matches("  -h, ").trim().strip_prefix("--"))
            .filter_map(|rest| {
                rest.split(|c: char| c != '-' && !c.is_alphanumeric())
                    .next()
            })
            .filter(|name| *name != "help");
        for name in listed {
            let found = known.get_arguments().any(|a| a.get_long() == Some(name));
            assert!(found, "{name} has no completion");
        }
    }
}
