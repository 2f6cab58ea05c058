//! Stores of every kind, good and bad: what is written, what is said, and that a
//! beat that was there before survives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use common::{House, Mounted, NOBODY, ends, is_root, left_out, names, set_mode};

/// Beats once for `j`, and shows code and words.
fn beat(house: &House, command: &mut Command) -> String {
    let output = command.args(["j", "--every", "1d"]).output().unwrap();
    assert_eq!(output.stdout, b"");
    let code = output.status.code().unwrap();
    format!("{code}\n{}", house.said(&output.stderr))
}

#[test]
fn a_beat_says_what_the_contract_asks() {
    let house = House::new();
    assert_eq!(beat(&house, &mut house.beat()), "0\n");
    let path = house.path("store/j.last");
    let content = std::fs::read_to_string(&path).unwrap();
    assert!(
        content.starts_with("{\"v\":1,\"job\":\"j\",\"timestamp\":\"20"),
        "{content}"
    );
    for key in ["host", "boot_id", "uptime_seconds"] {
        assert!(content.contains(&format!(",\"{key}\":")), "{content}");
    }
    assert!(
        content.ends_with(",\"writer\":\"beat 0.1.0\"}\n"),
        "{content}"
    );
    let beat = house.last("j");
    assert_eq!(beat.interval.unwrap().seconds(), 86_400);
    assert!(beat.boot.is_some());
    let age = chrono::Utc::now() - beat.timestamp;
    assert!((0..60).contains(&age.num_seconds()), "{age}");
    assert_eq!(
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777,
        0o644
    );
}

#[test]
fn failures_and_instances() {
    let house = House::new();
    let run = |args: &[&str], environment: &[(&str, &str)]| {
        let mut beat = house.beat();
        beat.args(args).envs(environment.iter().copied());
        assert_eq!(
            ends(&mut beat),
            (Some(0), String::new(), String::new()),
            "{args:?}"
        );
    };
    let told = || {
        let beat = house.fail("j");
        let details = beat.details.unwrap_or_default();
        format!(
            "{:?} {:?} {:?} {:?}",
            beat.interval, details.exit_code, details.signal, details.reason
        )
    };
    run(&["j", "--fail"], &[]);
    assert_eq!(told(), "None None None None");
    run(&["j", "--fail", "3", "--every", "1h"], &[]);
    assert_eq!(told(), "Some(3600s) Some(3) None Some(\"exit\")");
    run(&["--fail", "j"], &[]);
    assert_eq!(told(), "None None None None");
    let unit = |result, code, status| {
        [
            ("MONITOR_SERVICE_RESULT", result),
            ("MONITOR_EXIT_CODE", code),
            ("MONITOR_EXIT_STATUS", status),
        ]
    };
    run(
        &["--instance", "j:1d", "--fail"],
        &unit("exit-code", "exited", "7"),
    );
    assert_eq!(told(), "Some(86400s) Some(7) None Some(\"exit\")");
    run(
        &["--instance", "j", "--fail"],
        &unit("signal", "killed", "SEGV"),
    );
    assert_eq!(told(), "None None Some(\"SEGV\") Some(\"signal\")");
    assert_eq!(house.names(), ["j.fail"]);
    // Outside of a unit's OnFailure= nothing is known; without --fail it is a success.
    run(&["--instance", "j:1d", "--fail"], &[]);
    assert_eq!(told(), "Some(86400s) None None None");
    run(&["--instance", "j:2h"], &unit("success", "exited", "0"));
    assert_eq!(house.last("j").interval.unwrap().seconds(), 7_200);
}

#[test]
fn where_the_store_is() {
    let house = House::new();
    std::fs::create_dir(house.path("other")).unwrap();
    let other = house.path("other");
    // --dir comes before HEARTBEAT_DIR.
    assert_eq!(beat(&house, house.beat().arg("--dir").arg(&other)), "0\n");
    assert_eq!(
        (names(&other), house.names()),
        (vec!["j.last".to_owned()], vec![])
    );
    // A link to a store is a store.
    symlink(&other, house.path("link")).unwrap();
    std::fs::remove_file(other.join("j.last")).unwrap();
    let link = house.path("link");
    assert_eq!(beat(&house, house.beat().arg("--dir").arg(&link)), "0\n");
    assert_eq!(names(&other), ["j.last"]);
}

#[test]
fn a_missing_store_that_was_named_is_not_made() {
    let house = House::new();
    let me = rustix::process::geteuid().as_raw();
    let none = house.path("none");
    assert_eq!(
        beat(&house, house.beat().arg("--dir").arg(&none)),
        format!(
            "73\nerror: cannot write heartbeat for \"j\" in /none: there is no such directory\n\
             hint: make it with: install -d -m 0755 -o {me} /none; or name another with --dir\n"
        )
    );
    assert_eq!(
        beat(&house, house.beat().env("HEARTBEAT_DIR", &none)),
        format!(
            "73\nerror: cannot write heartbeat for \"j\" in /none: there is no such directory\n\
             hint: HEARTBEAT_DIR names it; make it with: install -d -m 0755 -o {me} /none; or name another with --dir\n"
        )
    );
    assert!(!none.exists());
}

#[test]
fn a_store_that_is_a_file() {
    let house = House::new();
    std::fs::write(house.path("file"), "mine").unwrap();
    let file = house.path("file");
    let said = beat(&house, house.beat().arg("--dir").arg(&file));
    insta::assert_snapshot!(said, @r#"
    73
    error: cannot write heartbeat for "j" in /file: it is not a directory
    hint: a store is a directory; name another with --dir
    "#);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_store_of_somebody_else() {
    let house = House::new();
    set_mode(&house.store(), 0o555);
    let me = if is_root() {
        NOBODY
    } else {
        rustix::process::geteuid().as_raw()
    };
    assert_eq!(
        beat(&house, &mut house.beat_of_a_stranger()),
        format!(
            "73\nerror: cannot write heartbeat for \"j\" in /store: permission denied\n\
             hint: HEARTBEAT_DIR names it; make it with: install -d -m 0755 -o {me} /store; or name another with --dir\n"
        )
    );
    assert_eq!(house.names(), [""; 0]);
    set_mode(&house.store(), 0o755);
}

#[test]
fn a_directory_in_the_place_of_the_beat() {
    let house = House::new();
    std::fs::create_dir(house.path("store/j.last")).unwrap();
    let said = beat(&house, &mut house.beat());
    insta::assert_snapshot!(said, @r#"
    74
    error: cannot write heartbeat for "j" in /store: a directory has the name of the file
    hint: remove the directory /store/j.last
    "#);
    assert_eq!(house.names(), ["j.last"]);
}

/// What else may lie there is replaced, and what a link points to is left alone.
#[test]
fn links_and_pipes_in_the_place_of_the_beat() {
    let house = House::new();
    std::fs::write(house.path("precious"), "mine").unwrap();
    let last = house.path("store/j.last");
    symlink(house.path("precious"), &last).unwrap();
    assert_eq!(beat(&house, &mut house.beat()), "0\n");
    house.last("j");
    assert_eq!(
        std::fs::read_to_string(house.path("precious")).unwrap(),
        "mine"
    );
    std::fs::remove_file(&last).unwrap();
    assert_eq!(ends(Command::new("mkfifo").arg(&last)).0, Some(0));
    assert_eq!(beat(&house, &mut house.beat()), "0\n");
    house.last("j");
}

#[test]
fn whatever_the_umask_everybody_can_read_a_beat() {
    let house = House::new();
    for umask in ["000", "022", "077", "777"] {
        let script = format!("umask {umask}; beat j --every 1d");
        assert_eq!(
            ends(&mut house.shell(&script)),
            (Some(0), String::new(), String::new())
        );
        let mode = std::fs::metadata(house.path("store/j.last"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o644, "umask {umask}");
    }
}

#[test]
fn a_limit_on_the_size_of_files_kills_nobody() {
    let house = House::new();
    assert_eq!(beat(&house, &mut house.beat()), "0\n");
    let (code, _, err) =
        ends(&mut house.shell("ulimit -f 0; exec beat j --every 2d 2>&1 | cat >&2"));
    assert_eq!(code, Some(0), "that of cat");
    insta::assert_snapshot!(house.said(err.as_bytes()), @r#"
    error: cannot write heartbeat for "j" in /store: a limit on the size of files forbids it
    hint: raise it: ulimit -f unlimited; the beat before is untouched
    "#);
    assert_eq!(house.names(), ["j.last"]);
    assert_eq!(house.last("j").interval.unwrap().seconds(), 86_400);
    let (code, out, err) = ends(
        &mut house.shell("ulimit -f 0; beat j --every 2d -- sh -c 'echo works; exit 3' 2>&1 | cat"),
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("works\nbeat: cannot write heartbeat for \"j\" in "),
        "{out}"
    );
}

#[test]
fn a_full_disk() {
    let house = House::new();
    let Some(mounted) = Mounted::small(&house.store(), "size=64k,nr_inodes=9") else {
        return left_out("a full disk", "mounting needs root");
    };
    assert_eq!(beat(&house, &mut house.beat()), "0\n");
    let full = "error: cannot write heartbeat for \"j\" in /store: the disk is full\n\
                hint: see df -h /store and df -i /store; the beat before is untouched\n";
    // No room for content.
    let _ = std::fs::write(house.path("store/filler"), vec![0; 1 << 20]);
    let said = beat(&house, house.beat().args(["--every", "2d"]));
    assert_eq!(said, format!("74\n{full}"));
    assert_eq!(house.names(), ["filler", "j.last"]);
    // No room for names.
    std::fs::write(house.path("store/filler"), "").unwrap();
    for i in 0..20 {
        let _ = std::fs::write(house.path("store").join(format!("filler{i}")), "");
    }
    assert_eq!(beat(&house, &mut house.beat()), format!("73\n{full}"));
    assert!(!house.names().iter().any(|name| name.starts_with('.')));
    assert_eq!(house.last("j").interval.unwrap().seconds(), 86_400);
    // The job is not to blame.
    let (code, out, err) = ends(
        house
            .beat()
            .args(["j", "--every", "1d", "--", "echo", "works"]),
    );
    assert_eq!((code, out.as_str()), (Some(0), "works\n"));
    insta::assert_snapshot!(house.said(err.as_bytes()), @r#"beat: cannot write heartbeat for "j" in /store: the disk is full"#);
    drop(mounted);
}

#[test]
fn a_store_that_can_only_be_read() {
    let house = House::new();
    let Some(mounted) = Mounted::small(&house.store(), "size=64k") else {
        return left_out("a read-only store", "mounting needs root");
    };
    assert_eq!(beat(&house, &mut house.beat()), "0\n");
    mounted.remount("remount,ro");
    let said = beat(&house, &mut house.beat());
    insta::assert_snapshot!(said, @r#"
    73
    error: cannot write heartbeat for "j" in /store: the file system is read-only
    hint: HEARTBEAT_DIR names it; mend it, or name another with --dir; the beat before is untouched
    "#);
    house.last("j");
}

/// Without a place in the system's store it is the state folder, made when missing.
#[test]
fn the_own_state_folder() {
    if Path::new(heartbeat::SYSTEM_STORE).exists() && !is_root() {
        return left_out(
            "the own state folder",
            "the tester may have a place in the system's",
        );
    }
    let house = House::new();
    set_mode(&house.path("home"), 0o777);
    let mut command = house.beat_of_a_stranger();
    command.env_remove("HEARTBEAT_DIR");
    assert_eq!(beat(&house, &mut command), "0\n");
    let own = house.path("home/.local/state/heartbeats");
    assert_eq!(names(&own), ["j.last"]);
    assert_eq!(
        std::fs::metadata(&own).unwrap().permissions().mode() & 0o7777,
        0o755
    );
    // XDG_STATE_HOME comes first, if it is absolute.
    std::fs::create_dir(house.path("state")).unwrap();
    set_mode(&house.path("state"), 0o777);
    let mut command = house.beat_of_a_stranger();
    command
        .env_remove("HEARTBEAT_DIR")
        .env("XDG_STATE_HOME", house.path("state"));
    assert_eq!(beat(&house, &mut command), "0\n");
    assert_eq!(names(&house.path("state/heartbeats")), ["j.last"]);
    let mut command = house.beat_of_a_stranger();
    command
        .env_remove("HEARTBEAT_DIR")
        .env("XDG_STATE_HOME", "state")
        .env_remove("HOME");
    let said = beat(&house, &mut command);
    insta::assert_snapshot!(said, @r#"
    73
    error: cannot write heartbeat for "j": neither HEARTBEAT_DIR nor HOME is set
    hint: name a directory with --dir
    "#);
    // A home that is not there, as that of the user nobody.
    let mut command = house.beat_of_a_stranger();
    command
        .env_remove("HEARTBEAT_DIR")
        .env("HOME", "/proc/none");
    let said = beat(&house, &mut command);
    assert!(
        said.starts_with(
            "73\nerror: cannot write heartbeat for \"j\" in /proc/none/.local/state/heartbeats: "
        ),
        "{said}"
    );
}

/// The system's store, in a name space of its own: root makes it, others find the
/// place that is theirs by its owner, whatever LOGNAME says.
#[test]
fn the_system_store() {
    let house = House::new();
    house.beat_of_a_stranger();
    let script = "
        mount -t tmpfs none /var/lib
        umask 077
        unset HEARTBEAT_DIR
        beat r --every 1d
        stat -c '%a %U %n' /var/lib/heartbeats /var/lib/heartbeats/*
        s() { setpriv --reuid nobody --regid nogroup --clear-groups \"$@\"; }
        install -d -o nobody /var/lib/heartbeats/nobody
        LOGNAME=root s ./beat n --every 1d
        LOGNAME=nobody s ./beat m --every 1d
        LOGNAME=../nobody s ./beat o --every 1d
        stat -c '%a %U %n' /var/lib/heartbeats/nobody/*
        s ./beat x --every 1d --dir /var/lib/heartbeats || echo $?
        rm -r /var/lib/heartbeats/nobody
        mkdir /var/lib/elsewhere
        chown nobody /var/lib/elsewhere
        ln -s /var/lib/elsewhere /var/lib/heartbeats/nobody
        chmod 777 home
        LOGNAME=nobody s ./beat l --every 1d
        ls /var/lib/elsewhere home/.local/state/heartbeats
    ";
    let mut unshare = Command::new("unshare");
    let shell = house.shell(script);
    unshare
        .arg("--mount")
        .arg(shell.get_program())
        .args(shell.get_args());
    unshare.current_dir(house.path("")).env_clear();
    for (key, value) in shell.get_envs() {
        unshare.env(key, value.unwrap());
    }
    if !is_root() || ends(Command::new("unshare").args(["--mount", "true"])).0 != Some(0) {
        return left_out("the system's store", "a name space of its own needs root");
    }
    let (code, out, err) = ends(&mut unshare);
    assert_eq!(code, Some(0), "{out}{err}");
    insta::assert_snapshot!(out, @"
    755 root /var/lib/heartbeats
    644 root /var/lib/heartbeats/r.last
    644 nobody /var/lib/heartbeats/nobody/m.last
    644 nobody /var/lib/heartbeats/nobody/n.last
    644 nobody /var/lib/heartbeats/nobody/o.last
    73
    /var/lib/elsewhere:

    home/.local/state/heartbeats:
    l.last
    ");
    let err = err.replace(&house.path("home").display().to_string(), "[home]");
    insta::assert_snapshot!(err, @r#"
    error: cannot write heartbeat for "x" in /var/lib/heartbeats: permission denied
    hint: the beats of root lie there; for those of user 65534, as root: install -d -m 0755 -o 65534 /var/lib/heartbeats/<user name>; then leave out --dir and HEARTBEAT_DIR
    beat: the beats of user 65534 go to [home]/.local/state/heartbeats, which the checker of the system does not read (this is said once)
    hint: as root: install -d -m 0755 -o 65534 /var/lib/heartbeats/<user name>; then remove the other folder
    "#);
}

#[test]
fn a_beat_of_another_user_is_replaced_only_by_who_owns_the_store() {
    if !is_root() {
        return left_out("a beat of another user", "root is needed");
    }
    let house = House::new();
    chown(house.store(), Some(NOBODY), None).unwrap();
    assert_eq!(beat(&house, &mut house.beat_of_a_stranger()), "0\n");
    use std::os::unix::fs::MetadataExt;
    assert_eq!(
        std::fs::metadata(house.path("store/j.last")).unwrap().uid(),
        NOBODY
    );
}
