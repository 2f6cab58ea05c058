//! The rows of the table, one for each job that runs. A large host has a hundred
//! thousand, so each is written right where it goes, by all cores.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use hashbrown::HashMap;

use super::table::{cell, next, short, width};
use super::{AT_ONCE, FEW, in_turns};
use crate::beside::{beside, parts};
use crate::coverage::Coverage;
use crate::error::shown;
use crate::finding::{ByPlace, Finding};
use crate::job::{Job, State};
use crate::times::When;

const COLUMNS: usize = 8;

const HEADS: [&str; COLUMNS] = [
    "JOB", "USER", "RUNS", "NEXT", "BEAT", "EXPECTED", "WHERE", "WRONG",
];

/// How wide the columns are. One in which nothing is said is not there.
type Wide = [usize; COLUMNS];

/// What stands between two columns, many times over.
const BLANKS: &str = "                                                                ";

/// Writes the rows with their heads and an empty line; nothing where no job runs.
pub(super) fn write(coverage: &Coverage, out: &mut dyn io::Write) -> io::Result<()> {
    let many = coverage.jobs.len();
    let parts = beside(parts(many, FEW), |part| {
        Part::new(&coverage.jobs[part], coverage)
    });
    if parts.iter().all(|part| part.rows.is_empty()) {
        return Ok(());
    }
    let mut wide = [0; COLUMNS];
    for part in &parts {
        widen(&mut wide, part.wide);
    }
    for (wide, head) in wide.iter_mut().zip(HEADS) {
        if *wide > 0 {
            *wide = (*wide).max(head.len());
        }
    }
    let heads = HEADS.into_iter().zip(wide);
    let heads: String = heads
        .map(|(head, wide)| Text::of(head).cell(wide))
        .collect();
    writeln!(out, "{}", heads.trim_end())?;
    let parts = beside(parts, |part| (part.cells(wide), part));
    let some = parts.iter().flat_map(|(cells, part)| {
        let some = part.rows.chunks(AT_ONCE);
        some.map(move |rows| (cells, part, rows))
    });
    in_turns(out, many, some, |(cells, part, rows), out| {
        part.text(rows, cells, wide, out);
    })?;
    writeln!(out)
}

fn widen(wide: &mut Wide, by: Wide) {
    for (wide, by) in wide.iter_mut().zip(by) {
        *wide = (*wide).max(by);
    }
}

/// Some of the rows. What several of them share is put together once.
struct Part<'a> {
    rows: Vec<Row<'a>>,
    users: Vec<Text<'a>>,
    /// In words, and the next run.
    whens: Vec<[Text<'a>; 2]>,
    files: Vec<Text<'a>>,
    wide: Wide,
}

struct Row<'a> {
    job: &'a Job,
    user: usize,
    when: usize,
    file: usize,
    wrong: &'a [Finding],
}

/// The cells that several rows share, as wide as their columns.
struct Cells {
    users: Vec<String>,
    whens: Vec<String>,
    /// By whether a beat is left, and whether it is expected.
    said: [[String; 2]; 2],
}

impl<'a> Part<'a> {
    fn new(jobs: &'a [Job], coverage: &'a Coverage) -> Self {
        let mut part = Self {
            rows: Vec::with_capacity(jobs.len()),
            users: Vec::new(),
            whens: Vec::new(),
            files: Vec::new(),
            wide: [0; COLUMNS],
        };
        let mut wrong = ByPlace::new(&coverage.findings);
        let mut users: HashMap<*const str, usize> = HashMap::new();
        let mut whens: HashMap<*const When, usize> = HashMap::new();
        let mut last = None;
        for job in jobs.iter().filter(|job| job.state == State::Runs) {
            let user = *users.entry(Arc::as_ptr(&job.user)).or_insert_with(|| {
                part.users.push(Text::of(cell(&job.user)));
                part.users.len() - 1
            });
            let when = *whens.entry(Arc::as_ptr(&job.when)).or_insert_with(|| {
                let words = Text::of(short(&job.when.words));
                let next = Text::of(next(coverage, job.when.next));
                part.whens.push([words, next]);
                part.whens.len() - 1
            });
            // The jobs of a file come one after the other.
            if !last.is_some_and(|last| Arc::ptr_eq(last, &job.place.file)) {
                last = Some(&job.place.file);
                part.files.push(Text::of(shown(&job.place.file)));
            }
            let row = Row {
                job,
                user,
                when,
                file: part.files.len() - 1,
                wrong: wrong.at(&job.place),
            };
            let [words, next] = &part.whens[when];
            let wide = [
                job.name.as_str().len(),
                part.users[user].wide,
                words.wide,
                next.wide,
                yes(job.beat.is_some()).len(),
                yes(job.expected).len(),
                part.wide_of_place(&row),
                codes(row.wrong).map(str::len).sum(),
            ];
            widen(&mut part.wide, wide);
            part.rows.push(row);
        }
        part
    }

    fn wide_of_place(&self, row: &Row<'_>) -> usize {
        let digits = |line: u32| line.checked_ilog10().unwrap_or(0) as usize + 1;
        self.files[row.file].wide + row.job.place.line.map_or(0, |line| digits(line) + 1)
    }

    fn cells(&self, wide: Wide) -> Cells {
        let [_, user, words, next, beat, expected, ..] = wide;
        let users = self.users.iter().map(|text| text.cell(user));
        let whens = self.whens.iter();
        let whens = whens.map(|[a, b]| [a.cell(words), b.cell(next)].concat());
        let both = |is: bool, known: bool| {
            let cells = [
                Text::of(yes(is)).cell(beat),
                Text::of(yes(known)).cell(expected),
            ];
            cells.concat()
        };
        Cells {
            users: users.collect(),
            whens: whens.collect(),
            said: [false, true].map(|is| [false, true].map(|known| both(is, known))),
        }
    }

    fn text(&self, rows: &[Row<'_>], cells: &Cells, wide: Wide, out: &mut String) {
        out.reserve((wide.iter().sum::<usize>() + 2 * COLUMNS) * rows.len());
        let [name_wide, .., place_wide, _] = wide;
        for row in rows {
            let name = row.job.name.as_str();
            let said = &cells.said[usize::from(row.job.beat.is_some())];
            out.push_str(name);
            pad(out, name_wide, name.len());
            out.push_str(&cells.users[row.user]);
            out.push_str(&cells.whens[row.when]);
            out.push_str(&said[usize::from(row.job.expected)]);
            out.push_str(&self.files[row.file].text);
            if let Some(line) = row.job.place.line {
                let _ = write!(out, ":{line}");
            }
            if !row.wrong.is_empty() {
                pad(out, place_wide, self.wide_of_place(row));
                codes(row.wrong).for_each(|code| out.push_str(code));
            }
            out.push('\n');
        }
    }
}

/// The codes of findings, with what stands between them.
fn codes(wrong: &[Finding]) -> impl Iterator<Item = &'static str> {
    let codes = wrong.iter().flat_map(|finding| [", ", finding.code]);
    codes.skip(1)
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A text and how many columns it takes.
struct Text<'a> {
    text: Cow<'a, str>,
    wide: usize,
}

impl<'a> Text<'a> {
    fn of(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        let wide = width(&text);
        Self { text, wide }
    }

    /// With the blanks up to the next column.
    fn cell(&self, wide: usize) -> String {
        let mut cell = String::new();
        if wide > 0 {
            cell.push_str(&self.text);
            pad(&mut cell, wide, self.wide);
        }
        cell
    }
}

/// The blanks from the end of a text up to the next column.
fn pad(out: &mut String, wide: usize, own: usize) {
    let mut pad = wide.saturating_sub(own) + 2;
    while pad > 0 {
        let some = pad.min(BLANKS.len());
        out.push_str(&BLANKS[..some]);
        pad -= some;
    }
}
