//! What is wrong, and what to do about it: a code that stays the same, a sentence, the
//! fix.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::error::shown;

/// Where something is defined.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file, as it is called inside the tree.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: impl Into<Arc<Path>>) -> Self {
        Self {
            file: file.into(),
            line: None,
        }
    }

    /// A line of a file.
    #[must_use]
    pub fn line(file: &Arc<Path>, line: u32) -> Self {
        Self {
            file: Arc::clone(file),
            line: Some(line),
        }
    }
}

// By bytes: paths compared part by part take most of the time of a large host.
impl Place {
    fn key(&self) -> (&[u8], Option<u32>) {
        (self.file.as_os_str().as_bytes(), self.line)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.file))?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// Findings, sorted by their places, that are asked for by place. Fast where one place
/// after the other is of the same file.
#[derive(Debug, Clone)]
pub struct ByPlace<'a> {
    all: &'a [Finding],
    last: Option<(&'a Arc<Path>, &'a [Finding])>,
}

impl<'a> ByPlace<'a> {
    /// Of findings that are sorted.
    #[must_use]
    pub fn new(all: &'a [Finding]) -> Self {
        Self { all, last: None }
    }

    /// The findings at a place.
    pub fn at(&mut self, place: &'a Place) -> &'a [Finding] {
        let known = self.last.filter(|(file, _)| Arc::ptr_eq(file, &place.file));
        let (_, here) = known.unwrap_or_else(|| {
            let file = |of: &Place| of.key().0.cmp(place.key().0);
            (&place.file, those(self.all, file))
        });
        self.last = Some((&place.file, here));
        those(here, |of| of.line.cmp(&place.line))
    }
}

/// Those of sorted findings whose places are equal in an order.
fn those(sorted: &[Finding], order: impl Fn(&Place) -> Ordering) -> &[Finding] {
    let from = sorted.partition_point(|finding| order(&finding.place).is_lt());
    let rest = &sorted[from..];
    &rest[..rest.partition_point(|finding| order(&finding.place).is_eq())]
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A word that stays the same for this kind of finding.
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What is wrong: a sentence.
    pub says: Arc<str>,
    /// What to do: a sentence.
    pub fix: Arc<str>,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(
        code: &'static str,
        place: Place,
        says: impl Into<Arc<str>>,
        fix: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            code,
            place,
            says: says.into(),
            fix: fix.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_found_by_their_place() {
        let file = |name: &str| -> Arc<Path> { Path::new(name).into() };
        let (a, b, none) = (file("/a"), file("/b"), file("/aa"));
        let places = [
            Place::file(Arc::clone(&a)),
            Place::line(&a, 2),
            Place::line(&a, 2),
            Place::line(&file("/a"), 3),
            Place::line(&b, 2),
        ];
        let all: Vec<Finding> = places
            .iter()
            .enumerate()
            .map(|(at, place)| Finding::new("x", place.clone(), at.to_string(), ""))
            .collect();
        let asked = [
            (Place::line(&a, 2), "12"),
            (Place::line(&a, 3), "3"),
            (Place::line(&a, 1), ""),
            (Place::line(&b, 2), "4"),
            (Place::file(Arc::clone(&b)), ""),
            (Place::line(&none, 2), ""),
            (Place::file(Arc::clone(&a)), "0"),
            (Place::line(&a, 9), ""),
        ];
        let mut by_place = ByPlace::new(&all);
        for (place, expected) in &asked {
            let found: Vec<&str> = by_place.at(place).iter().map(|f| &*f.says).collect();
            assert_eq!(found.concat(), *expected, "{place}");
        }
    }
}
