//! Markers: what the checker finds in the body of an issue, which anybody may have
//! written. A marker reads back as it is written, no text ends it early, and what
//! people wrote around the checker's part stays.

use chrono::{DateTime, Datelike};
use libfuzzer_sys::arbitrary::Unstructured;
use watch::{Marker, Scope, splice};

use crate::{between, pick, text};

const START: &str = "<!-- heartbeat-checker ";
const END: &str = "<!-- /heartbeat-checker -->";

/// Reads the bytes as a body, and makes a marker of them.
pub fn run(data: &[u8]) {
    if let Ok(body) = std::str::from_utf8(data) {
        if let Some(marker) = Marker::parse(body) {
            reads_back(&marker);
        }
        put_into(
            body,
            &made(&mut Unstructured::new(&data[..data.len() / 2])),
            body,
        );
    }
    let mut bytes = Unstructured::new(data);
    let marker = made(&mut bytes);
    reads_back(&marker);
    let (body, said) = (text(&mut bytes), text(&mut bytes));
    put_into(&body, &marker, &said);
    put_into(&format!("{START}{body}"), &marker, &said);
    put_into(&format!("{START}{body}{END}{said}"), &marker, &said);
    // As the checker left it, and a person wrote below.
    let before = marker.next("late").block(&said);
    let spliced = splice(&format!("{before}{body}"), &marker.block("new"));
    assert_eq!(spliced, format!("{}{body}", marker.block("new")));
}

/// A marker out of the bytes.
fn made(bytes: &mut Unstructured<'_>) -> Marker {
    let seconds = between(bytes, -70_000_000_000, 300_000_000_000);
    let millis = between(bytes, 0, 999) as u32;
    let scope = match between(bytes, 0, 2) {
        0 => Scope::Job {
            user: text(bytes),
            job: text(bytes),
        },
        1 => Scope::Storm { members: None },
        _ => Scope::Storm {
            members: Some(vec![text(bytes), text(bytes)]),
        },
    };
    Marker {
        host: text(bytes),
        scope,
        kind: text(bytes),
        since: pick(bytes, &[true, false])
            .then(|| DateTime::from_timestamp(seconds, millis * 1_000_000))
            .flatten(),
        rev: between(bytes, 0, u32::MAX.into()) as u32,
        under: pick(bytes, &[true, false]).then(|| text(bytes)),
    }
}

fn reads_back(marker: &Marker) {
    let line = marker.to_line();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.matches("<!--").count() == 1 && line.matches("-->").count() == 1);
    assert!(!line.contains("--!>") && line.ends_with(" -->"), "{line}");
    let read = Marker::parse(&line).expect("it was just written");
    let mut meant = marker.clone();
    // Milliseconds are written, of years with four digits.
    meant.since = meant
        .since
        .filter(|since| (0..=9_999).contains(&since.year()));
    meant.since = meant
        .since
        .and_then(|since| DateTime::from_timestamp_millis(since.timestamp_millis()));
    assert_eq!(read, meant, "{line}");
    // Forges turn the ends of lines, and put a mark at the front.
    for odd in [format!("{line}\r\nx"), format!("\u{feff}{line}")] {
        assert_eq!(Marker::parse(&odd), Some(meant.clone()));
    }
    let event = marker.event();
    assert!(event.matches("-->").count() == 1 && event.lines().count() == 1);
    assert_eq!(marker.next("x").rev, marker.rev.saturating_add(1));
}

/// The checker's part, put into a body that anybody may have written.
fn put_into(body: &str, marker: &Marker, said: &str) {
    let block = marker.block(said);
    assert!(
        block.ends_with(END) && block.matches(END).count() == 1,
        "{block}"
    );
    let spliced = splice(body, &block);
    assert!(spliced.starts_with(&block), "{spliced}");
    assert_eq!(Marker::parse(&spliced), Marker::parse(&marker.to_line()));
    // A pass that comes again changes nothing more.
    assert_eq!(splice(&spliced, &block), spliced, "{body:?}");
    // What people wrote is there.
    if !body.trim_start_matches('\u{feff}').starts_with(START) {
        assert!(body.trim().is_empty() || spliced.ends_with(body));
    } else if let Some((_, behind)) = body.split_once(END) {
        assert!(spliced.ends_with(behind));
    } else if let Some((_, behind)) = body.split_once('\n') {
        assert!(spliced.ends_with(behind));
    }
}
