//! What a command line consists of.

use super::Span;

/// What stands between commands, or before one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `;`
    Then,
    /// `&`
    Background,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
}

/// Commands one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    /// The commands, each with what follows it.
    pub items: Vec<AndOr>,
}

/// Pipelines with `&&` and `||` between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AndOr {
    /// The pipelines, each with what stands before it. The first has [`Op::Then`].
    pub pipelines: Vec<(Op, Pipeline)>,
    /// Whether it ends in `&`.
    pub background: bool,
}

/// Commands with `|` between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Whether `!` turns its end round.
    pub negated: bool,
    /// At least one command.
    pub commands: Vec<Command>,
    /// Where it is.
    pub span: Span,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Words and redirections.
    Simple(Simple),
    /// `( … )` or `{ …; }`.
    Group {
        /// What is in it.
        list: List,
        /// Redirections of all of it.
        redirects: Vec<Redirect>,
        /// Where it is, with its brackets.
        span: Span,
    },
}

/// Words and redirections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// `NAME=value` before the command.
    pub assignments: Vec<Word>,
    /// The command and its arguments.
    pub words: Vec<Word>,
    /// Redirections.
    pub redirects: Vec<Redirect>,
    /// Where in `words` the program is that is run in the end: what `exec`, `nice`,
    /// `env A=b` and the like are followed by. `None` where that is not certain.
    pub program: Option<usize>,
    /// Where it is.
    pub span: Span,
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its value, where that is known: nothing in it is expanded.
    pub value: Option<Vec<u8>>,
    /// What its value begins with, up to the first thing that is expanded.
    pub prefix: Vec<u8>,
    /// Whether any part of it is quoted or expanded.
    pub bare: bool,
    /// Where it is.
    pub span: Span,
}

impl Word {
    /// Whether its value is known and is this.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.value.as_deref() == Some(text.as_bytes())
    }

    /// Its value as text, where both are certain.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.value.as_deref()?).ok()
    }
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The number before it.
    pub fd: Option<u32>,
    /// `>`, `>>`, `<`, `>&` and the like.
    pub op: &'static str,
    /// Where to, or from.
    pub target: Word,
    /// Where it is.
    pub span: Span,
}

impl Command {
    /// Where it is.
    #[must_use]
    pub const fn span(&self) -> &Span {
        match self {
            Self::Simple(simple) => &simple.span,
            Self::Group { span, .. } => span,
        }
    }

    /// The words of a simple command.
    #[must_use]
    pub const fn simple(&self) -> Option<&Simple> {
        match self {
            Self::Simple(simple) => Some(simple),
            Self::Group { .. } => None,
        }
    }

    /// Its redirections.
    #[must_use]
    pub fn redirects(&self) -> &[Redirect] {
        match self {
            Self::Simple(simple) => &simple.redirects,
            Self::Group { redirects, .. } => redirects,
        }
    }
}

impl Simple {
    /// The name of the program that is run in the end, without its folder.
    #[must_use]
    pub fn name(&self) -> Option<&[u8]> {
        let word = self.words.get(self.program?)?;
        Some(base(word.value.as_deref()?))
    }
}

/// A name without its folder.
pub(super) fn base(path: &[u8]) -> &[u8] {
    let folder = path.iter().rposition(|byte| *byte == b'/');
    folder.and_then(|at| path.get(at + 1..)).unwrap_or(path)
}
