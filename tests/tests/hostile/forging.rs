//! Attempts to make a job look alive that is not.

use std::fs;
use std::path::Path;

use crate::host::{STATE, STORE, findings, job, verdict};

crate::attempts! {
    nobody_writes_into_roots_place(host) {
        host.silent_backup();
        for attempt in [
            "echo >$STORE/db_backup.last",
            "echo >>$STORE/db_backup.last",
            "touch $STORE/db_backup.last",
            "rm -f $STORE/db_backup.last",
            "chmod u+w,o+w $STORE/db_backup.last",
            "ln -sf /dev/null $STORE/db_backup.last",
            "mv $STORE/db_backup.last $MINE/",
            "touch $MINE/x && mv $MINE/x $STORE/new.last",
            "mkdir $STORE/root",
            "mkdir $STORE/mail",
            "mv $STORE/app $STORE/gone",
            "mv $MINE $STORE/root",
            "rmdir $STORE/app",
            "chmod o+w $STORE",
            "beat db_backup --every 1d --dir $STORE",
            "HEARTBEAT_DIR=$STORE beat db_backup --every 1d",
        ] {
            host.eve_cannot(attempt);
        }
        let (code, record) = host.record();
        assert_eq!((code, verdict(&record, "root", "db_backup")), (1, "silent"));
        assert_eq!(record["jobs"].as_array().unwrap().len(), 1, "{record:#}");
        host.assert_backup_is_told();
    }

    nobody_writes_into_another_users_place(host) {
        host.beat("app", "vacuum", 7 * 86_400, 86_400);
        for attempt in [
            "touch $STORE/app/vacuum.last",
            "rm -f $STORE/app/vacuum.last",
            "echo >$STORE/app/vacuum.last",
            "mkdir $STORE/app/x",
            "beat vacuum --every 1d --dir $STORE/app",
            "HEARTBEAT_DIR=$STORE/app beat vacuum --every 1d",
        ] {
            host.eve_cannot(attempt);
        }
        // A name in the environment opens no door: it is ownership that counts.
        host.eve_can("LOGNAME=app USER=app HOME=/srv/eve beat vacuum --every 1d");
        assert!(Path::new(STORE).join("eve/vacuum.last").exists());
        let (_, record) = host.record();
        assert_eq!(verdict(&record, "app", "vacuum"), "silent");
        assert_eq!(verdict(&record, "eve", "vacuum"), "fresh");
    }

    a_job_of_the_same_name_is_another_job(host) {
        host.silent_backup();
        host.eve_can("beat db_backup --every 1d && LOGNAME=root beat db_backup --every 1d");
        let (code, record) = host.record();
        assert_eq!((code, verdict(&record, "root", "db_backup")), (1, "silent"));
        assert_eq!(verdict(&record, "eve", "db_backup"), "fresh");
        assert!(host.pass(&["--all"]).out.contains("db_backup (eve)"));
        host.assert_backup_is_told();
        // Her success is no recovery of root's.
        host.pass(&[]);
        assert_eq!(host.issues("closed"), [""; 0]);
    }

    a_beat_of_another_user_than_the_expected_is_a_finding(host) {
        host.root("printf '[db_backup]\\nevery = \"1d\"\\n' >/etc/heartbeat/jobs.d/jobs.toml");
        host.eve_can("beat db_backup --every 1d");
        let told = "/etc/heartbeat/jobs.d/jobs.toml:1 expects db_backup of root, and eve leaves the beats of that name, which do not count: correct `user`, or let the job run as root";
        let (code, record) = host.record();
        assert_eq!((code, verdict(&record, "root", "db_backup")), (1, "waiting"));
        assert_eq!(findings(&record), [told]);
        let table = host.pass(&[]);
        assert!(table.out.contains(told), "{}", table.out);
        let nagios = host.pass(&["--format", "nagios"]);
        assert!(nagios.out.contains("expects db_backup of root, and eve"), "{}", nagios.out);
        let metrics = host.pass(&["--format", "prometheus"]).out;
        assert!(metrics.contains("\nheartbeat_check_findings 1\n"), "{metrics}");
        for format in ["markdown", "json", "html"] {
            let report = host.report(format);
            assert!(report.contains("and eve leaves the beats of that name"), "{report}");
        }
        // Once root's own is there, hers is just another job.
        host.root("beat db_backup --every 1d");
        let (code, record) = host.record();
        assert_eq!((code, findings(&record)), (0, vec![]), "{record:#}");
    }

    a_link_to_a_fresh_beat_is_no_life(host) {
        host.root("beat good --every 1d");
        host.beat("eve", "good", 7 * 86_400, 86_400);
        host.eve_can("ln -sf $STORE/good.last $MINE/good.last");
        let (_, record) = host.record();
        let own = job(&record, "eve", "good");
        assert_eq!(own["verdict"], "unreadable");
        assert_eq!(own["reason"], "its .last file is a symbolic link, not a regular file", "{own:#}");
    }

    a_hard_link_to_a_fresh_beat_is_no_life(host) {
        host.root("beat good --every 1d");
        // The kernel may refuse her; then root makes it, as an older kernel would have.
        host.eve("ln $STORE/good.last $MINE/good.last");
        host.root("ln -f $STORE/good.last $STORE/eve/good.last");
        let (_, record) = host.record();
        let own = job(&record, "eve", "good");
        assert_eq!(own["verdict"], "unreadable");
        assert_eq!(
            own["reason"],
            "its .last file belongs to root, but its place in the store is eve's"
        );
        // Root's own still counts.
        assert_eq!(verdict(&record, "root", "good"), "fresh");
    }

    a_place_that_is_another_users_is_a_finding(host) {
        host.silent_backup();
        host.root("install -d -o eve -g eve $STORE/mail; install -d -o eve $STORE/nosuchuser; install -d -o eve -g eve $STORE/root");
        host.eve_can("for to in mail nosuchuser root; do beat x --every 1d --dir $STORE/$to; done");
        let (code, record) = host.record();
        assert_eq!(code, 3, "beats in a place called root are not seen");
        let all = findings(&record).join("\n");
        for told in [
            "/mail belongs to eve, but is named after mail; its beats cannot be trusted",
            "/nosuchuser is named after a user that does not exist",
            "/root is named after root, whose beats lie in the store itself",
        ] {
            assert!(all.contains(told), "{all}");
        }
        assert_eq!(verdict(&record, "mail", "x"), "unreadable");
        host.assert_backup_is_told();
    }

    forged_times_touch_nobody_else(host) {
        host.silent_backup();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let ahead = crate::host::last("ahead", -400 * 86_400, 60);
        fs::write("/srv/ahead", ahead).unwrap();
        host.eve_can("cp /srv/ahead $MINE/ahead.last; touch -d 2100-01-01 $MINE/touched.last; touch -d 1901-01-01 $MINE/old.last");
        for (job, time, more) in [
            ("max", "9999-12-31T23:59:59Z", ""),
            ("min", "0000-01-01T00:00:00Z", ""),
            ("never_was", "2026-02-30T00:00:00Z", ""),
            ("boot", "2026-01-01T00:00:00Z", ",\"uptime_seconds\":1e15"),
            ("back", "2026-01-01T00:00:00Z", ",\"uptime_seconds\":-5"),
        ] {
            let line = format!(
                "{{\"v\":1,\"job\":\"{job}\",\"timestamp\":\"{time}\",\"interval_seconds\":60,\"boot_id\":\"{}\"{more}}}",
                boot.trim()
            );
            host.eve_can(&format!("printf '%s\\n' '{line}' >$MINE/{job}.last"));
        }
        let (code, record) = host.record();
        assert_eq!((code, verdict(&record, "root", "db_backup")), (1, "silent"));
        for (name, expected) in [
            ("ahead", "skewed"),
            ("touched", "skewed"),
            ("max", "skewed"),
            ("min", "silent"),
            ("never_was", "unreadable"),
        ] {
            assert_eq!(verdict(&record, "eve", name), expected, "{name}");
        }
        // A boot clock that says more than has passed vouches for nothing.
        for name in ["boot", "back"] {
            assert_ne!(verdict(&record, "eve", name), "fresh", "{name}");
        }
        host.assert_backup_is_told();
    }

    beats_from_the_future_do_not_stop_the_watch(host) {
        host.silent_backup();
        host.beat("app", "vacuum", 7 * 86_400, 86_400);
        // Before the checker has left a beat of its own that could vouch for the clock.
        host.eve_can("for n in $(seq 500); do printf '{\"v\":1,\"job\":\"j%s\",\"timestamp\":\"2099-01-01T00:00:00Z\",\"interval_seconds\":60}\\n' $n >$MINE/j$n.last; done");
        let (code, record) = host.record();
        assert_eq!(code, 1, "{:?}", record["problems"]);
        assert_eq!(verdict(&record, "app", "vacuum"), "silent");
        host.assert_backup_is_told();
    }

    a_run_that_names_another_process_is_ones_own_affair(host) {
        host.silent_backup();
        let now = crate::host::last("db_backup", 0, 86_400);
        let run = now.replace("}\n", ",\"pid\":1,\"run_id\":\"x\"}");
        host.eve_can(&format!("printf '%s\\n' '{run}' >$MINE/db_backup.run; for n in $(seq 300); do cp $MINE/db_backup.run $MINE/j$n.fail; cp $MINE/db_backup.run $MINE/j$n.skip; done"));
        let (code, record) = host.record();
        assert_eq!((code, verdict(&record, "root", "db_backup")), (1, "silent"));
        host.assert_backup_is_told();
        // Root's next run is not held up by it, nor by a lock that eve holds on her own.
        let _held = host.eve_goes_on("exec flock $MINE/.db_backup.lock sleep 600");
        host.root("beat db_backup --every 1d --overlap skip -- touch /srv/ran && test -e /srv/ran");
        assert_eq!(verdict(&host.record().1, "root", "db_backup"), "fresh");
    }

    the_programs_lend_nobody_any_rights(host) {
        for program in ["beat", "beat-check", "beat-report", "beat-adopt"] {
            let mode = host.root(&format!("stat -c %a /mnt/bin/{program}")).out;
            assert!(mode.trim().len() <= 3, "{program}: {mode}");
            let caps = host.root(&format!("getfattr -m - -d /mnt/bin/{program} 2>/dev/null || true")).out;
            assert!(!caps.contains("security.capability"), "{program}: {caps}");
        }
        // Her own pass goes to her own folder; the host's state is not hers.
        host.silent_backup();
        host.pass(&[]);
        let before = fs::read(Path::new(STATE).join("last-pass.json")).unwrap();
        host.eve_cannot("beat-check --state-dir /var/lib/beat-check");
        host.eve("STATE_DIRECTORY=/var/lib/beat-check HEARTBEAT_BOOT_ID=0 beat-check");
        host.eve("beat-check");
        assert_eq!(fs::read(Path::new(STATE).join("last-pass.json")).unwrap(), before);
        host.assert_backup_is_told();
    }
}
