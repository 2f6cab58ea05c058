//! Faults in files that people write: what is wrong, where, and what is allowed.
//! Shown with line, column and a caret, by whoever reads such a file.

use std::fmt;
use std::ops::Range;

use watch::words::is_odd;

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, in bytes.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What is allowed.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at a place.
    pub fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            message: message.into(),
            hint: None,
        }
    }

    /// The same fault with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The fault with its line, out of the text of the file. `path` is for the
    /// message only.
    #[must_use]
    pub fn in_file(self, text: &str, path: &str) -> FileError {
        locate(text, path, self)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<toml::de::Error> for Fault {
    fn from(fault: toml::de::Error) -> Self {
        Self {
            span: fault.span(),
            message: in_words(fault.message()),
            hint: None,
        }
    }
}

/// The words of the parser, in those of people who write such files.
fn in_words(message: &str) -> String {
    let words = [
        ("invalid type: map", "this is a table"),
        ("invalid type: sequence", "this is a list"),
        ("invalid type: string", "this is the text"),
        ("invalid type: integer", "this is the number"),
        ("invalid type: floating point", "this is the number"),
        ("invalid type: boolean", "this is the word"),
        ("invalid type: ", "this is a "),
        ("invalid value: integer", "this is the number"),
        ("invalid value: ", "this is "),
        (
            "expected a sequence",
            "a list was expected, like [\"a\", \"b\"]",
        ),
        ("expected i64", "a whole number was expected"),
        ("expected u32", "a whole number from 0 up was expected"),
        ("expected a table", "a table was expected"),
        ("expected a map", "a table was expected"),
        ("expected a string", "a text in quotes was expected"),
        ("expected a boolean", "true or false was expected"),
        (
            "expected a TOML datetime",
            "a moment was expected, like 2026-12-01T00:00:00Z",
        ),
        ("expected a duration like", "a duration was expected, like"),
    ];
    let mut text = message.to_owned();
    for (theirs, ours) in words {
        text = text.replacen(theirs, ours, 1);
    }
    // Names of our own types say nothing to anybody.
    for own in [
        "expected struct RawExpect",
        "expected struct RawMute",
        "expected struct Raw",
    ] {
        text = text.replacen(own, "a table was expected", 1);
    }
    text
}

/// A fault in a file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file, as the user named it.
    pub path: String,
    /// Line and column, counted from 1, and the line itself.
    pub place: Option<(usize, usize, String)>,
    /// How many characters are at fault.
    pub width: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl FileError {
    /// A fault of the file as a whole.
    pub fn whole(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            place: None,
            width: 0,
            message: message.into(),
            hint: None,
        }
    }

    /// The same fault with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The fault on one line, without the text of the file.
    #[must_use]
    pub fn brief(&self) -> String {
        match &self.place {
            Some((line, column, _)) => format!("{}:{line}:{column}: {}", self.path, self.message),
            None => format!("{}: {}", self.path, self.message),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.brief())?;
        let Some((line, column, text)) = &self.place else {
            return Ok(());
        };
        let gutter = line.to_string().len();
        write!(
            f,
            "\n{:gutter$} |\n{line} | {text}\n{:gutter$} | {:space$}{}",
            "",
            "",
            "",
            "^".repeat(self.width.max(1)),
            space = column - 1,
        )
    }
}

impl std::error::Error for FileError {}

/// The line of a place in a text, counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at)
        .map_or(1, |before| before.matches('\n').count() + 1)
}

fn locate(text: &str, path: &str, fault: Fault) -> FileError {
    let Fault {
        span,
        message,
        hint,
    } = fault;
    let place = span.clone().and_then(|span| {
        let before = text.get(..span.start)?;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = masked(text[start..].lines().next().unwrap_or(""));
        let column = text[start..span.start].chars().count() + 1;
        Some((line_of(text, span.start), column, line))
    });
    let room = place.as_ref().map_or(0, |(_, column, line)| {
        (line.chars().count() + 1).saturating_sub(*column)
    });
    let width = span
        .and_then(|span| text.get(span))
        .map_or(0, |part| part.chars().count());
    FileError {
        path: path.to_owned(),
        width: width.min(room),
        place,
        message: message.trim().replace('\n', "; "),
        hint,
    }
}

/// A line as a message may show it: cut short, and without the value of a key
/// that looks like a secret, which has no place in such a file.
fn masked(line: &str) -> String {
    let key = line.split('=').next().unwrap_or("").trim().to_lowercase();
    let secret = ["token", "secret", "password"];
    if secret.iter().any(|word| key.contains(word)) && !key.contains("file") {
        return format!("{} = …", key.chars().take(100).collect::<String>());
    }
    // What a terminal obeys is not handed to it, and a tab is one column.
    let seen = |c: char| if is_odd(c) { ' ' } else { c };
    line.chars().take(160).map(seen).collect()
}
