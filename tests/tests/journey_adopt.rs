//! `beat-adopt` on a Debian tree with real packages: it lists every job that cron,
//! anacron and systemd would run there, and no other. What should be there is worked out
//! anew here, from what the packages ship and the rules of cron and run-parts, and is
//! asked of a real systemd.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a journey runs programs, and ends where one cannot be run"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use house_tests::bins;
use house_tests::needs::Journey;
use serde_json::Value;

type Set = BTreeSet<String>;

const FOLDERS: [&str; 4] = ["hourly", "daily", "weekly", "monthly"];

fn rig(name: &str) -> Command {
    let mut command = Command::new(bins::sources().join("tests/rigs").join(name));
    command.stdin(Stdio::null());
    command
}

fn tree() -> PathBuf {
    let output = rig("jobs-tree.sh")
        .arg(bins::target().join("rigs"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// Jobs of some kinds in some state, by `key`.
fn jobs(found: &Value, kind: &str, state: &[&str], key: impl Fn(&Value) -> String) -> Set {
    let all = found["jobs"].as_array().unwrap().iter();
    all.filter(|job| job["kind"] == kind)
        .filter(|job| state.contains(&job["state"].as_str().unwrap()))
        .map(key)
        .collect()
}

fn file(job: &Value) -> String {
    job["file"].as_str().unwrap().to_owned()
}

fn file_and_line(job: &Value) -> String {
    format!("{}:{}", file(job), job["line"])
}

fn unit(job: &Value) -> String {
    file(job).rsplit('/').next().unwrap().to_owned()
}

/// A name that cron and run-parts take.
fn plain(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

fn entries(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// The scripts that run-parts would run.
fn scripts(tree: &Path) -> Set {
    let mut out = Set::new();
    for folder in FOLDERS {
        let dir = tree.join(format!("etc/cron.{folder}"));
        for name in entries(&dir) {
            let meta = fs::metadata(dir.join(&name)).unwrap();
            if plain(&name) && meta.is_file() && meta.permissions().mode() & 0o111 != 0 {
                out.insert(format!("/etc/cron.{folder}/{name}"));
            }
        }
    }
    out
}

/// The lines of `cron.d` that cron would run: none of these files has a fault.
fn lines(tree: &Path) -> Set {
    let mut out = Set::new();
    for name in entries(&tree.join("etc/cron.d"))
        .iter()
        .filter(|name| plain(name))
    {
        let text = fs::read_to_string(tree.join("etc/cron.d").join(name)).unwrap();
        assert!(text.ends_with('\n'), "{name}");
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            let setting = line.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty()
                    && name
                        .trim()
                        .chars()
                        .all(|c| c.is_ascii_alphabetic() || c == '_')
            });
            if !line.is_empty() && !line.starts_with('#') && !setting {
                out.insert(format!("/etc/cron.d/{name}:{number}"));
            }
        }
    }
    out
}

/// Files that packages ship and that define jobs, each with its package.
fn shipped(tree: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let info = tree.join("var/lib/dpkg/info");
    for list in entries(&info).iter().filter(|name| name.ends_with(".list")) {
        let package = list.trim_end_matches(".list").split(':').next().unwrap();
        for path in fs::read_to_string(info.join(list)).unwrap().lines() {
            let name = path.rsplit('/').next().unwrap();
            let cron = path.starts_with("/etc/cron.") && name != ".placeholder";
            let timer = path.contains("/systemd/system/")
                && name.ends_with(".timer")
                && !path.contains(".wants/");
            if (cron || timer) && tree.join(&path[1..]).is_file() {
                out.insert(path.to_owned(), package.to_owned());
            }
        }
    }
    out
}

fn adopt(tree: &Path, without_anacron: bool) -> Value {
    let mut command = Command::new("unshare");
    // The tree is seen through another one, so that it stays as it is.
    let script = "mount -t tmpfs none /mnt && mkdir /mnt/up /mnt/work /mnt/tree && \
        mount -t overlay -o \"lowerdir=$1,upperdir=/mnt/up,workdir=/mnt/work\" none /mnt/tree && \
        if [ \"$3\" = without ]; then rm /mnt/tree/usr/sbin/anacron; fi && \
        exec \"$2\" --root /mnt/tree --format json";
    let output = command
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(tree)
        .arg(bins::beat_adopt())
        .arg(if without_anacron { "without" } else { "with" })
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_job_of_real_packages_is_found_and_no_other() {
    let journey = Journey::new("adopt")
        .root()
        .program("systemd-nspawn")
        .program("debootstrap")
        .program("unshare")
        .file(&bins::beat_adopt(), "run make build first")
        .file(&bins::beat(), "run make build first");
    if !journey.ready() {
        return;
    }
    let tree = tree();
    let all = ["runs", "aside"];
    for without_anacron in [false, true] {
        let found = adopt(&tree, without_anacron);
        assert_eq!(jobs(&found, "script", &all, file), scripts(&tree));
        assert_eq!(jobs(&found, "cron", &all, file_and_line), lines(&tree));
        assert_eq!(found["unseen"].as_array().unwrap().len(), 0, "{found}");
        // Which of the two runs the daily scripts.
        let daily = found["jobs"].as_array().unwrap().iter();
        let daily = daily.filter(|job| file(job).starts_with("/etc/cron.daily/"));
        for job in daily {
            let by_anacron = job["words"].as_str().unwrap().contains("anacron");
            assert_eq!(by_anacron, !without_anacron, "{job}");
        }
    }
    let found = adopt(&tree, false);
    let named: Set = found["jobs"].as_array().unwrap().iter().map(file).collect();
    let shipped = shipped(&tree);
    let real =
        |path: &str| path.replacen("/lib/", "/usr/lib/", usize::from(path.starts_with("/lib/")));
    let missing: Vec<_> = shipped
        .keys()
        .filter(|path| !named.contains(&real(path)))
        .collect();
    assert_eq!(missing, Vec::<&String>::new(), "shipped, and not found");
    let packages: BTreeSet<_> = shipped.values().collect();
    assert!(packages.len() >= 10, "{packages:?}");
    assert!(scripts(&tree).len() >= 10 && lines(&tree).len() >= 8);

    asked_of_systemd(&tree, &found);
}

/// Boots the tree and compares with what its systemd says.
fn asked_of_systemd(tree: &Path, from_files: &Value) {
    let scratch = tempfile::tempdir().unwrap();
    let res = scratch.path().join("res");
    for dir in ["bin", "units"] {
        fs::create_dir_all(res.join(dir)).unwrap();
    }
    for program in [bins::beat_adopt(), bins::beat()] {
        let name = program.file_name().unwrap();
        fs::copy(&program, res.join("bin").join(name)).unwrap();
    }
    for unit in ["beat@.service", "beat-fail@.service"] {
        let from = bins::sources().join("systemd").join(unit);
        fs::copy(from, res.join("units").join(unit)).unwrap();
    }
    let output = rig("nspawn.sh")
        .arg(tree)
        .arg(&res)
        .arg("adopt-inside.sh")
        .output()
        .unwrap();
    let read = |name: &str| fs::read_to_string(res.join(name)).unwrap_or_default();
    let results = read("results");
    let passed = results
        .lines()
        .filter(|line| line.starts_with("ok "))
        .count();
    assert!(
        passed >= 18 && results.ends_with(&format!("\n1..{passed}\n")),
        "{results}\n{}\n{output:?}",
        read("log")
    );
    let json = |name: &str| -> Value {
        serde_json::from_str(&read(name))
            .unwrap_or_else(|e| panic!("{name}: {e}: {}", read("adopt.err")))
    };
    let units = |listed: &Value| -> Set {
        let each = listed.as_array().unwrap().iter();
        each.map(|timer| timer["unit"].as_str().unwrap().to_owned())
            .collect()
    };
    for (listed, adopt) in [
        ("active.json", "adopt.json"),
        ("active-later.json", "adopt-later.json"),
    ] {
        let ours = jobs(&json(adopt), "timer", &["runs"], unit);
        assert_eq!(ours, units(&json(listed)), "{adopt}");
    }
    // The files alone tell the same, but for what this boot's conditions leave out.
    let found = json("adopt.json");
    let left_out = found["jobs"].as_array().unwrap().iter().filter(|job| {
        job["why"]
            .as_str()
            .is_some_and(|why| why.contains("condition"))
    });
    let mut live = jobs(&found, "timer", &["runs"], unit);
    live.extend(left_out.map(unit));
    assert_eq!(jobs(from_files, "timer", &["runs"], unit), live);
    // Next runs are systemd's own.
    let listed = json("active.json");
    for job in found["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|job| job["kind"] == "timer")
    {
        let unit = unit(job);
        let told = listed
            .as_array()
            .unwrap()
            .iter()
            .find(|timer| timer["unit"] == *unit);
        let Some(next) = told
            .and_then(|timer| timer["next"].as_u64())
            .filter(|next| *next > 0)
        else {
            continue;
        };
        let ours: chrono::DateTime<chrono::Utc> = job["next"].as_str().unwrap().parse().unwrap();
        assert_eq!(ours.timestamp() as u64, next / 1_000_000, "{unit}");
    }
    let later = json("adopt-later.json");
    let stopped = later["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| unit(job) == "dpkg-db-backup.timer");
    assert_eq!(stopped.unwrap()["state"], "not_enabled");
    let stale = later["findings"].as_array().unwrap().iter().any(|finding| {
        finding["code"] == "timer-stale" && finding["place"].as_str().unwrap().contains("byhand")
    });
    assert!(stale, "{}", later["findings"]);
}
