//! Lists, pipelines and commands, by the grammar of POSIX, as far as it is read here.

use super::names::is_keyword;
use super::programs::program;
use super::tree::{AndOr, Command, List, Op, Pipeline, Redirect, Simple, Word};
use super::words::{DEEPEST, unclosed};
use super::{Dialect, Unsure};

/// Redirections, the longer ones first.
const REDIRECTS: [&str; 7] = [">>", ">&", ">|", "<&", "<>", ">", "<"];

/// What has no end on one line, or a meaning that differs.
const NOT_READ: [(&str, &str); 3] = [
    ("<<", "a here-document"),
    ("<(", "a process substitution"),
    (">(", "a process substitution"),
];

/// A place within the text.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) dialect: Dialect,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a [u8], dialect: Dialect) -> Self {
        Self {
            text,
            at: 0,
            dialect,
            depth: 0,
        }
    }

    /// Reads all of the text.
    pub(super) fn whole(mut self) -> Result<List, Unsure> {
        let list = self.list()?;
        if self.at < self.text.len() {
            return Err(Unsure {
                why: "a bracket that was not opened",
            });
        }
        Ok(list)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.ahead(0)
    }

    pub(super) fn ahead(&self, by: usize) -> Option<u8> {
        self.text.get(self.at + by).copied()
    }

    fn sees(&self, text: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.starts_with(text.as_bytes())
    }

    fn take(&mut self, text: &str) -> bool {
        let seen = self.sees(text);
        if seen {
            self.at += text.len();
        }
        seen
    }

    /// Goes one level down, not too deep.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unsure>,
    ) -> Result<T, Unsure> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Unsure {
                why: "brackets too deep in each other",
            });
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.ahead(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Reads commands up to the end, or to a bracket that closes.
    pub(super) fn list(&mut self) -> Result<List, Unsure> {
        let mut list = List::default();
        loop {
            self.skip_blanks();
            while self.take("\n") {
                self.skip_blanks();
            }
            if matches!(self.peek(), None | Some(b')')) || self.closes_group() {
                return Ok(list);
            }
            let mut item = self.and_or()?;
            self.skip_blanks();
            if self.sees(";;") {
                return Err(Unsure { why: "a ;;" });
            }
            if self.sees("&") && !self.sees("&&") {
                self.at += 1;
                item.background = true;
            } else if !self.take(";") && !self.take("\n") {
                list.items.push(item);
                return Ok(list);
            }
            list.items.push(item);
        }
    }

    /// Whether a `}` stands here as a word.
    fn closes_group(&self) -> bool {
        self.peek() == Some(b'}')
            && matches!(
                self.ahead(1),
                None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b')')
            )
    }

    fn and_or(&mut self) -> Result<AndOr, Unsure> {
        let mut pipelines = vec![(Op::Then, self.pipeline()?)];
        loop {
            self.skip_blanks();
            let op = if self.take("&&") {
                Op::And
            } else if self.take("||") {
                Op::Or
            } else {
                break;
            };
            self.skip_lines();
            pipelines.push((op, self.pipeline()?));
        }
        Ok(AndOr {
            pipelines,
            background: false,
        })
    }

    fn skip_lines(&mut self) {
        self.skip_blanks();
        while self.take("\n") {
            self.skip_blanks();
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, Unsure> {
        self.skip_blanks();
        let start = self.at;
        let mut negated = false;
        while self.peek() == Some(b'!') && matches!(self.ahead(1), Some(b' ' | b'\t')) {
            negated = !negated;
            self.at += 1;
            self.skip_blanks();
        }
        let mut commands = vec![self.command()?];
        loop {
            self.skip_blanks();
            if self.sees("||") || !self.sees("|") {
                break;
            }
            if self.sees("|&") && self.dialect == Dialect::Bash {
                return Err(Unsure { why: "a |&" });
            }
            self.at += 1;
            self.skip_lines();
            commands.push(self.command()?);
        }
        let end = commands.last().map_or(start, |last| last.span().end);
        Ok(Pipeline {
            negated,
            commands,
            span: start..end,
        })
    }

    fn command(&mut self) -> Result<Command, Unsure> {
        self.skip_blanks();
        let start = self.at;
        let brace =
            self.peek() == Some(b'{') && matches!(self.ahead(1), Some(b' ' | b'\t' | b'\n'));
        if brace || self.peek() == Some(b'(') {
            if self.sees("((") && self.dialect == Dialect::Bash {
                return Err(Unsure { why: "a (( … ))" });
            }
            self.at += 1;
            return self.deeper(|reader| reader.group(start, brace));
        }
        self.simple().map(Command::Simple)
    }

    fn group(&mut self, start: usize, brace: bool) -> Result<Command, Unsure> {
        let list = self.list()?;
        let close = if brace { "}" } else { ")" };
        if list.items.is_empty() || !self.take(close) {
            return Err(unclosed());
        }
        let mut end = self.at;
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            let Some(redirect) = self.redirect()? else {
                break;
            };
            end = redirect.span.end;
            redirects.push(redirect);
        }
        Ok(Command::Group {
            list,
            redirects,
            span: start..end,
        })
    }

    fn simple(&mut self) -> Result<Simple, Unsure> {
        let start = self.at;
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut end = start;
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                end = redirect.span.end;
                redirects.push(redirect);
                continue;
            }
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    return Err(Unsure {
                        why: "a function, an array or a bracket in a wrong place",
                    });
                }
                Some(_) => {}
            }
            let word = self.word()?;
            end = word.span.end;
            if words.is_empty() && self.assigns(&word) {
                assignments.push(word);
                continue;
            }
            if words.is_empty() && word.bare {
                let text = self.text.get(word.span.clone()).unwrap_or_default();
                if is_keyword(text) {
                    return Err(Unsure {
                        why: "a loop, a condition or another word of the shell's grammar",
                    });
                }
            }
            words.push(word);
        }
        if end == start {
            return Err(Unsure {
                why: "a command that is missing",
            });
        }
        Ok(Simple {
            program: program(&words),
            assignments,
            words,
            redirects,
            span: start..end,
        })
    }

    /// Whether a word is `NAME=…`.
    fn assigns(&self, word: &Word) -> bool {
        let text = self.text.get(word.span.clone()).unwrap_or_default();
        let Some(at) = text.iter().position(|b| *b == b'=') else {
            return false;
        };
        let name = text.get(..at).unwrap_or_default();
        let name = name.strip_suffix(b"+").unwrap_or(name);
        name.first().is_some_and(|b| !b.is_ascii_digit())
            && name.iter().all(|b| *b == b'_' || b.is_ascii_alphanumeric())
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, Unsure> {
        let start = self.at;
        let mut digits = self.at;
        while self.text.get(digits).is_some_and(u8::is_ascii_digit) {
            digits += 1;
        }
        let both = self.dialect == Dialect::Bash && self.sees("&>");
        if !both && !matches!(self.text.get(digits), Some(b'<' | b'>')) {
            return Ok(None);
        }
        let number = self.text.get(start..digits).unwrap_or_default();
        let number = std::str::from_utf8(number).unwrap_or_default();
        self.at = digits;
        for (text, why) in NOT_READ {
            if self.sees(text) {
                return Err(Unsure { why });
            }
        }
        let op = if both && self.take("&>>") {
            "&>>"
        } else if both && self.take("&>") {
            "&>"
        } else {
            let found = REDIRECTS.into_iter().find(|op| self.sees(op));
            let op = found.unwrap_or(">");
            self.at += op.len();
            op
        };
        self.skip_blanks();
        match self.peek() {
            None | Some(b'\n' | b';' | b'&' | b'|' | b')' | b'(' | b'<' | b'>') => {
                return Err(Unsure {
                    why: "a redirection without a target",
                });
            }
            Some(_) => {}
        }
        let target = self.word()?;
        Ok(Some(Redirect {
            fd: number.parse().ok(),
            op,
            span: start..target.span.end,
            target,
        }))
    }
}
