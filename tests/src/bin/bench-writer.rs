//! Measures `beat` against a bare program that makes the same system calls
//! (`tests/bench/bare.rs`), linked in the same way, and against what people use
//! instead. Prints ratios within one run, because machines are noisy.
//!
//! Builds all of them itself. `ROUNDS` says how often (31), `BENCH_DIR` where they
//! write. Without valgrind, curl or python3 a cell says so.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark starts programs and may give up"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use house_tests::bins;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Runs that make one measurement: one run alone is too short.
const RUNS: usize = 20;
const KIB: f64 = 1_024.0;

/// One way to link, and the two programs linked so.
struct Linked {
    name: &'static str,
    limit_kib: f64,
    beat: PathBuf,
    bare: PathBuf,
}

/// A program and its arguments.
type Line = Vec<String>;

fn main() {
    let dir = std::env::var_os("BENCH_DIR")
        .map_or_else(|| bins::target().join("bench"), PathBuf::from)
        .join("writer");
    fs::create_dir_all(&dir).unwrap();
    let linked = build(&dir);
    against_bare(&linked, &dir);
    against_others(&linked[0].beat, &dir);
}

/// Builds `beat` as `make build` does, and dynamically, and the bare one likewise.
fn build(dir: &Path) -> Vec<Linked> {
    let host = host();
    let musl = host.replace("-gnu", "-musl");
    let mut linked = vec![
        one("static glibc", 1.3 * KIB, Some(&host), dir),
        one("dynamic glibc", 400.0, None, dir),
    ];
    if musl != host
        && sysroot()
            .join("lib/rustlib")
            .join(&musl)
            .join("lib")
            .exists()
    {
        linked.push(one("static musl", 400.0, Some(&musl), dir));
    }
    linked
}

fn one(name: &'static str, limit_kib: f64, target: Option<&str>, dir: &Path) -> Linked {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(bins::sources());
    build.args([
        "build",
        "--quiet",
        "--locked",
        "--profile",
        "writer",
        "-p",
        "writer",
    ]);
    let mut bare = Command::new("rustc");
    // As the profile says.
    for option in [
        "opt-level=s",
        "lto=fat",
        "codegen-units=1",
        "panic=abort",
        "strip=symbols",
    ] {
        bare.args(["-C", option]);
    }
    let mut beat = bins::target();
    if let Some(target) = target {
        build
            .args(["--target", target])
            .env("RUSTFLAGS", "-C target-feature=+crt-static");
        bare.args(["--target", target, "-C", "target-feature=+crt-static"]);
        beat.push(target);
    } else {
        build.env_remove("RUSTFLAGS");
    }
    beat.push("writer/beat");
    let out = dir.join(format!("bare-{}", name.replace(' ', "-")));
    bare.args(["--edition", "2024", "-C", "embed-bitcode=yes", "-o"])
        .arg(&out);
    bare.arg(bins::sources().join("tests/bench/bare.rs"));
    for command in [&mut build, &mut bare] {
        assert!(command.status().unwrap().success(), "{command:?}");
    }
    Linked {
        name,
        limit_kib,
        beat,
        bare: out,
    }
}

fn host() -> String {
    said(Command::new("rustc").arg("-vV"))
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap()
        .to_owned()
}

fn sysroot() -> PathBuf {
    said(Command::new("rustc").args(["--print", "sysroot"]))
        .trim()
        .into()
}

fn said(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn line(program: &Path, args: &[&str]) -> Line {
    let mut line = vec![program.display().to_string()];
    line.extend(args.iter().map(|arg| (*arg).to_owned()));
    line
}

fn beat_line(program: &Path, dir: &Path, durable: bool) -> Line {
    let dir = dir.display().to_string();
    let mut line = line(program, &["db_backup", "--every", "1d", "--dir", &dir]);
    line.extend((!durable).then(|| "--no-sync".to_owned()));
    line
}

fn bare_line(program: &Path, dir: &Path, durable: bool) -> Line {
    let mut line = line(program, &[&dir.display().to_string()]);
    line.extend((!durable).then(|| "no-sync".to_owned()));
    line
}

fn against_bare(linked: &[Linked], dir: &Path) {
    println!(
        "| `beat`, linked | size | at most | instructions / bare | user+sys / bare | with `--no-sync` |"
    );
    println!("|---|---|---|---|---|---|");
    for Linked {
        name,
        limit_kib,
        beat,
        bare,
    } in linked
    {
        let size = fs::metadata(beat).unwrap().len() as f64 / KIB;
        let lines = [
            beat_line(beat, dir, true),
            bare_line(bare, dir, true),
            beat_line(beat, dir, false),
            bare_line(bare, dir, false),
        ];
        let counted = instructions(&lines[0]).zip(instructions(&lines[1]));
        let counted = counted.map_or("no valgrind here".into(), |(beat, bare)| {
            format!("{:.2} ({beat} / {bare})", beat as f64 / bare as f64)
        });
        let took = in_turn(&lines);
        println!(
            "| {name} | {size:.0} KiB | {limit_kib:.0} KiB | {counted} | {:.2} | {:.2} |",
            ratio(&took[0], &took[1]),
            ratio(&took[2], &took[3]),
        );
    }
}

/// What people write in place of `beat`, against `beat` with or without its
/// flushes, as the other does it.
fn against_others(beat: &Path, dir: &Path) {
    let at = dir.display();
    let server = serve();
    let python = format!(
        "import json, os, time\n\
         with open('{at}/py.tmp', 'w') as f: json.dump({{'v': 1, 'job': 'py', 'timestamp': time.time(), 'interval_seconds': 86400}}, f)\n\
         os.replace('{at}/py.tmp', '{at}/py.last')"
    );
    let json =
        r#"printf '{"v":1,"job":"sh","timestamp":%s,"interval_seconds":86400}\n' "$(date +%s)""#;
    let shell = format!("t=$(mktemp {at}/.sh.XXXXXX) && {json} >$t && mv $t {at}/sh.last");
    let durable = format!(
        "t=$(mktemp {at}/.sh.XXXXXX) && {json} >$t && sync $t && mv $t {at}/sh.last && sync {at}"
    );
    let others = [
        (
            "`touch`",
            line(Path::new("touch"), &[&format!("{at}/touch.last")]),
        ),
        (
            "`sh -c` with mktemp and mv",
            line(Path::new("sh"), &["-c", &shell]),
        ),
        (
            "the same with sync",
            line(Path::new("sh"), &["-c", &durable]),
        ),
        ("three lines of python3", line(&python3(), &["-c", &python])),
        (
            "curl to a server on this host",
            line(Path::new("curl"), &["-fsS", "-o", "/dev/null", &server]),
        ),
    ];
    println!("\n| instead of `beat` | user+sys / `beat` |\n|---|---|");
    for (name, other) in others {
        let durable = name.ends_with("sync");
        if !starts(&other) {
            println!("| {name} | not installed here |");
            continue;
        }
        let took = in_turn(&[other, beat_line(beat, dir, durable)]);
        println!("| {name} | {:.1} |", ratio(&took[0], &took[1]));
    }
}

/// The system's own: a version manager in front of it is a program more.
fn python3() -> PathBuf {
    let system = PathBuf::from("/usr/bin/python3");
    if system.exists() {
        system
    } else {
        "python3".into()
    }
}

fn starts(line: &[String]) -> bool {
    let mut command = Command::new(&line[0]);
    let status = command.args(&line[1..]).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Answers every request, in a thread of this process: what it takes is not counted.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ping", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    url
}

/// Instructions from the first to the last, the same in each run.
fn instructions(line: &[String]) -> Option<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = valgrind.args(line).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let count = text
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1))?;
    count.trim().parse().ok()
}

/// Processor time of a few runs, user and system, in microseconds.
fn took(line: &[String]) -> f64 {
    let spent = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
    };
    let before = spent();
    for _ in 0..RUNS {
        assert!(starts(line), "{line:?}");
    }
    (spent() - before) as f64
}

/// Measures in turn, A B C A B C …; the first round warms up and does not count.
fn in_turn(lines: &[Line]) -> Vec<Vec<f64>> {
    let rounds = std::env::var("ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(31);
    let mut out = vec![Vec::new(); lines.len()];
    for round in 0..=rounds {
        for (line, measured) in lines.iter().zip(&mut out) {
            let took = took(line);
            if round > 0 {
                measured.push(took);
            }
        }
    }
    out
}

/// Median of the ratios round by round.
fn ratio(a: &[f64], b: &[f64]) -> f64 {
    let mut ratios: Vec<_> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
