//! Crontabs as Debian's cron reads them, byte for byte. A file is cut into lines
//! whose spans, put together, are the file again; what a line means is said without
//! changing a byte of it.
//!
//! Pure: nothing is opened here, and whether a user exists is not asked.

mod fields;
mod percent;
mod setting;
mod settings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

pub use percent::{split, unescape};
pub use settings::{DEFAULT_PATH, DEFAULT_SHELL, JobLine, Settings};

/// A place in the file: bytes from, and up to but without.
pub type Span = Range<usize>;

/// The longest command that cron takes, in bytes, with the text after `%`. A longer
/// one makes cron ignore the whole file.
pub const MAX_COMMAND: usize = 998;

/// The most lines of a crontab that cron takes.
pub const MAX_LINES: usize = 10_000;

/// Whether lines name a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `/etc/crontab` and the files of `/etc/cron.d`: each job names its user.
    System,
    /// What `crontab -e` edits: the jobs of one user.
    User,
}

/// A crontab, cut into lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crontab<'a> {
    bytes: &'a [u8],
    /// The same, where all of it is UTF-8.
    whole: Option<&'a str>,
    dialect: Dialect,
    lines: Vec<Line>,
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: usize,
    /// All of it, its end of line included.
    pub span: Span,
    /// What cron makes of it.
    pub kind: Kind,
}

/// What cron makes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or blanks.
    Blank,
    /// A comment. Cron knows them only as whole lines.
    Comment,
    /// A setting; it counts for the lines after it.
    Setting(Setting),
    /// A job.
    Job(Job),
    /// Nothing that cron understands. It ignores the whole file then.
    Malformed(Malformed),
}

/// A setting of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name, without quotes.
    pub name: Vec<u8>,
    /// Its value, without quotes.
    pub value: Vec<u8>,
}

/// A job: when, as whom, what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// When it runs.
    pub when: When,
    /// The name of its user, where the dialect has one.
    pub user: Option<Span>,
    /// The command as it is written, without the blanks before it, up to the first
    /// `%` that is not escaped.
    pub command: Span,
    /// The text after that `%`, as it is written: the job's input.
    pub input: Option<Span>,
}

/// When a job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Minute, hour, day of the month, month, day of the week.
    Fields([Span; 5]),
    /// A word like `@daily`, its `@` included.
    Keyword(Span),
}

/// Why cron does not understand a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// A field of the time is wrong; the field by its name, and what is there.
    Field(&'static str, String),
    /// No such `@` word.
    Keyword(String),
    /// The line ends before this.
    Missing(&'static str),
    /// There is a `*` where the command begins.
    SixthField,
    /// The command has so many bytes, too many.
    TooLong(usize),
    /// The last line has no end, so the daemon ignores the file.
    NoFinalNewline,
    /// A NUL byte; cron takes it for the end of the text.
    Nul,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name, text) => write!(f, "the {name} {text:?} is none that cron knows"),
            Self::Keyword(text) => write!(f, "{text:?} is no time that cron knows"),
            Self::Missing(what) => write!(f, "the line ends before the {what}"),
            Self::SixthField => {
                f.write_str("a sixth field of time is where the command should be; cron has five")
            }
            Self::TooLong(bytes) => write!(
                f,
                "the command has {bytes} bytes; cron takes no more than {MAX_COMMAND}"
            ),
            Self::NoFinalNewline => f.write_str("the last line does not end in a newline"),
            Self::Nul => f.write_str("there is a NUL byte in the line"),
        }
    }
}

impl<'a> Crontab<'a> {
    /// Cuts a file into lines. Takes any bytes.
    #[must_use]
    pub fn parse(bytes: &'a [u8], dialect: Dialect) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let rest = &bytes[start..];
            let length = rest
                .iter()
                .position(|b| *b == b'\n')
                .map_or(rest.len(), |at| at + 1);
            let span = start..start + length;
            lines.push(Line {
                number: lines.len() + 1,
                kind: kind(bytes, &span, dialect),
                span,
            });
            start += length;
        }
        Self {
            bytes,
            whole: std::str::from_utf8(bytes).ok(),
            dialect,
            lines,
        }
    }

    /// The file.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether its lines name users.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The bytes at a span. None where the span is not of this file.
    #[must_use]
    pub fn text(&self, span: &Span) -> &'a [u8] {
        self.bytes.get(span.clone()).unwrap_or_default()
    }

    /// The bytes at a span, as text for people.
    #[must_use]
    pub fn shown(&self, span: &Span) -> Cow<'a, str> {
        match self.whole.and_then(|whole| whole.get(span.clone())) {
            Some(text) => text.into(),
            None => String::from_utf8_lossy(self.text(span)),
        }
    }

    /// When a job runs, as one text: the fields with one blank between, or the word.
    #[must_use]
    pub fn schedule(&self, when: &When) -> Cow<'a, str> {
        let fields = match when {
            When::Keyword(span) => return self.shown(span),
            When::Fields(fields) => fields,
        };
        // Most are written with one blank between: nothing is put together then.
        let [first, .., last] = fields;
        let apart = |pair: &[Span]| self.text(&(pair[0].end..pair[1].start)) == b" ";
        if fields.windows(2).all(apart) {
            return self.shown(&(first.start..last.end));
        }
        let fields: Vec<_> = fields.iter().map(|span| self.shown(span)).collect();
        fields.join(" ").into()
    }

    /// The first line for which cron ignores the whole file, and why. `None` where it
    /// takes the file.
    #[must_use]
    pub fn fault(&self) -> Option<(&Line, &Malformed)> {
        self.lines.iter().find_map(|line| match &line.kind {
            Kind::Malformed(why) => Some((line, why)),
            _ => None,
        })
    }

    /// Whether it has more lines than cron takes; it ignores the whole file then.
    #[must_use]
    pub fn too_many_lines(&self) -> bool {
        self.lines.len() > MAX_LINES
    }
}

/// What cron makes of the line at a span, whose end of line is included.
fn kind(bytes: &[u8], span: &Span, dialect: Dialect) -> Kind {
    let line = &bytes[span.clone()];
    let (text, ended) = match line.strip_suffix(b"\n") {
        Some(text) => (text, true),
        None => (line, false),
    };
    let first = text.iter().position(|b| !is_blank(*b));
    let Some(first) = first else {
        return Kind::Blank;
    };
    if text[first] == b'#' {
        return Kind::Comment;
    }
    let wrong = Kind::Malformed;
    if text.contains(&0) {
        return wrong(Malformed::Nul);
    }
    if !ended {
        return wrong(Malformed::NoFinalNewline);
    }
    if let Some(setting) = setting::read(&text[first..]) {
        return Kind::Setting(setting);
    }
    let cursor = fields::Cursor {
        bytes,
        at: span.start + first,
        end: span.start + text.len(),
    };
    job(cursor, dialect).map_or_else(wrong, Kind::Job)
}

fn job(mut cursor: fields::Cursor<'_>, dialect: Dialect) -> Result<Job, Malformed> {
    let when = cursor.when()?;
    cursor.skip_blanks();
    let user = match dialect {
        Dialect::System => Some(cursor.user()?),
        Dialect::User if cursor.peek() == Some(b'*') => return Err(Malformed::SixthField),
        Dialect::User => None,
    };
    // Cron counts the blanks that are left between the user and the command.
    let length = cursor.end - cursor.at;
    if length > MAX_COMMAND {
        return Err(Malformed::TooLong(length));
    }
    cursor.skip_blanks();
    let start = cursor.at;
    let rest = cursor.bytes.get(start..cursor.end).unwrap_or_default();
    let (command, input) = split(rest);
    Ok(Job {
        when,
        user,
        command: start..start + command,
        input: input.map(|from| start + from..cursor.end),
    })
}

/// What cron takes for a blank between fields.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
