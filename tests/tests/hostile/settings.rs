//! Attempts by way of settings: what is expected, the surroundings, crontabs, time zones.

use std::fs;

use crate::host::{findings, verdict};

crate::attempts! {
    settings_that_everybody_may_write_are_a_finding(host) {
        host.silent_backup();
        host.root("printf '[checker]\\n' >/etc/heartbeat/config.toml; printf '[db_backup]\\nevery = \"1d\"\\n' >/etc/heartbeat/jobs.d/jobs.toml");
        for path in ["/etc/heartbeat/config.toml", "/etc/heartbeat/jobs.d", "/etc/heartbeat/jobs.d/jobs.toml"] {
            let (_, record) = host.record();
            assert_eq!(findings(&record), [""; 0]);
            host.root(&format!("chmod o+w {path}"));
            let told = format!("{path} can be written by everybody, so anybody can say what is expected of a job; chmod o-w");
            let (code, record) = host.record();
            assert_eq!((code, findings(&record)), (1, vec![told.clone()]));
            assert!(host.pass(&[]).out.contains(&told));
            assert!(host.report("markdown").contains("can be written by everybody"));
            host.root(&format!("chmod o-w {path}"));
        }
        host.assert_backup_is_told();
    }

    the_environment_of_a_user_is_their_own(host) {
        host.silent_backup();
        host.eve_can("mkdir /srv/eve/store && HEARTBEAT_DIR=/srv/eve/store beat db_backup --every 1d");
        host.eve("HEARTBEAT_JOB=db_backup HEARTBEAT_RUN_ID=x HEARTBEAT_BOOT_ID=../../etc/shadow XDG_STATE_HOME=/var/lib beat db_backup --every 1d");
        let (_, record) = host.record();
        assert_eq!(verdict(&record, "root", "db_backup"), "silent");
        host.assert_backup_is_told();
    }

    a_time_zone_is_a_name_and_never_a_file(host) {
        host.silent_backup();
        for (name, zone) in [("a", "../../../srv/secret"), ("b", "/etc/shadow"), ("c", "Europe/Riga\\u001b[2J"), ("d", ":/srv/secret"), ("e", "Etc/GMT-14")] {
            let line = format!("{{\"v\":1,\"job\":\"{name}\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"interval_seconds\":60,\"schedule\":\"0 2 * * *\",\"timezone\":\"{zone}\"}}");
            fs::write("/srv/line", line).unwrap();
            host.eve_can(&format!("cp /srv/line $MINE/{name}.last"));
        }
        let all = host.all_outputs();
        assert!(!all.contains(crate::host::SECRET));
        crate::texts::assert_no_tricks(&all);
        host.assert_backup_is_told();
        // Nor does a zone that the checker itself is started with lead anywhere.
        let ran = host.pass_with(&["--format", "json"], &[("TZ", "/srv/secret"), ("TZDIR", "/srv/eve")]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(!ran.all().contains(crate::host::SECRET));
    }

    a_crontab_cannot_lead_the_adopter_astray(host) {
        // An image of a host: the spool is root's to read, and eve's text is in it.
        host.root("cd /srv && mkdir -p image/var/spool/cron/crontabs image/etc/cron.d image/usr/bin image/var/lib/heartbeats && cp /etc/passwd image/etc/ && cp /mnt/bin/beat image/usr/bin/");
        let mut text = String::from("* * * * * echo \x1b[2J\x1b]0;owned\x07 >/dev/null\n# Name: <script>alert(1)</script>\n* * * * * true\n* * * * * echo \u{202e}wor\u{2066}\n# Name: ../../../etc/passwd\n* * * * * cat /etc/shadow\nCRON_TZ=../../../srv/secret\n0 2 * * * backup @alice %% $(touch /srv/owned) `touch /srv/owned`\n");
        for n in 0..2_000 {
            text += &format!("{} * * * * job{n}\n", n % 60);
        }
        fs::write("/srv/image/var/spool/cron/crontabs/eve", text).unwrap();
        host.root("ln -s /srv/secret /srv/image/var/spool/cron/crontabs/app; mkfifo /srv/image/etc/cron.d/fifo; ln -s /srv/secret /srv/image/etc/cron.d/link; truncate -s 1T /srv/image/etc/cron.d/huge");
        host.root("chown eve:eve /srv/image/var/spool/cron/crontabs/eve; chmod 600 /srv/image/var/spool/cron/crontabs/eve");
        for more in ["", "--format json"] {
            let ran = host.root_tries(&format!("timeout 60 beat-adopt --root /srv/image {more}"));
            assert!(matches!(ran.code, 1..=3), "{}: {}", ran.code, ran.err);
            if more.is_empty() {
                crate::texts::assert_no_tricks(&ran.all());
            }
            assert!(!ran.all().contains('\u{1b}'));
            assert!(!ran.all().contains(crate::host::SECRET));
            assert!(ran.out.contains("job1999"), "{}", ran.all());
        }
        assert!(!std::path::Path::new("/srv/owned").exists());
        // One line that cron does not take, and cron takes none of the file: that is said.
        host.root("head -c 200000 /dev/zero | tr '\\0' x | sed 's/^/* * * * * /' >>/srv/image/var/spool/cron/crontabs/eve");
        let ran = host.root_tries("timeout 60 beat-adopt --root /srv/image");
        assert!(ran.out.contains("Cron ignores the whole file because of this line"), "{}", ran.all());
        // A plain user who adopts reaches only what is theirs.
        host.eve("beat-adopt --root /srv/image --apply job1 --yes");
        host.eve_cannot("test -w /srv/image/etc/cron.d");
    }
}
