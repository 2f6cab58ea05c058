//! Attempts to keep the checker from doing its work.

use std::fs;
use std::path::Path;

use house_tests::needs::Journey;

use crate::host::{STATE, STORE, findings, job, verdict};

crate::attempts! {
    nothing_that_is_no_file_blocks(host) {
        host.silent_backup();
        host.eve_can("cd $MINE && mkfifo a.last a.fail b.run c.skip && mkdir d.last && ln -s /dev/zero e.last && ln -s loop.last loop.last && ln -s /proc/self/mem f.last");
        host.eve_can("cd $MINE && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"s.last\")'");
        host.root("mknod $STORE/eve/dev.last c 1 5 && chown eve $STORE/eve/dev.last");
        let (code, record) = host.record();
        assert_eq!(code, 1);
        for (name, what) in [
            ("a", "a FIFO"),
            ("d", "a directory"),
            ("e", "a symbolic link"),
            ("loop", "a symbolic link"),
            ("f", "a symbolic link"),
            ("s", "a socket"),
            ("dev", "a device"),
        ] {
            let one = job(&record, "eve", name);
            assert_eq!(one["verdict"], "unreadable");
            assert!(one["reason"].as_str().unwrap().contains(what), "{one:#}");
        }
        host.assert_backup_is_told();
    }

    a_huge_file_is_not_read(host) {
        host.silent_backup();
        host.eve_can("truncate -s 1T $MINE/big.last; truncate -s 65537 $MINE/more.last; head -c 65536 /dev/zero | tr '\\0' '[' >$MINE/deep.last");
        host.eve_can("python3 -c 'print(\"{\\\"v\\\":1,\\\"job\\\":\" + \"[\" * 60000)' >$MINE/nested.last");
        let (_, record) = host.record();
        for (name, what) in [
            ("big", "is 1099511627776 bytes long; at most 65536 are read"),
            ("more", "is 65537 bytes long"),
            ("deep", "it is neither a JSON object nor a time"),
            ("nested", "is not readable"),
        ] {
            let one = job(&record, "eve", name);
            assert!(one["reason"].as_str().unwrap().contains(what), "{one:#}");
        }
        host.assert_backup_is_told();
    }

    a_deep_folder_is_not_entered(host) {
        host.silent_backup();
        host.eve_can("python3 -c '
import os
os.chdir(os.environ[\"MINE\"])
for _ in range(3000):
    os.mkdir(\"d\")
    os.chdir(\"d\")
    open(\"x.last\", \"w\").close()
'");
        let (code, record) = host.record();
        assert_eq!((code, record["jobs"].as_array().unwrap().len()), (1, 1));
        host.assert_backup_is_told();
    }

    many_files_are_read_and_root_is_told_all_the_same(host) {
        host.silent_backup();
        let count = files();
        host.eve_can(&format!("python3 -c '
import os
os.chdir(os.environ[\"MINE\"])
open(\"x\", \"w\").write(\"1700000000\")
for n in range({count}):
    os.link(\"x\", \"j%d.last\" % n)
'"));
        let ran = host.pass(&[]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        host.assert_backup_is_told();
        let flood = host.issues("open");
        assert_eq!(flood.len(), 2, "one for all of hers");
        let longest = flood.iter().map(String::len).max();
        assert!(longest < Some(64 * 1024), "{longest:?}");
        // The report lists so many and counts the rest.
        let report = host.report("markdown");
        assert!(report.contains("db_backup") && report.len() < 512 * 1024, "{}", report.len());
    }

    a_flood_of_failures_with_long_outputs_stays_small(host) {
        host.silent_backup();
        host.eve_can("python3 -c '
import os, json
os.chdir(os.environ[\"MINE\"])
for n in range(2000):
    beat = dict(v=1, job=\"j%d\" % n, timestamp=\"2026-01-01T00:00:00Z\", interval_seconds=60, exit_code=3,
        reason=\"r\" * 9000, output_tail=\"t\" * 40000, command=\"c\" * 9000)
    open(\"j%d.fail\" % n, \"w\").write(json.dumps(beat))
'");
        assert_eq!(host.pass(&[]).code, 1);
        host.assert_backup_is_told();
        // What is kept of each is what the contract allows, not what she wrote.
        let record = fs::metadata(Path::new(STATE).join("last-pass.json")).unwrap().len();
        assert!(record < 2000 * 10 * 1024, "{record}");
    }

    no_lock_can_be_held_against_the_checker(host) {
        host.silent_backup();
        host.root("beat good --every 1d --overlap skip -- true; chmod 644 $STORE/*.last");
        host.pass(&[]);
        fs::remove_dir_all(Path::new(STATE).join("issues")).unwrap();
        // The checker made these; the first of them was open to all in older versions.
        host.root("touch /var/lib/beat-check/lock && chmod 644 /var/lib/beat-check/lock");
        host.pass(&[]);
        for lock in ["$STORE/.good.lock", "/var/lib/beat-check/lock", "/var/lib/beat-check/issues/lock"] {
            host.root(&format!("test -e {lock}"));
            host.eve_cannot(&format!("flock -n {lock} true"));
        }
        // Beats can be locked, by whoever may read them; nobody asks for such locks.
        let _held = host.eve_goes_on("for beat in $STORE/*.last $MINE/*.last; do flock $beat sleep 600 & done; wait");
        host.root("beat good --every 1d --overlap skip -- true");
        assert_eq!(host.pass(&[]).code, 1);
        host.assert_backup_is_told();
    }

    a_place_that_is_closed_is_said_and_hides_nobody_else(host) {
        host.silent_backup();
        host.beat("eve", "mine", 7 * 86_400, 86_400);
        host.pass(&[]);
        assert_eq!(host.issues("open").len(), 2);
        host.eve_can("chmod 000 $MINE");
        let (code, record) = host.record();
        assert_eq!(code, 3);
        let told = format!("{STORE}/eve cannot be opened: permission denied; beats in it are not seen");
        assert_eq!(findings(&record), [told]);
        // Root's is told; hers is neither closed nor called gone.
        host.assert_backup_is_told();
        assert_eq!((host.issues("open").len(), host.issues("closed").len()), (2, 0));
        assert!(!host.issues("open").concat().contains("gone"));
    }

    a_place_that_all_may_write_is_a_finding(host) {
        host.eve_can("chmod 777 $MINE");
        host.root("touch $STORE/app/x.last");
        host.app("touch $STORE/eve/theirs.last");
        let (code, record) = host.record();
        assert_eq!(code, 1);
        let told = findings(&record).concat();
        assert!(told.contains("/eve can be written by everybody, so anybody can forge or remove a beat; chmod o-w"), "{told}");
        assert_eq!(job(&record, "eve", "theirs")["reason"], "its .last file belongs to app, but its place in the store is eve's");
    }

    /// A file system that a program of hers serves, and that never answers: over her
    /// place, over a beat, behind a link. Root mounts it here as fusermount would.
    a_file_system_that_does_not_answer_is_not_asked(host) {
        host.silent_backup();
        host.beat("eve", "mine", 10, 86_400);
        let hang = |on: &str| {
            format!("exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode={},user_id=61001,group_id=61001,allow_other none {on}; exec sleep 600", if on.ends_with(".last") { "100000" } else { "40000" })
        };
        let fuse = Journey::quick("a file system that does not answer");
        let fuse = fuse.file(Path::new("/dev/fuse"), "this kernel has no FUSE");
        if !fuse.ready() {
            return;
        }
        host.eve_can("mkdir /srv/eve/hang; touch /srv/eve/hang.last; ln -s /srv/eve/hang $MINE/link; ln -s /srv/eve/hang $MINE/link.last");
        for on in ["/srv/eve/hang", "/var/lib/heartbeats/eve/mine.last", "/var/lib/heartbeats/eve"] {
            let _held = host.root_goes_on(&hang(on));
            host.await_mount(on);
            let ran = host.pass(&["--all", "--format", "json"]);
            let record: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
            match on {
                "/srv/eve/hang" => assert_eq!(verdict(&record, "eve", "mine"), "fresh"),
                "/var/lib/heartbeats/eve" => {
                    assert_eq!(ran.code, 3);
                    let told = "is a file system that a program serves, which may not answer; beats in it are not seen";
                    assert!(findings(&record).concat().contains(told), "{record:#}");
                }
                _ => assert_eq!(job(&record, "eve", "mine")["reason"], "its .last file is a mount point, not a regular file"),
            }
            assert!(host.report("json").contains("db_backup"));
            host.root(&format!("umount -l {on}"));
        }
        host.assert_backup_is_told();
    }

    a_full_disk_hides_no_silence(host) {
        host.root("mount -t tmpfs -o size=300k,nr_inodes=60,mode=755 none $STORE && install -d -o eve -g eve $STORE/eve && install -d -o heartbeat $STORE/heartbeat");
        host.beat("", "db_backup", 7 * 86_400, 86_400);
        host.beat("", "good", 10, 86_400);
        host.eve("cd $MINE; for n in $(seq 100); do : >f$n; done; head -c 1M /dev/zero >big");
        // Root's job runs, and is none the worse for it; its beat says that it cannot be left.
        let ran = host.root_tries("beat db_backup --every 1d -- touch /srv/ran");
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(ran.err.contains("cannot write heartbeat"), "{}", ran.err);
        assert!(Path::new("/srv/ran").exists());
        let (code, record) = host.record();
        assert_eq!(verdict(&record, "root", "db_backup"), "silent");
        assert_eq!(verdict(&record, "root", "good"), "fresh");
        host.assert_backup_is_told();
        // The checker cannot leave its own beat there: that fails the pass, aloud.
        assert!(code == 4 || record["problems"].to_string().contains("own beat"), "{code} {record:#}");
    }

    the_state_folder_is_closed_to_others(host) {
        host.silent_backup();
        host.pass(&[]);
        for attempt in [
            "echo >/var/lib/beat-check/notes.json",
            "echo >/var/lib/beat-check/last-pass.json",
            "rm -f /var/lib/beat-check/notes.json",
            "touch /var/lib/beat-check/issues/open/0002-x.md",
            "mv /var/lib/beat-check/issues /var/lib/beat-check/i",
            "ln -s /etc/passwd /var/lib/beat-check/night-watch.md",
            "touch $STORE/heartbeat/beat-check.last",
            "rm -f $STORE/heartbeat/beat-check.last",
            "echo >/etc/heartbeat/config.toml",
            "touch /etc/heartbeat/jobs.d/x.toml",
        ] {
            host.eve_cannot(attempt);
        }
        // Her own beat of that name is a job like others, and proves nothing of the checker.
        host.eve_can("beat beat-check --every 15m");
        let (_, record) = host.record();
        assert_eq!(verdict(&record, "eve", "beat-check"), "fresh");
    }
}

/// How many files she makes: a million where `HOSTILE_FILES` says so.
fn files() -> usize {
    let asked = std::env::var("HOSTILE_FILES").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(50_000)
}
