//! Attempts to have the checker read what the attacker may not.

use std::fs;

use crate::host::{SECRET, findings, job};

crate::attempts! {
    a_link_to_a_secret_is_not_followed(host) {
        host.silent_backup();
        // Root's, the checker's own, and what the checker may read and she may not.
        host.root("install -m 0640 -g heartbeat /srv/secret /srv/forge-token; install -m 0600 -o heartbeat /srv/secret /var/lib/beat-check/own");
        for (at, target) in ["/srv/secret", "/etc/shadow", "/srv/forge-token", "/var/lib/beat-check/own", "/proc/self/environ", "/proc/self/fd/3"].iter().enumerate() {
            host.eve_cannot(&format!("cat {target} && test {target} != /proc/self/environ && test -e {target}"));
            for kind in ["last", "fail", "run", "skip"] {
                host.eve_can(&format!("ln -s {target} $MINE/peek{at}.{kind}"));
            }
        }
        host.eve_can("ln -s /srv $MINE/folder; ln -s /etc $MINE/etc.last");
        let all = host.all_outputs();
        assert!(all.contains("is a symbolic link, not a regular file"), "{all}");
        assert!(!all.contains(SECRET), "{all}");
        let shadow = fs::read_to_string("/etc/shadow").unwrap_or_default();
        for line in shadow.lines().filter(|line| line.len() > 20) {
            assert!(!all.contains(line), "a line of /etc/shadow");
        }
        host.assert_backup_is_told();
    }

    a_hard_link_to_a_secret_is_not_read(host) {
        host.silent_backup();
        // As on a kernel without protected_hardlinks: root makes it for her.
        host.eve("ln /srv/secret $MINE/peek.last");
        host.root("cp /srv/secret $STORE/secret && chgrp heartbeat $STORE/secret && chmod 640 $STORE/secret && ln $STORE/secret $STORE/eve/peek.last && ln $STORE/secret $STORE/eve/peek.fail");
        let (_, record) = host.record();
        let reason = &job(&record, "eve", "peek")["reason"];
        assert!(reason.as_str().unwrap().contains("belongs to root, but its place in the store is eve's"), "{reason}");
        assert!(!host.all_outputs().contains(SECRET));
    }

    a_place_behind_a_link_is_not_entered(host) {
        host.silent_backup();
        host.root("install -d -o eve -g eve /srv/elsewhere && ln -s /srv/elsewhere $STORE/mail && ln -s /root $STORE/backup");
        host.eve_can("beat x --every 1d --dir /srv/elsewhere");
        let (code, record) = host.record();
        assert_eq!(code, 3, "aloud: beats may lie there");
        assert!(findings(&record).concat().contains("/mail is a symbolic link to a directory; links are not followed, beats in it are not seen"));
        assert_eq!(record["jobs"].as_array().unwrap().len(), 1);
        host.assert_backup_is_told();
    }

    messages_do_not_repeat_what_a_file_says(host) {
        host.silent_backup();
        // Hers to write, and still: an unreadable beat may be somebody's secret.
        for (name, text) in [
            ("a", "s3cret-of-root"),
            ("b", "{\"v\":1,\"job\":\"b\",\"timestamp\":\"s3cret-of-root\"}"),
            ("c", "{\"v\":1,\"s3cret-of-root\":1}"),
            ("d", "{\"v\":1,\"job\":\"d\",\"timestamp\":1,\"interval_seconds\":\"s3cret-of-root\"}"),
        ] {
            fs::write("/srv/text", text).unwrap();
            host.eve_can(&format!("cp /srv/text $MINE/{name}.last"));
        }
        let all = host.all_outputs();
        assert!(!all.contains(SECRET), "{all}");
    }

    the_token_of_the_forge_is_nobody_elses(host) {
        host.silent_backup();
        host.root("install -d -m 0755 /etc/credstore && (umask 077; echo s3cret-of-root >/etc/credstore/heartbeat.forge-token)");
        host.eve_cannot("cat /etc/credstore/heartbeat.forge-token");
        // Nor does it show in the arguments or the surroundings of a running checker.
        let forge = house_tests::standin::Standin::start(house_tests::standin::Flavour::Forgejo);
        let token = forge.token();
        fs::write("/srv/config.toml", format!("[forge]\nkind = \"gitea\"\nurl = \"{}\"\nrepo = \"{}\"\n", forge.url(), forge.repo())).unwrap();
        let _watching = host.eve_goes_on("while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; done >/srv/eve/seen 2>/dev/null");
        for _ in 0..10 {
            let ran = host.pass_with(&["--config", "/srv/config.toml"], &[("HEARTBEAT_FORGE_TOKEN", &token)]);
            assert_eq!(ran.code, 1, "{}", ran.all());
            assert!(!ran.all().contains(&token));
        }
        let seen = fs::read("/srv/eve/seen").unwrap();
        assert!(String::from_utf8_lossy(&seen).contains("beat-check"), "she looked too late");
        assert!(!String::from_utf8_lossy(&seen).contains(&token));
        assert!(!host.all_outputs().contains(&token));
        forge.assert_token_hygiene();
    }
}
