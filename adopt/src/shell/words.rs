//! Words: quotes and expansions. An expansion is read to its end and not looked into.

use super::lists::Reader;
use super::tree::Word;
use super::{Dialect, Unsure};

/// How deep expansions may lie in each other.
pub(super) const DEEPEST: usize = 40;

/// A word while it is read.
struct Draft {
    value: Vec<u8>,
    known: bool,
    bare: bool,
}

impl Draft {
    fn push(&mut self, byte: u8) {
        if self.known {
            self.value.push(byte);
        }
    }

    fn unknown(&mut self) {
        self.known = false;
    }
}

/// What ends a word that is not quoted.
const fn ends_word(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'
    )
}

impl Reader<'_> {
    /// Reads the word that begins here; there is one.
    pub(super) fn word(&mut self) -> Result<Word, Unsure> {
        let start = self.at;
        let mut draft = Draft {
            value: Vec::new(),
            known: true,
            bare: true,
        };
        while let Some(byte) = self.peek() {
            if ends_word(byte) {
                break;
            }
            match byte {
                b'\'' | b'"' | b'\\' | b'$' | b'`' => {
                    draft.bare = false;
                    self.special(byte, &mut draft)?;
                }
                // Alone it is a command.
                b'[' if self.ahead(1).is_none_or(ends_word) => draft.push(byte),
                b'*' | b'?' | b'[' => draft.unknown(),
                b'~' if self.at == start || matches!(self.before(), Some(b'=' | b':')) => {
                    draft.unknown();
                }
                b'{' if self.dialect == Dialect::Bash && self.at > start => draft.unknown(),
                b'{' if self.dialect == Dialect::Bash
                    && self.ahead(1).is_some_and(|b| !ends_word(b)) =>
                {
                    draft.unknown();
                }
                byte => draft.push(byte),
            }
            if !matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`') {
                self.at += 1;
            }
        }
        Ok(Word {
            value: draft.known.then(|| draft.value.clone()),
            prefix: draft.value,
            bare: draft.bare,
            span: start..self.at,
        })
    }

    /// A quote or an expansion; goes behind it.
    fn special(&mut self, byte: u8, draft: &mut Draft) -> Result<(), Unsure> {
        match byte {
            b'\'' => self.single(draft),
            b'"' => self.double(draft),
            b'\\' => {
                self.at += 1;
                match self.peek() {
                    Some(byte) => draft.push(byte),
                    None => draft.push(b'\\'),
                }
                self.at += 1;
                self.at = self.at.min(self.text.len());
                Ok(())
            }
            b'`' => {
                draft.unknown();
                self.backticks()
            }
            _ => self.dollar(draft, false),
        }
    }

    fn single(&mut self, draft: &mut Draft) -> Result<(), Unsure> {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'\'' {
                return Ok(());
            }
            draft.push(byte);
        }
        Err(unclosed())
    }

    fn double(&mut self, draft: &mut Draft) -> Result<(), Unsure> {
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    self.at += 1;
                    let Some(next) = self.peek() else { break };
                    if !matches!(next, b'$' | b'`' | b'"' | b'\\') {
                        draft.push(b'\\');
                    }
                    draft.push(next);
                    self.at += 1;
                }
                b'`' => {
                    draft.unknown();
                    self.backticks()?;
                }
                b'$' => self.dollar(draft, true)?,
                byte => {
                    draft.push(byte);
                    self.at += 1;
                }
            }
        }
        Err(unclosed())
    }

    fn backticks(&mut self) -> Result<(), Unsure> {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'`' => return Ok(()),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        Err(unclosed())
    }

    /// `$` and what belongs to it.
    fn dollar(&mut self, draft: &mut Draft, quoted: bool) -> Result<(), Unsure> {
        match (self.ahead(1), self.ahead(2)) {
            (Some(b'('), Some(b'(')) => {
                draft.unknown();
                self.arithmetic()
            }
            (Some(b'('), _) => {
                draft.unknown();
                self.at += 2;
                self.deeper(Self::until_bracket)
            }
            (Some(b'{'), _) => {
                draft.unknown();
                self.at += 2;
                self.deeper(|reader| reader.parameter(quoted))
            }
            (Some(b'\'' | b'"'), _) if !quoted => {
                // Its meaning is not the same in all shells; its end is.
                draft.unknown();
                if self.dialect == Dialect::Bash {
                    return Err(Unsure {
                        why: "a $'…' or $\"…\"",
                    });
                }
                self.at += 1;
                Ok(())
            }
            (Some(b'['), _) if self.dialect == Dialect::Bash => Err(Unsure { why: "a $[ … ]" }),
            (Some(next), _) if next == b'_' || next.is_ascii_alphabetic() => {
                draft.unknown();
                self.at += 2;
                while self
                    .peek()
                    .is_some_and(|b| b == b'_' || b.is_ascii_alphanumeric())
                {
                    self.at += 1;
                }
                Ok(())
            }
            (Some(next), _) if next.is_ascii_digit() || b"@*#?-$!".contains(&next) => {
                draft.unknown();
                self.at += 2;
                Ok(())
            }
            _ => {
                draft.push(b'$');
                self.at += 1;
                Ok(())
            }
        }
    }

    /// The rest of `$( … )`.
    fn until_bracket(&mut self) -> Result<(), Unsure> {
        self.list()?;
        if self.peek() != Some(b')') {
            return Err(unclosed());
        }
        self.at += 1;
        Ok(())
    }

    /// The rest of `${ … }`.
    fn parameter(&mut self, quoted: bool) -> Result<(), Unsure> {
        let mut draft = Draft {
            value: Vec::new(),
            known: false,
            bare: false,
        };
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\'' if quoted => self.at += 1,
                b'\'' | b'"' | b'\\' | b'$' | b'`' => self.special(byte, &mut draft)?,
                _ => self.at += 1,
            }
        }
        Err(unclosed())
    }

    /// `$(( … ))`: to its end where that is plain.
    fn arithmetic(&mut self) -> Result<(), Unsure> {
        self.at += 3;
        let mut open = 2_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'\'' | b'"' | b'\\' | b'`' => break,
                _ => {}
            }
            if open == 0 {
                let closed = self.text.get(self.at.saturating_sub(2)) == Some(&b')');
                if closed {
                    return Ok(());
                }
                break;
            }
        }
        Err(Unsure {
            why: "a $(( … )) with more than numbers in it",
        })
    }

    fn before(&self) -> Option<u8> {
        self.text.get(self.at.checked_sub(1)?).copied()
    }
}

/// A quote or bracket without an end.
pub(super) const fn unclosed() -> Unsure {
    Unsure {
        why: "a quote or a bracket that is not closed",
    }
}
