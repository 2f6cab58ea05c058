//! Attempts to hide a silence that is there.

use std::fs;
use std::path::Path;

use crate::host::{STATE, STORE, findings, verdict};

crate::attempts! {
    a_flood_of_silences_takes_root_s_along_into_nothing(host) {
        host.pass(&[]);
        // In the very pass in which root's falls silent, hers do too.
        host.silent_backup();
        host.eve_can("for n in $(seq 3000); do printf '{\"v\":1,\"job\":\"j%s\",\"timestamp\":\"2001-01-01T00:00:00Z\",\"interval_seconds\":60}\\n' $n >$MINE/j$n.last; done");
        host.pass(&[]);
        host.assert_backup_is_told();
        assert_eq!(host.issues("open").len(), 2);
        // And later, under the umbrella that is too long to say whom it is about.
        host.beat("", "restore", 10, 86_400);
        host.root("beat restore --every 1d --fail 3");
        host.pass(&[]);
        let issues = host.issues("open");
        assert!(issues.iter().any(|text| text.contains("restore failed")), "{:?}", issues.len());
        assert_eq!(issues.len(), 3);
    }

    removing_ones_own_beat_is_no_recovery(host) {
        host.beat("eve", "mine", 7 * 86_400, 86_400);
        host.pass(&[]);
        host.eve_can("rm $MINE/mine.last");
        let told = host.pass(&[]);
        assert!(told.out.contains("told that the beats are gone in #1"), "{}", told.out);
        assert_eq!((host.issues("open").len(), host.issues("closed").len()), (1, 0));
        // Where it is expected, it is flagged as ever.
        host.root("printf '[mine]\\nuser = \"eve\"\\nevery = \"1d\"\\n' >/etc/heartbeat/jobs.d/jobs.toml");
        let (_, record) = host.record();
        assert_eq!(verdict(&record, "eve", "mine"), "waiting");
        assert_eq!(host.issues("open").len(), 1);
    }

    a_beat_that_changes_under_the_readers_hands_is_one_or_the_other(host) {
        host.silent_backup();
        host.beat("eve", "mine", 10, 86_400);
        fs::write("/srv/good", crate::host::last("mine", 10, 86_400)).unwrap();
        // A regular file, a link to a secret, a FIFO and nothing, as fast as she can.
        let _swapping = host.eve_goes_on("cd $MINE; mkfifo fifo; exec python3 -c '
import os, shutil
while True:
    os.symlink(\"/srv/secret\", \"l\"); os.rename(\"l\", \"mine.last\")
    os.link(\"fifo\", \"f\"); os.rename(\"f\", \"mine.last\")
    shutil.copy(\"/srv/good\", \"g\"); os.rename(\"g\", \"mine.last\")
    os.mkdir(\"d\"); os.unlink(\"mine.last\"); os.rename(\"d\", \"mine.last\"); os.rmdir(\"mine.last\")
'");
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..60 {
            let (code, record) = host.record();
            assert_eq!(code, 1);
            assert!(!record.to_string().contains(crate::host::SECRET));
            let jobs = record["jobs"].as_array().unwrap();
            if jobs.iter().any(|job| job["user"] == "eve") {
                seen.insert(verdict(&record, "eve", "mine").to_owned());
            }
            assert_eq!(verdict(&record, "root", "db_backup"), "silent");
        }
        assert!(seen.len() > 1, "only ever {seen:?}");
        host.assert_backup_is_told();
    }

    a_place_in_motion_hides_nobody_else(host) {
        host.silent_backup();
        host.beat("app", "vacuum", 10, 86_400);
        let _moving = host.eve_goes_on("cd $MINE; while :; do for n in 1 2 3 4 5 6 7 8; do : >a$n.last; chmod 0 .; chmod 755 .; mkdir -p x/$n; mv a$n.last b$n.last; rm -rf x; done; done");
        for _ in 0..30 {
            let (code, record) = host.record();
            assert!(matches!(code, 1 | 3), "{code}");
            assert_eq!(verdict(&record, "root", "db_backup"), "silent");
            assert_eq!(verdict(&record, "app", "vacuum"), "fresh");
        }
        host.assert_backup_is_told();
    }

    names_that_no_job_has_are_said_without_their_tricks(host) {
        host.silent_backup();
        host.eve_can("cd $MINE && python3 -c '
import os
for name in [\"a\\x1b[2J\\x1b[1;1H\", \"b\\n| `db_backup` | fresh |\", \"<script>alert(1)<script>\", \"@alice\", \"../x\".replace(\"/\", \"\\u2215\"), \"c\\u202edb_backup\", \"d\\r\\n\", \"e\\x00\".strip(\"\\x00\") + \"\\x7f\", \"-rf\", \"f\\x9b31m\"]:
    open(name + \".last\", \"w\").close()
open(b\"g\\xff\\xfe.last\", \"w\").close()
os.mkdir(\"h\\x1b[31m\")
for n in range(500):
    open(\"bad %d.last\" % n, \"w\").close()
'");
        let (code, record) = host.record();
        assert_eq!(code, 1);
        let told = findings(&record);
        assert_eq!(told.len(), 21, "some by name, the rest as a number");
        assert!(told.iter().any(|line| line.contains("eve holds 490 more that are not named after a job")), "{:#?}", told.last());
        let all = host.all_outputs();
        crate::texts::assert_no_tricks(&all);
        assert!(!host.report("html").contains("<script>alert"));
        host.assert_backup_is_told();
    }

    what_the_writer_leaves_beside_a_beat_is_no_beat(host) {
        host.silent_backup();
        // Temporary files, hidden ones, and a place called as the file system's own.
        host.eve_can("cd $MINE && touch .db_backup.last .heartbeat-x db_backup.lastt db_backup.LAST db_backup.last~ && mkdir lost+found");
        host.root("mkdir $STORE/lost+found && touch $STORE/lost+found/x.last");
        let (code, record) = host.record();
        assert_eq!((code, record["jobs"].as_array().unwrap().len()), (1, 1), "{record:#}");
        host.assert_backup_is_told();
    }

    the_record_cannot_be_replaced_on_its_way_to_the_report(host) {
        host.silent_backup();
        host.pass(&[]);
        host.eve_cannot("mv /var/lib/beat-check/last-pass.json /srv/eve/");
        // Her own record is read only where somebody names it.
        host.eve_can("mkdir -p /srv/eve/.local/state/beat-check && printf '{\"v\":1}' >/srv/eve/.local/state/beat-check/last-pass.json");
        let report = host.report("json");
        assert!(report.contains("db_backup") && report.contains("silent"), "{report}");
        assert!(Path::new(STATE).join("last-pass.json").exists());
        assert!(Path::new(STORE).exists());
    }
}
