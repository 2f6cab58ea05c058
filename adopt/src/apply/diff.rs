//! Differences between two texts, as `diff -u` shows them.

use std::fmt::Write as _;
use std::path::Path;

use watch::words::is_odd;

use super::Edit;

/// Lines around a difference.
const AROUND: usize = 3;

/// The largest table that is made to find the fewest differences. Above it, all lines
/// between the first and the last difference count as changed.
const TABLE: usize = 4_000_000;

/// One line of the way from the old text to the new one: its place in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Keep(usize, usize),
    Drop(usize, usize),
    Add(usize, usize),
}

pub(super) fn of_edit(edit: &Edit) -> String {
    match edit {
        Edit::Change { path, old, new, .. } => unified(path, Some(old), Some(new)),
        Edit::OwnCrontab { old, new, .. } => unified(edit.path(), Some(old), Some(new)),
        Edit::NewFile { path, content, .. } => unified(path, None, Some(content)),
        Edit::MakeDir {
            path, owner, mode, ..
        } => {
            let owner = owner.map_or(String::new(), |(user, group)| {
                format!(", owner {user}:{group}")
            });
            format!("new folder {}, mode {mode:04o}{owner}\n", path.display())
        }
    }
}

/// The difference between two texts; `None` where there is no such file. Empty where
/// they are the same. Control characters do not reach the terminal.
#[must_use]
pub fn unified(path: &Path, old: Option<&[u8]>, new: Option<&[u8]>) -> String {
    let (a, b) = (
        lines(old.unwrap_or_default()),
        lines(new.unwrap_or_default()),
    );
    let steps = steps(&a, &b);
    let changed = |step: &Step| !matches!(step, Step::Keep(..));
    if !steps.iter().any(changed) {
        return String::new();
    }
    let name = |text: Option<&[u8]>| match text {
        Some(_) => path.display().to_string(),
        None => "/dev/null".to_owned(),
    };
    let mut text = format!("--- {}\n+++ {}\n", name(old), name(new));
    let mut at = 0;
    while let Some(first) = steps.iter().skip(at).position(changed).map(|by| at + by) {
        let mut last = first;
        for (place, step) in steps.iter().enumerate().skip(first) {
            if place > last + 2 * AROUND {
                break;
            }
            if changed(step) {
                last = place;
            }
        }
        let start = first.saturating_sub(AROUND).max(at);
        let end = (last + 1 + AROUND).min(steps.len());
        hunk(&mut text, steps.get(start..end).unwrap_or_default(), &a, &b);
        at = end;
    }
    text
}

fn hunk(text: &mut String, steps: &[Step], a: &[&[u8]], b: &[&[u8]]) {
    let (from, to) = match steps.first() {
        Some(Step::Keep(a, b) | Step::Drop(a, b) | Step::Add(a, b)) => (*a, *b),
        None => return,
    };
    let olds = steps.iter().filter(|s| !matches!(s, Step::Add(..))).count();
    let news = steps
        .iter()
        .filter(|s| !matches!(s, Step::Drop(..)))
        .count();
    let place = |start: usize, count: usize| match count {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{count}", start + 1),
    };
    let _ = writeln!(text, "@@ -{} +{} @@", place(from, olds), place(to, news));
    for step in steps {
        let (sign, line) = match step {
            Step::Keep(at, _) => (' ', a.get(*at)),
            Step::Drop(at, _) => ('-', a.get(*at)),
            Step::Add(_, at) => ('+', b.get(*at)),
        };
        let line = line.copied().unwrap_or_default();
        text.push(sign);
        text.push_str(&shown(line.strip_suffix(b"\n").unwrap_or(line)));
        text.push('\n');
        if !line.ends_with(b"\n") {
            text.push_str("\\ No newline at end of file\n");
        }
    }
}

/// A line for a terminal.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push('\t'),
            '\r' => shown.push_str("\\r"),
            c if is_odd(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|b| *b == b'\n').collect()
}

fn steps(a: &[&[u8]], b: &[&[u8]]) -> Vec<Step> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (
        a.get(head..).unwrap_or_default(),
        b.get(head..).unwrap_or_default(),
    );
    let ends = rest_a.iter().rev().zip(rest_b.iter().rev());
    let tail = ends.take_while(|(x, y)| x == y).count();
    let (n, m) = (rest_a.len() - tail, rest_b.len() - tail);
    let mut steps: Vec<Step> = (0..head).map(|at| Step::Keep(at, at)).collect();
    middle(
        rest_a.get(..n).unwrap_or_default(),
        rest_b.get(..m).unwrap_or_default(),
        head,
        &mut steps,
    );
    steps.extend((0..tail).map(|at| Step::Keep(head + n + at, head + m + at)));
    steps
}

/// The way through the middle, by the longest common subsequence.
fn middle(a: &[&[u8]], b: &[&[u8]], base: usize, steps: &mut Vec<Step>) {
    let (n, m) = (a.len(), b.len());
    let wide = m + 1;
    let small = (n + 1).saturating_mul(wide) <= TABLE;
    let mut table = vec![0_u32; if small { (n + 1) * wide } else { 0 }];
    let cell = |table: &[u32], x: usize, y: usize| table.get(x * wide + y).copied().unwrap_or(0);
    if small {
        for x in (0..n).rev() {
            for y in (0..m).rev() {
                let value = if a.get(x) == b.get(y) {
                    cell(&table, x + 1, y + 1) + 1
                } else {
                    cell(&table, x + 1, y).max(cell(&table, x, y + 1))
                };
                if let Some(place) = table.get_mut(x * wide + y) {
                    *place = value;
                }
            }
        }
    }
    let (mut x, mut y) = (0, 0);
    while x < n || y < m {
        if small && x < n && y < m && a.get(x) == b.get(y) {
            steps.push(Step::Keep(base + x, base + y));
            (x, y) = (x + 1, y + 1);
        } else if x < n && (y == m || cell(&table, x + 1, y) >= cell(&table, x, y + 1)) {
            steps.push(Step::Drop(base + x, base + y));
            x += 1;
        } else {
            steps.push(Step::Add(base + x, base + y));
            y += 1;
        }
    }
}
