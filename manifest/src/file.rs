//! One text: from TOML to entries. Nothing is opened here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use heartbeat::JobName;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use watch::Written;

use crate::Fault;
use crate::entry::{self, Bad, Context, Draft};
use crate::fault::FileError;

/// What a text holds.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) drafts: Vec<Draft>,
    /// Jobs whose entries have faults.
    pub(crate) faulty: Vec<(Box<str>, JobName)>,
    pub(crate) faults: Vec<FileError>,
    /// An entry may be there that is neither in `drafts` nor in `faulty`.
    pub(crate) blind: bool,
    /// How many entries there are, as far as that can be told.
    pub(crate) entries: usize,
}

/// Reads the entries of one text.
pub(crate) fn read(text: &str, path: &Arc<PathBuf>, context: &Context<'_>) -> Content {
    let mut content = Content::default();
    let shown = path.display().to_string();
    // Windows editors leave a mark at the beginning; it is white space to TOML.
    let (document, errors) = DeTable::parse_recoverable(text);
    let broken = errors.into_iter().next();
    let table = document.into_inner();
    let Some(jobs) = jobs_of(table, context) else {
        return content;
    };
    if let Some(error) = broken {
        // One fault is enough: those after it often are its echo. The names may
        // not be all, but those that are read are right.
        content
            .faults
            .push(Fault::from(error).in_file(text, &shown));
        content.blind = true;
        let named = jobs
            .iter()
            .filter_map(|(key, value)| entry::whose(key, value.get_ref()));
        content.faulty.extend(named);
        content.entries = content.faulty.len();
        return content;
    }
    let lines = Lines::of(text);
    let mut found: Vec<_> = jobs.into_iter().collect();
    found.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in found {
        content.entries += 1;
        let place = Written {
            file: Arc::clone(path),
            line: lines.line(key.span().start),
        };
        match entry::entry(&key, value, context, place) {
            Ok((draft, faults)) => {
                content.drafts.push(draft);
                let located = faults.into_iter().map(|fault| fault.in_file(text, &shown));
                content.faults.extend(located);
            }
            Err(Bad { whose, faults }) => {
                content.blind |= whose.is_none();
                content.faulty.extend(whose);
                let located = faults.into_iter().map(|fault| fault.in_file(text, &shown));
                content.faults.extend(located);
            }
        }
    }
    content
}

type Table<'t> = BTreeMap<Spanned<std::borrow::Cow<'t, str>>, Spanned<DeValue<'t>>>;

/// The table of the jobs: the text itself, or `[jobs]` in it.
fn jobs_of<'t>(table: DeTable<'t>, context: &Context<'_>) -> Option<Table<'t>> {
    if !context.in_config {
        return Some(table.into_iter().collect());
    }
    let (_, jobs) = table.into_iter().find(|(key, _)| key.get_ref() == "jobs")?;
    match jobs.into_inner() {
        DeValue::Table(jobs) => Some(jobs.into_iter().collect()),
        _ => None, // The config itself says so.
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    /// The line of a place, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}
