//! Measures `beat-adopt --root` over many crontabs against bare loops that read each with
//! the same parsers and do nothing else: with that of crontabs alone, and with that of
//! command lines, too. Prints ratios within one run, because
//! machines are noisy.
//!
//! `CRONTABS=1000` and `LINES=100` choose the size, `BENCH_DIR` where the tree is made
//! (else in memory, so that no disk is measured, and removed again), `HEARTBEAT_BIN_DIR`
//! the program (else `target/dist`).
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark starts programs, reads the clock and may give up"
)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use adopt::crontab::{Crontab, Dialect, Kind, unescape};
use adopt::shell;
use house_tests::bins;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", dir] => bare(Path::new(dir), false),
        ["lines", dir] => bare(Path::new(dir), true),
        ["one", ..] => one(&args[1..]),
        _ => table(),
    }
}

/// The least that any reader of crontabs must do: list, read, parse.
fn bare(dir: &Path, commands: bool) {
    let mut jobs = 0usize;
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        let bytes = fs::read(path).unwrap();
        let crontab = Crontab::parse(&bytes, Dialect::System);
        for line in crontab.lines() {
            let Kind::Job(job) = &line.kind else { continue };
            jobs += 1;
            if commands {
                let text = unescape(crontab.text(&job.command));
                black_box(shell::read(&text, shell::Dialect::Posix).is_ok());
            }
        }
        black_box(&crontab);
    }
    black_box(jobs);
}

/// Runs one command as the only child of a process, and prints what it took.
fn one(command: &[String]) {
    let began = Instant::now();
    let status = Command::new(&command[0])
        .args(&command[1..])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    let wall = began.elapsed();
    assert!(
        status.code().is_some_and(|code| code <= 1),
        "{command:?}: {status}"
    );
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    println!("{cpu} {} {}", wall.as_micros(), usage.max_rss());
}

/// Processor time, time on the clock (both in microseconds), memory (KiB).
fn measure(command: &[String]) -> [f64; 3] {
    let out = Command::new(std::env::current_exe().unwrap())
        .arg("one")
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|n| n.parse().unwrap());
    [(); 3].map(|()| numbers.next().expect("three numbers"))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn number(name: &str, or: usize) -> usize {
    std::env::var(name).map_or(or, |text| text.parse().expect("a number"))
}

/// Lines as people write them.
fn crontab(file: usize, lines: usize) -> String {
    let mut text =
        String::from("SHELL=/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\nMAILTO=root\n# jobs\n");
    for line in 4..lines {
        let (minute, hour, day) = ((file * 7 + line * 13) % 60, line % 24, line % 7);
        let name = format!("job-{line}");
        let _ = match line % 8 {
            0 => writeln!(
                text,
                "{minute} {hour} * * * root /usr/local/bin/{name}.sh --all"
            ),
            1 => writeln!(
                text,
                "*/{} * * * * app cd /srv/app && ./{name}.py >>/tmp/log 2>&1",
                minute % 30 + 1
            ),
            2 => writeln!(
                text,
                "{minute} {hour} * * {day} root test -x /usr/bin/{name} && /usr/bin/{name} -q"
            ),
            3 => writeln!(text, "@daily app php /srv/{name}/artisan schedule:run"),
            4 => writeln!(text, "# {name} is run elsewhere"),
            5 => writeln!(
                text,
                "{minute} * * * 1-5 root nice -n 19 /opt/{name} --to 'a b' && beat {name}-{file} --every 3d"
            ),
            6 => writeln!(
                text,
                "{minute} {hour} 1 * * app beat {name}-{file} --every 31d -- /opt/{name}"
            ),
            _ => writeln!(
                text,
                "0 {hour} * * * root pg_dump db{line} | gzip >/var/backups/{name}.gz"
            ),
        };
    }
    text
}

fn table() {
    let (files, lines) = (number("CRONTABS", 1_000), number("LINES", 100));
    let memory = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    let root =
        std::env::var_os("BENCH_DIR").map_or_else(|| memory.path().to_owned(), PathBuf::from);
    let dir = root.join("etc/cron.d");
    fs::create_dir_all(&dir).unwrap();
    fs::create_dir_all(root.join("usr/sbin")).unwrap();
    fs::create_dir_all(root.join("tmp")).unwrap();
    fs::create_dir_all(root.join("var/backups")).unwrap();
    fs::write(root.join("usr/sbin/cron"), "").unwrap();
    for dir in ["usr/local/bin", "usr/bin", "opt", "srv/app"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    let program = |path: PathBuf| {
        fs::write(&path, "#!/bin/sh\necho done\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    for name in ["beat", "php", "pg_dump", "gzip", "nice"] {
        program(root.join("usr/bin").join(name));
    }
    for line in 0..lines {
        program(root.join(format!("usr/local/bin/job-{line}.sh")));
        program(root.join(format!("usr/bin/job-{line}")));
        program(root.join(format!("opt/job-{line}")));
        program(root.join(format!("srv/app/job-{line}.py")));
    }
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n",
    )
    .unwrap();
    for file in 0..files {
        let path = dir.join(format!("jobs-{file:05}"));
        fs::write(&path, crontab(file, lines)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let text = |path: &Path| path.display().to_string();
    let me = text(&std::env::current_exe().unwrap());
    let adopt = [text(&bins::beat_adopt()), "--root".into(), text(&root)].to_vec();
    let commands = [
        [me.clone(), "bare".into(), text(&dir)].to_vec(),
        adopt.clone(),
        [adopt, vec!["--format".into(), "json".into()]].concat(),
        [me, "lines".into(), text(&dir)].to_vec(),
    ];
    let mut runs = vec![Vec::new(); commands.len()];
    // The first round warms up and does not count.
    for round in 0..=number("ROUNDS", 7) {
        for (command, runs) in commands.iter().zip(&mut runs) {
            let took = measure(command);
            if round > 0 {
                runs.push(took);
            }
        }
    }
    let ratio = |at: usize, to: usize, of: usize| {
        let each = runs[at].iter().zip(&runs[to]);
        median(each.map(|(a, b)| a[of] / b[of]).collect())
    };
    println!(
        "| crontabs of {lines} lines | beat-adopt / bare loop that parses crontabs, clock | / bare loop that parses crontabs and commands, clock | the same, processor time | `--format json` / the latter, clock | time of the bare loops |"
    );
    println!("|---|---|---|---|---|---|");
    let clock = |at: usize| median(runs[at].iter().map(|took| took[1]).collect()) / 1_000.0;
    println!(
        "| {files} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} and {:.0} ms |",
        ratio(1, 0, 1),
        ratio(1, 3, 1),
        ratio(1, 3, 0),
        ratio(2, 3, 1),
        clock(0),
        clock(3),
    );
}
