//! Runs a command as cron runs it, in a folder of its own, and keeps all that can be
//! seen of it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use adopt::crontab::{Crontab, Dialect, unescape};
use adopt::wrap::{Adoption, Pace, Refusal, replace, wrap};
use heartbeat::JobName;
use house_tests::bins;

/// Writes down how it was called and what it sees of its surroundings.
const NOTE: &str = r#"#!/bin/sh
open=
for fd in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$fd ] && open="$open $fd"; done
seen=$(
	printf '%s\n' "$0"
	for word; do printf '[%s]\n' "$word"; done
	umask
	pwd
	env | grep -v -e '^HEARTBEAT_JOB=' -e '^HEARTBEAT_RUN_ID=' | sort
	grep -e ^SigBlk -e ^SigIgn /proc/self/status
	printf 'open:%s\n\004' "$open"
)
printf '%s' "$seen" >>"${HOME:-/tmp}/notes"
trap '' PIPE
echo "note $*" 2>/dev/null
echo "err $*" >&2 2>/dev/null
"#;

/// What lies in a folder: kind and mode of each, and what is in it.
pub(crate) type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// What can be seen of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// As a shell tells it: 128 and the signal's number for one that was killed.
    code: i32,
    /// Output and errors in one file, as Debian's cron has it.
    together: Vec<u8>,
    output: Vec<u8>,
    errors: Vec<u8>,
    files: Files,
}

/// A folder in which lines are run.
pub(crate) struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bin", "store"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let scene = Self { dir };
        scene.program("note", NOTE);
        scene.program("plain", "echo plain \"$0\" \"$@\"\nexit 8\n");
        fs::copy(bins::beat(), scene.path("bin/beat")).unwrap();
        scene
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A crontab with one job.
    pub(crate) fn crontab(&self, shell: &str, line: &[u8]) -> Vec<u8> {
        let head = format!(
            "SHELL={shell}\nPATH={}:/usr/bin:/bin\nHEARTBEAT_DIR={}\n* * * * * ",
            self.path("bin").display(),
            self.path("store").display(),
        );
        [head.as_bytes(), line, b"\n"].concat()
    }

    /// The same crontab with the job adopted.
    pub(crate) fn adopted(&self, crontab: &[u8]) -> Result<Vec<u8>, Refusal> {
        let tab = Crontab::parse(crontab, Dialect::User);
        let found = tab.jobs().last().expect("a job");
        let job = JobName::new("adopted").unwrap();
        let adoption = Adoption {
            beat: Path::new("beat"),
            job: &job,
            pace: pace(),
            options: &["--no-sync".to_owned()],
        };
        let line = wrap(&tab, &found, &adoption)?;
        Ok(replace(&tab, &[(found.line.number, line)]))
    }

    /// Runs the last job of a crontab twice, each time in a new folder.
    pub(crate) fn run(&self, crontab: &[u8]) -> Seen {
        let tab = Crontab::parse(crontab, Dialect::User);
        let found = tab.jobs().last().expect("a job");
        let shell = OsStr::from_bytes(found.settings.shell()).to_owned();
        let script = unescape(tab.text(&found.job.command));
        let input = found.job.input.as_ref().map(|input| given(tab.text(input)));
        let home = self.path("home");
        let mut command = Command::new(&shell);
        command
            .args([OsStr::new("-c"), OsStr::from_bytes(&script)])
            .env_clear()
            .env("HOME", &home)
            .env("LOGNAME", "root")
            .process_group(0);
        for (name, value) in found.settings.pairs() {
            command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        let mut run = |apart: bool| {
            let _ = fs::remove_dir_all(&home);
            fs::create_dir(&home).unwrap();
            let names = ["out", "err"].map(|name| self.path(name));
            // New ones: something from before may still hold the old ones.
            let [out, err] = names.clone().map(|path| {
                let _ = fs::remove_file(&path);
                File::create(path).unwrap()
            });
            command.current_dir(&home).stdin(Stdio::piped());
            command.stderr(if apart { err } else { out.try_clone().unwrap() });
            command.stdout(out);
            let mut child = command.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            // Nobody may read it: then writing fails.
            let _ = stdin.write_all(input.as_deref().unwrap_or_default());
            drop(stdin);
            let status = child.wait().unwrap();
            let code = status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap());
            let [out, err] = names.map(|path| quiet(&fs::read(path).unwrap()));
            (code, out, err, files(&home))
        };
        let (code, together, _, mut files) = run(false);
        let (again, output, errors, also) = run(true);
        assert_eq!(code, again, "{}", String::from_utf8_lossy(&script));
        for (path, file) in also {
            files.insert(Path::new("apart").join(path), file);
        }
        Seen {
            code,
            together,
            output,
            errors,
            files,
        }
    }
}

/// The pace that the `beat` at hand knows.
fn pace() -> Pace<'static> {
    use std::sync::LazyLock;
    static CRON: LazyLock<bool> = LazyLock::new(|| {
        let help = Command::new(bins::beat()).arg("--help").output().unwrap();
        String::from_utf8_lossy(&help.stdout).contains("--cron")
    });
    if *CRON {
        Pace::Line { zone: None }
    } else {
        Pace::Every("1m".parse().unwrap())
    }
}

/// The input of a job, as cron makes it of the text after `%`.
fn given(text: &[u8]) -> Vec<u8> {
    let mut input = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next_if_eq(&b'%').is_some() => input.push(b'%'),
            b'%' => input.push(b'\n'),
            byte => input.push(byte),
        }
    }
    if input.last().is_some_and(|last| *last != b'\n') {
        input.push(b'\n');
    }
    input
}

/// Without what `beat` adds on purpose, and without the ids of processes that bash
/// tells of.
fn quiet(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|b| *b == b'\n');
    let kept = lines.filter(|line| {
        !line.starts_with(b"HEARTBEAT_JOB=") && !line.starts_with(b"HEARTBEAT_RUN_ID=")
    });
    kept.flat_map(|line| {
        let Some(rest) = line.strip_prefix(b"/bin/bash: line 1: ") else {
            return line.to_vec();
        };
        let id = |b: &u8| *b == b' ' || b.is_ascii_digit();
        let digits = rest.iter().take_while(|b| id(b)).count();
        [b"/bin/bash: line 1: ", &rest[digits..]].concat()
    })
    .collect()
}

/// The lines in an order of their own, for what runs side by side. Notes are whole.
fn sorted(text: &[u8]) -> Vec<u8> {
    let end = if text.contains(&4) { 4 } else { b'\n' };
    let mut lines: Vec<_> = text.split_inclusive(|b| *b == end).collect();
    lines.sort_unstable();
    lines.concat()
}

impl Seen {
    /// The same, when the order of what runs side by side does not count.
    pub(crate) fn in_any_order(mut self) -> Self {
        for text in [&mut self.together, &mut self.output, &mut self.errors] {
            *text = sorted(text);
        }
        for (_, text) in self.files.values_mut() {
            *text = sorted(text);
        }
        self
    }
}

/// All that lies in a folder.
pub(crate) fn files(dir: &Path) -> Files {
    let mut found = BTreeMap::new();
    let mut rest = vec![dir.to_owned()];
    while let Some(next) = rest.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = match () {
                () if meta.is_file() => quiet(&fs::read(&path).unwrap()),
                () if meta.is_symlink() => fs::read_link(&path)
                    .unwrap()
                    .as_os_str()
                    .as_bytes()
                    .to_vec(),
                () => Vec::new(),
            };
            if meta.is_dir() {
                rest.push(path.clone());
            }
            let name = path.strip_prefix(dir).unwrap().to_owned();
            found.insert(name, (meta.mode(), content));
        }
    }
    found
}
