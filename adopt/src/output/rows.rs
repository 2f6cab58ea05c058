//! The jobs that run, a row each. A large host has a hundred thousand: what many rows
//! share is made once, and a row is written where it goes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::table::{cell, next, short, width};
use crate::coverage::Coverage;
use crate::error::shown;
use crate::job::{Job, State};
use crate::times::When;

const COLUMNS: usize = 8;

const HEADS: [&str; COLUMNS] = [
    "JOB", "USER", "RUNS", "NEXT", "BEAT", "EXPECTED", "WHERE", "WRONG",
];

/// What stands between two columns, many times over.
const BLANKS: &str = "                                                                ";

/// Fewer rows are not worth a thread.
const FEW: usize = 10_000;

struct Rows<'a> {
    rows: Vec<Row<'a>>,
    /// In words, and the next run.
    whens: Vec<(Cow<'a, str>, String)>,
    files: Vec<String>,
}

struct Row<'a> {
    job: &'a Job,
    when: usize,
    file: usize,
    wrong: String,
}

/// Writes the rows with their heads and an empty line; nothing where no job runs.
pub(super) fn write(out: &mut String, coverage: &Coverage) {
    let rows = Rows::new(coverage);
    if rows.rows.is_empty() {
        return;
    }
    let wide = rows.wide();
    out.reserve((wide.iter().sum::<usize>() + 2 * COLUMNS) * (rows.rows.len() + 1));
    line(out, wide, HEADS);
    let part = |part: &[Row<'_>], out: &mut String| {
        let mut place = String::new();
        for row in part {
            let cells = rows.cells(row, &mut place);
            line(out, wide, cells.each_ref().map(|cell| &**cell));
        }
    };
    if rows.rows.len() < FEW {
        part(&rows.rows, out);
    } else {
        // The first half here, the second beside it.
        let (first, second) = rows.rows.split_at(rows.rows.len() / 2);
        let second = std::thread::scope(|scope| {
            let second = scope.spawn(|| {
                let mut text = String::new();
                part(second, &mut text);
                text
            });
            part(first, out);
            second.join()
        });
        match second {
            Ok(text) => out.push_str(&text),
            Err(fault) => std::panic::resume_unwind(fault),
        }
    }
    out.push('\n');
}

impl<'a> Rows<'a> {
    fn new(coverage: &'a Coverage) -> Self {
        let codes = super::json::codes(coverage);
        let mut all = Self {
            rows: Vec::with_capacity(coverage.jobs.len()),
            whens: Vec::new(),
            files: Vec::new(),
        };
        let mut known: HashMap<*const When, usize> = HashMap::new();
        let mut file = None;
        let running = coverage.jobs.iter().filter(|job| job.state == State::Runs);
        for job in running {
            let when = *known.entry(Arc::as_ptr(&job.when)).or_insert_with(|| {
                let words = short(&job.when.words);
                all.whens.push((words, next(coverage, job.when.next)));
                all.whens.len() - 1
            });
            // The jobs of a file come one after the other.
            if !file.is_some_and(|last| Arc::ptr_eq(last, &job.place.file)) {
                file = Some(&job.place.file);
                all.files.push(shown(&job.place.file));
            }
            let wrong = codes.get(&job.place).map(|codes| codes.join(", "));
            all.rows.push(Row {
                job,
                when,
                file: all.files.len() - 1,
                wrong: wrong.unwrap_or_default(),
            });
        }
        all
    }

    /// The cells of a row. The place is put together in the text that is given.
    fn cells<'t>(&'t self, row: &'t Row<'_>, place: &'t mut String) -> [Cow<'t, str>; COLUMNS] {
        let (words, time) = &self.whens[row.when];
        let (file, line) = (&self.files[row.file], row.job.place.line);
        // Only the line differs from one row to the next.
        place.truncate(if place.starts_with(file.as_str()) {
            file.len()
        } else {
            0
        });
        if place.is_empty() {
            place.push_str(file);
        }
        if let Some(line) = line {
            let _ = write!(place, ":{line}");
        }
        [
            row.job.name.as_str().into(),
            cell(&row.job.user),
            (&**words).into(),
            time.into(),
            yes(row.job.beat.is_some()).into(),
            yes(row.job.expected).into(),
            (&**place).into(),
            (&row.wrong).into(),
        ]
    }

    /// How wide each column is: as its widest cell, or nothing where nothing is said.
    fn wide(&self) -> [usize; COLUMNS] {
        let whens = self.whens.iter();
        let whens: Vec<_> = whens
            .map(|(words, time)| [width(words), width(time)])
            .collect();
        let files: Vec<_> = self.files.iter().map(|file| width(file)).collect();
        let mut wide = [0; COLUMNS];
        for row in &self.rows {
            let line = row.job.place.line;
            let line = line.map_or(0, |line| line.checked_ilog10().unwrap_or(0) as usize + 2);
            let [words, time] = whens[row.when];
            let row = [
                row.job.name.as_str().len(),
                width(&cell(&row.job.user)),
                words,
                time,
                yes(row.job.beat.is_some()).len(),
                yes(row.job.expected).len(),
                files[row.file] + line,
                width(&row.wrong),
            ];
            for (wide, cell) in wide.iter_mut().zip(row) {
                *wide = (*wide).max(cell);
            }
        }
        for (wide, head) in wide.iter_mut().zip(HEADS) {
            if *wide > 0 {
                *wide = (*wide).max(head.len());
            }
        }
        wide
    }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn line(out: &mut String, wide: [usize; COLUMNS], cells: [&str; COLUMNS]) {
    let start = out.len();
    for (cell, wide) in cells.iter().zip(wide) {
        if wide == 0 {
            continue;
        }
        out.push_str(cell);
        let mut pad = wide.saturating_sub(width(cell)) + 2;
        while pad > 0 {
            let some = pad.min(BLANKS.len());
            out.push_str(&BLANKS[..some]);
            pad -= some;
        }
    }
    let end = out[start..].trim_end_matches(' ').len();
    out.truncate(start + end);
    out.push('\n');
}
