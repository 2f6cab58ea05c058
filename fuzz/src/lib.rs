//! What the fuzz targets do with their bytes. Each module reads one thing that other
//! people write, by the code that the programs use, and says what must hold besides
//! that nothing panics. It decides nothing about where bytes come from.
#![forbid(unsafe_code)]

pub mod answers;
pub mod beat;
pub mod config;
pub mod crontab;
pub mod durations;
pub mod manifest;
pub mod markers;
pub mod schedules;

use libfuzzer_sys::arbitrary::Unstructured;

/// One of a few.
fn pick<T: Copy>(bytes: &mut Unstructured<'_>, of: &[T]) -> T {
    let at = bytes.int_in_range(0..=of.len() - 1).unwrap_or(0);
    of[at]
}

/// A whole number between two.
fn between(bytes: &mut Unstructured<'_>, low: i64, high: i64) -> i64 {
    bytes.int_in_range(low..=high).unwrap_or(low)
}

/// A text of any length.
fn text(bytes: &mut Unstructured<'_>) -> String {
    bytes.arbitrary().unwrap_or_default()
}

/// Whether a text is fit for one line of a terminal or of an issue.
fn is_one_line(text: &str) -> bool {
    !text.contains(char::is_control)
}
