//! What holds for any content and any beat.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::time::Duration;

use chrono::DateTime;
use common::line;
use heartbeat::{BootId, BootStamp, FileKind, Interval, NewBeat};
use heartbeat::{JobName, parse};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_content_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, "j", None);
    }

    #[test]
    fn no_object_panics(inner in "[\\PC\n]{0,200}") {
        let _ = parse(format!("{{{inner}}}").as_bytes(), "j", None);
    }

    /// One changed byte gives a beat or a fault, and a fault keeps the content to
    /// itself.
    #[test]
    fn no_damage_panics(at in 0usize..120, byte: u8) {
        let mut content = line("j").into_bytes();
        let at = at % content.len();
        content[at] = byte;
        let _ = parse(&content, "j", None);
    }

    #[test]
    fn what_is_written_reads_back(
        job in "[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
        millis in 0i64..4_102_444_800_000,
        seconds in 1u64..=34_560_000,
        host in ".{0,80}",
        boot_id in any::<[u8; 16]>(),
        uptime in 0u64..10_000_000_000,
        duration in 0u64..10_000_000_000,
        exit_code: i32,
        signal in ".{0,20}",
        pid: u32,
        text in ".{0,80}",
        tail in ".{0,4000}",
    ) {
        let name = JobName::new(&job).unwrap();
        let hex: String = boot_id.iter().map(|b| format!("{b:02x}")).collect();
        let id = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        let at = DateTime::from_timestamp_millis(millis).unwrap();
        let boot = BootStamp {
            id: BootId::parse(&id).unwrap(),
            uptime: Duration::from_millis(uptime),
        };
        let new = NewBeat {
            interval: Some(Interval::from_seconds(seconds).unwrap()),
            schedule: Some(&text),
            timezone: Some(&text),
            host: Some(&host),
            boot: Some(boot),
            started: Some(at),
            duration: Some(Duration::from_millis(duration)),
            exit_code: Some(exit_code),
            signal: Some(&signal),
            reason: Some("exit"),
            pid: Some(pid),
            writer: Some("beat"),
            expectations: &["output", &text],
            run_id: Some(&text),
            timeout: Some(Duration::from_millis(duration)),
            pulse: Some(Duration::from_millis(uptime)),
            command: Some(&text),
            output_bytes: Some(uptime),
            output_tail: Some(&tail),
            ..NewBeat::new(FileKind::Fail, &name, at)
        };
        let content = new.to_line();
        prop_assert_eq!(content.matches('\n').count(), 1);
        let beat = parse(content.as_bytes(), &job, None).unwrap();
        prop_assert_eq!(beat.timestamp, at);
        prop_assert_eq!(beat.interval, new.interval);
        prop_assert_eq!(beat.boot, Some(boot));
        let details = beat.details.unwrap();
        prop_assert_eq!(details.started, Some(at));
        prop_assert_eq!(details.duration, new.duration);
        prop_assert_eq!(details.exit_code, Some(exit_code.into()));
        prop_assert_eq!(details.signal.as_deref(), Some(&*signal));
        prop_assert_eq!(details.reason.as_deref(), Some("exit"));
        prop_assert_eq!(details.pid, Some(pid.into()));
        prop_assert_eq!(details.expectations, [Box::from("output"), Box::from(&*text)]);
        prop_assert_eq!(details.timeout, new.timeout);
        prop_assert_eq!(details.pulse, new.pulse);
        prop_assert_eq!(details.output_bytes, new.output_bytes);
        prop_assert_eq!(details.output_tail.as_deref(), Some(&*tail));
        for told in [&details.schedule, &details.timezone, &details.run_id, &details.command] {
            prop_assert_eq!(told.as_deref(), Some(&*text));
        }
    }
}
