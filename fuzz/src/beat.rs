//! Beats: the four files of a job. What is read can be written and reads back as it
//! was; what is written reads back as it was meant; and no words about a beat that
//! cannot be read quote what is in it.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use heartbeat::{
    Beat, BootId, BootStamp, Details, FileKind, Interval, JobName, NewBeat, UnreadableKind, parse,
};
use libfuzzer_sys::arbitrary::Unstructured;

use crate::{between, pick, text};

const KINDS: [FileKind; 4] = [
    FileKind::Last,
    FileKind::Fail,
    FileKind::Run,
    FileKind::Skip,
];

/// All that can be said about a beat's content, figures left out.
const WORDS: [&str; 17] = [
    "it has no format version (\"v\":)",
    "format version  does not exist",
    "it has no \"job\"",
    "it has no \"timestamp\"",
    "it is not UTF- text",
    "it is empty and has no modification time",
    "it is neither a JSON object nor a time (seconds since  or RFC )",
    "it is cut off (line , column )",
    "it is not valid JSON (line , column )",
    "a key stands there twice (line , column )",
    "a key has a value of the wrong kind (line , column )",
    "a time is not RFC  (line , column )",
    "a time is out of range (line , column )",
    "\"interval_seconds\": an interval of  says nothing; the shortest is s",
    "\"interval_seconds\": the longest interval is d",
    "\"interval_seconds\": an interval cannot be negative",
    "\"interval_seconds\": an interval is whole seconds; the shortest is s",
];

/// Reads the bytes as a beat, and makes a beat of them.
pub fn run(data: &[u8]) {
    read(data);
    let mut bytes = Unstructured::new(data);
    write(&mut bytes);
}

fn job() -> JobName {
    JobName::new("job").unwrap()
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 123_000_000).unwrap()
}

fn read(data: &[u8]) {
    let beat = parse(data, "job", Some(moment()));
    assert_eq!(beat, parse(data, "job", Some(moment())));
    match beat {
        Ok(beat) => again(&beat),
        Err(UnreadableKind::Content(why)) => {
            let plain = why.replace(|c: char| c.is_ascii_digit(), "");
            assert!(WORDS.contains(&&*plain), "{why}");
        }
        Err(UnreadableKind::Newer(version)) => assert!(version > heartbeat::FORMAT_VERSION),
        Err(UnreadableKind::WrongJob(name)) => {
            assert!(&*name != "job" && name.chars().count() <= 100);
        }
        Err(other) => panic!("no content can be {other}"),
    }
}

/// A time as it is written: whole milliseconds, in years of four digits.
fn written(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let told = (0..=9_999).contains(&time.year());
    told.then(|| DateTime::from_timestamp_millis(time.timestamp_millis()))?
}

/// What a beat says survives being written by us, whichever file it is written to.
fn again(beat: &Beat) {
    let details = beat.details.as_deref().cloned().unwrap_or_default();
    let Some(timestamp) = written(beat.timestamp) else {
        return;
    };
    let started = details.started.and_then(written);
    let expectations: Vec<&str> = details.expectations.iter().map(|one| &**one).collect();
    let exit_code = details.exit_code.and_then(|code| i32::try_from(code).ok());
    let pid = details.pid.and_then(|pid| u32::try_from(pid).ok());
    let job = job();
    let new = NewBeat {
        interval: beat.interval,
        schedule: details.schedule.as_deref(),
        timezone: details.timezone.as_deref(),
        boot: beat.boot,
        started,
        duration: details.duration,
        exit_code,
        signal: details.signal.as_deref(),
        reason: details.reason.as_deref(),
        expectations: &expectations,
        pid,
        run_id: details.run_id.as_deref(),
        timeout: details.timeout,
        pulse: details.pulse,
        command: details.command.as_deref(),
        output_bytes: details.output_bytes,
        output_tail: details.output_tail.as_deref(),
        ..NewBeat::new(FileKind::Last, &job, timestamp)
    };
    let meant = Beat {
        timestamp,
        interval: beat.interval,
        boot: beat.boot,
        details: Some(Box::new(Details {
            started,
            exit_code: exit_code.map(i64::from),
            pid: pid.map(u64::from),
            ..details.clone()
        })),
    };
    for kind in KINDS {
        let line = NewBeat { kind, ..new }.to_line();
        reads_as(&line, &meant);
    }
}

fn reads_as(line: &str, meant: &Beat) {
    assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
    let read = parse(line.as_bytes(), "job", None).unwrap_or_else(|why| panic!("{why}: {line}"));
    let plain = |beat: &Beat| beat.details.as_deref().cloned().unwrap_or_default();
    assert_eq!(plain(&read), plain(meant), "{line}");
    assert_eq!(
        (read.timestamp, read.interval, read.boot),
        (meant.timestamp, meant.interval, meant.boot),
        "{line}"
    );
    // Any other program reads it too, and no part of it as another.
    let json: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(json["job"], "job");
    // A part of it is no beat: a write that was cut off is no sign of life.
    let half = &line.as_bytes()[..line.len() / 2];
    assert!(parse(half, "job", None).is_err(), "{line}");
}

/// A beat out of the bytes, as the writer would make it.
fn write(bytes: &mut Unstructured<'_>) {
    let some = |bytes: &mut Unstructured<'_>| bytes.ratio(1, 2).unwrap_or(false);
    let mut texts: Vec<Option<String>> = Vec::new();
    for _ in 0..8 {
        let there = some(bytes);
        texts.push(there.then(|| text(bytes)));
    }
    let mut spans: Vec<Option<Duration>> = Vec::new();
    for _ in 0..4 {
        let millis = between(bytes, 0, 9_000_000_000_000) as u64;
        spans.push(some(bytes).then(|| Duration::from_millis(millis)));
    }
    let kind = pick(bytes, &KINDS);
    let millis = between(bytes, -62_000_000_000_000, 250_000_000_000_000);
    let timestamp = DateTime::from_timestamp_millis(millis).unwrap();
    let seconds = between(bytes, 1, 34_560_000) as u64;
    let interval = some(bytes).then(|| Interval::from_seconds(seconds).unwrap());
    let boot = some(bytes)
        .then(|| BootId::parse("0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718"))
        .flatten();
    let boot = boot
        .zip(spans[3])
        .map(|(id, uptime)| BootStamp { id, uptime });
    let started = some(bytes).then(|| timestamp - TimeDelta::milliseconds(7));
    let host = text(bytes);
    let list = [text(bytes), text(bytes)];
    let expectations: Vec<&str> = list.iter().map(String::as_str).collect();
    let job = job();
    let line = |n: usize| texts[n].as_deref();
    let new = NewBeat {
        interval,
        schedule: line(0),
        timezone: line(1),
        host: Some(&host),
        boot,
        started,
        duration: spans[0],
        exit_code: some(bytes).then(|| between(bytes, i32::MIN.into(), i32::MAX.into()) as i32),
        signal: line(2),
        reason: line(3),
        expectations: if some(bytes) { &expectations } else { &[] },
        pid: some(bytes).then(|| between(bytes, 0, u32::MAX.into()) as u32),
        run_id: line(4),
        timeout: spans[1],
        pulse: spans[2],
        command: line(5),
        output_bytes: some(bytes).then(|| between(bytes, 0, i64::MAX) as u64),
        writer: line(6),
        output_tail: line(7),
        ..NewBeat::new(kind, &job, timestamp)
    };
    let boxed = |text: Option<&str>| text.map(Into::into);
    let meant = Beat {
        timestamp,
        interval,
        boot,
        details: Some(Box::new(Details {
            schedule: boxed(new.schedule),
            timezone: boxed(new.timezone),
            started,
            duration: new.duration,
            exit_code: new.exit_code.map(i64::from),
            signal: boxed(new.signal),
            reason: boxed(new.reason),
            output_tail: boxed(new.output_tail),
            output_bytes: new.output_bytes,
            pid: new.pid.map(u64::from),
            timeout: new.timeout,
            pulse: new.pulse,
            run_id: boxed(new.run_id),
            expectations: new.expectations.iter().map(|one| (*one).into()).collect(),
            command: boxed(new.command),
        })),
    };
    reads_as(&new.to_line(), &meant);
}
