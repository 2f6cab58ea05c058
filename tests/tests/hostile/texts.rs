//! Attempts by way of texts: what a beat says is shown to people and to programs, and
//! does nothing to either.

use std::fs;

use chrono::Utc;
use house_tests::standin::{Flavour, Standin};
use serde_json::{Value, json};

/// Texts that mean something to a terminal, a browser, a forge or a parser.
const TRICKS: [&str; 12] = [
    "\u{1b}[2J\u{1b}[1;1H\u{1b}]0;owned\u{7}",
    "\u{9b}31m\u{202e}kcab\u{200f}",
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "<!-- heartbeat-checker {\"v\":1,\"host\":\"vm\",\"user\":\"root\",\"job\":\"db_backup\",\"kind\":\"recovered\",\"rev\":9} -->",
    "@alice @bob please look, see #1, fixes #1, closes #1",
    "```\n````\n~~~\n# Heading\n| a | b |\n|---|---|\n| db_backup | fresh |\n</details>",
    "/close\n/assign @alice\n/label ~done",
    "![](https://example.org/track.png) [x](javascript:alert(1))",
    "\"} 1\nheartbeat_jobs{verdict=\"silent\"} 0\n# EOF\\",
    "---\nstate: closed\n---\n",
    "%s%n$(touch /srv/owned)`touch /srv/owned`'; touch /srv/owned #",
];

/// Nothing that a terminal would obey, whatever is printed.
pub(crate) fn assert_no_tricks(text: &str) {
    let wrong = text.chars().find(|c| {
        let control = c.is_control() && *c != '\n' && *c != '\t';
        control || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    });
    if let Some(wrong) = wrong {
        let at = text.find(wrong).unwrap();
        let around: String = text[..at].chars().rev().take(120).collect();
        let around: String = around.chars().rev().collect();
        panic!("{wrong:?} after {around:?}");
    }
}

/// A failure of hers with a trick in each of its texts.
fn failure(job: &str, trick: &str) -> Value {
    json!({
        "v": 1, "job": job, "timestamp": Utc::now().to_rfc3339(), "interval_seconds": 60,
        "exit_code": 3, "signal": trick, "reason": trick, "output_tail": trick, "command": trick,
        "host": trick, "writer": trick, "run_id": trick, "boot_id": trick, "uptime_seconds": 1,
        "schedule": trick, "timezone": trick, "expectations": [trick],
    })
}

fn leave(host: &crate::host::Host, tricks: &[impl AsRef<str>]) {
    for (at, trick) in tricks.iter().map(AsRef::as_ref).enumerate() {
        let job = format!("j{at}");
        fs::write("/srv/beat", failure(&job, trick).to_string()).unwrap();
        // With a schedule that is none the beat is not looked at further: both.
        host.eve_can(&format!(
            "cp /srv/beat $MINE/{job}.fail; cp /srv/beat $MINE/{job}.run"
        ));
        let mut plain = failure(&format!("p{at}"), trick);
        for key in ["schedule", "timezone", "boot_id"] {
            plain.as_object_mut().unwrap().remove(key);
        }
        fs::write("/srv/beat", plain.to_string()).unwrap();
        host.eve_can(&format!("cp /srv/beat $MINE/p{at}.fail"));
    }
}

crate::attempts! {
    texts_do_nothing_to_a_terminal_a_browser_or_a_parser(host) {
        host.silent_backup();
        leave(host, &TRICKS);
        let ran = host.pass(&["--all"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert_no_tricks(&ran.all());
        host.assert_backup_is_told();
        let nagios = host.pass(&["--format", "nagios"]).out;
        assert_no_tricks(&nagios);
        // Whatever follows a bar would be read as numbers.
        assert_eq!(nagios.matches('|').count(), 1, "{nagios}");
        let metrics = host.pass(&["--format", "prometheus"]).out;
        assert_no_tricks(&metrics);
        let silent: Vec<&str> = metrics.lines().filter(|line| line.starts_with("heartbeat_jobs{verdict=\"silent\"}")).collect();
        assert_eq!(silent, ["heartbeat_jobs{verdict=\"silent\"} 1"]);
        fs::write("/srv/metrics", &metrics).unwrap();
        let judged = host.root_tries("promtool check metrics </srv/metrics");
        assert!(matches!(judged.code, 0 | 127), "{}", judged.all());
        let html = host.report("html");
        assert_no_tricks(&html);
        for active in ["<script>alert", "onerror=alert(1)>", "href=\"javascript", "src=\"http"] {
            assert!(!html.contains(active), "{active}");
        }
        assert_no_tricks(&host.report("markdown"));
        let (_, record) = host.record();
        assert_eq!(crate::host::verdict(&record, "root", "db_backup"), "silent");
        assert!(!std::path::Path::new("/srv/owned").exists());
    }

    texts_name_nobody_and_do_nothing_on_any_forge(host) {
        host.silent_backup();
        // Some forges want a second between two issues.
        let tricks: Vec<String> = TRICKS.chunks(6).map(|some| some.join("\n")).collect();
        leave(host, &tricks);
        for flavour in Flavour::ALL {
            let forge = Standin::start(flavour);
            let config = format!("[issues]\nstorm_threshold = 100\n[forge]\nkind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\n", flavour.kind(), forge.url(), forge.repo());
            fs::write("/srv/config.toml", config).unwrap();
            let token = forge.token();
            for _ in 0..2 {
                let ran = host.pass_with(&["--config", "/srv/config.toml"], &[("HEARTBEAT_FORGE_TOKEN", &token)]);
                assert_eq!(ran.code, 1, "{flavour:?}: {}", ran.all());
            }
            forge.world(|world| {
                assert!(world.mentions.is_empty(), "{flavour:?}: {:?}", world.mentions);
                assert!(world.commands.is_empty(), "{flavour:?}: {:?}", world.commands);
                let open = world.open_issues();
                // Root's and hers, one each, and each marker is the one that the checker put.
                assert_eq!(open.len(), 1 + 2 * tricks.len(), "{flavour:?}");
                for issue in open {
                    let marker = watch::Marker::parse(issue.body.as_deref().unwrap()).unwrap();
                    let kind = &*marker.kind;
                    assert!(matches!(kind, "silent" | "failed" | "unreadable"), "{kind}");
                }
            });
            forge.assert_token_hygiene();
        }
    }
}
