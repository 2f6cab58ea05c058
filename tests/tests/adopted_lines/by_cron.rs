//! A sample of the lines under Debian's own cron daemon: as they were and adopted, in
//! one file, each in a folder of its own.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use adopt::crontab::{Crontab, Dialect, split};
use adopt::shell;
use adopt::wrap::{Adoption, Pace, replace, wrap};
use heartbeat::JobName;
use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::patience::eventually;

use crate::scene::{Files, Scene, files};
use crate::shapes::SHAPES;

/// The daemon with all that it started; gone when dropped, also by a failed test.
struct Cron(Child);

impl Drop for Cron {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lines of which the end can be seen from the outside.
fn sample() -> Vec<&'static str> {
    let fits = |line: &&str| {
        let (end, _) = split(line.as_bytes());
        let command = &line.as_bytes()[..end];
        shell::read(command, shell::Dialect::Posix).is_ok()
            && !["$$", "#", "sleep", "timeout", "wait $!"]
                .iter()
                .any(|w| line.contains(w))
    };
    SHAPES.iter().copied().filter(fits).step_by(2).collect()
}

/// A line that leaves what it prints and how it ends in its folder.
fn told(line: &str) -> String {
    let (end, _) = split(line.as_bytes());
    let (command, input) = line.split_at(end);
    format!("( {command} ) >out 2>&1; echo $? >end{input}")
}

#[test]
fn an_adopted_line_does_the_same_under_the_real_daemon() {
    let journey = Journey::new("adopted lines by cron")
        .root()
        .program("cron")
        .program("unshare")
        .file(&bins::beat(), "run make build first");
    if !journey.ready() {
        return;
    }
    let scene = Scene::new();
    let lines = sample();
    assert!(lines.len() >= 30, "{}", lines.len());
    let home = |kind: &str, at: usize| scene.path(&format!("{kind}/{at:03}"));
    let mut old = format!(
        "MAILTO=\"\"\nPATH={}:/usr/bin:/bin\nHEARTBEAT_DIR={}\n",
        scene.path("bin").display(),
        scene.path("store").display()
    );
    let mut twice = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        for kind in ["old", "new"] {
            fs::create_dir_all(home(kind, at)).unwrap();
            // Once, when the daemon starts.
            let _ = writeln!(
                old,
                "HOME={}\n@reboot root {}",
                home(kind, at).display(),
                told(line)
            );
            twice.push(kind);
        }
    }
    let tab = Crontab::parse(old.as_bytes(), Dialect::System);
    assert_eq!(tab.fault(), None);
    let mut adopted = Vec::new();
    for ((at, found), kind) in tab.jobs().enumerate().zip(twice) {
        if kind == "old" {
            continue;
        }
        let job = JobName::new(&format!("job{at}")).unwrap();
        let adoption = Adoption {
            beat: Path::new("beat"),
            job: &job,
            pace: Pace::Every("1d".parse().unwrap()),
            options: &["--no-sync".to_owned()],
        };
        let line = wrap(&tab, &found, &adoption).unwrap_or_else(|refusal| {
            panic!("{}: {refusal}", tab.shown(&found.line.span));
        });
        adopted.push((found.line.number, line));
    }
    let cron_d = scene.path("cron.d");
    fs::create_dir(&cron_d).unwrap();
    let file = cron_d.join("sample");
    fs::write(&file, replace(&tab, &adopted)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();

    let rig = bins::sources().join("tests/rigs/cron.sh");
    let daemon = Command::new(rig).arg(&cron_d).stdin(Stdio::null()).spawn();
    let _cron = Cron(daemon.unwrap());
    for (at, line) in lines.iter().enumerate() {
        for kind in ["old", "new"] {
            let end = home(kind, at).join("end");
            eventually(
                &format!("the end of {kind} {line}"),
                Duration::from_secs(120),
                || {
                    fs::read(&end)
                        .is_ok_and(|text| !text.is_empty())
                        .then_some(())
                },
            );
        }
    }
    let seen = |kind: &str, at: usize| -> Files {
        let path = home(kind, at);
        let mut found = files(&path);
        for (_, text) in found.values_mut() {
            *text = without(text, path.to_str().unwrap());
        }
        found
    };
    let mut wrong = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let (before, after) = (seen("old", at), seen("new", at));
        if before != after {
            wrong.push(format!("{line}\n{}\n{}", shown(&before), shown(&after)));
        }
    }
    eprintln!("{} lines under the daemon", lines.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let last = |entry: fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".last");
    eventually(
        "each adopted line has left a beat",
        Duration::from_secs(60),
        || {
            let store = fs::read_dir(scene.path("store")).unwrap();
            let beats = store.filter_map(Result::ok).map(last);
            (beats.filter(|is| *is).count() == lines.len()).then_some(())
        },
    );
}

/// A text with a folder's path taken out.
fn without(text: &[u8], path: &str) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(path.len()).position(|w| w == path.as_bytes()) {
        kept.extend_from_slice(&rest[..at]);
        kept.push(b'~');
        rest = &rest[at + path.len()..];
    }
    kept.extend_from_slice(rest);
    kept
}

fn shown(files: &Files) -> String {
    let mut text = String::new();
    for (path, (mode, content)) in files {
        let _ = writeln!(
            text,
            "{mode:o} {}: {}",
            path.display(),
            String::from_utf8_lossy(content)
        );
    }
    text
}
