//! Names of jobs. A name is part of a path, of a title and of a metric label, so
//! what is allowed is narrow and the refusal says which character is at fault.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest name, in bytes.
pub(crate) const MAX_LEN: usize = 100;

/// A checked job name: `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`. A copy shares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(Arc<str>);

impl JobName {
    /// Checks a name.
    ///
    /// # Errors
    /// Says which character is at fault and offers a safe name.
    pub fn new(name: &str) -> Result<Self, JobNameError> {
        match fault(name) {
            None => Ok(Self(name.into())),
            Some(fault) => Err(JobNameError {
                given: name.to_owned(),
                fault,
            }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text would be accepted, without allocating.
    #[must_use]
    pub fn is_valid(name: &str) -> bool {
        fault(name).is_none()
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for JobName {
    type Err = JobNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::new(name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Empty,
    First(char),
    Character(char, usize),
    Length(usize),
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn fault(name: &str) -> Option<Fault> {
    let Some(first) = name.bytes().next() else {
        return Some(Fault::Empty);
    };
    if let Some(at) = name.bytes().position(|byte| !allowed(byte)) {
        // What stands before it is ASCII, so it is the character of that number, too.
        let rest = name.get(at..).unwrap_or_default();
        return rest.chars().next().map(|c| Fault::Character(c, at + 1));
    }
    if !first.is_ascii_alphanumeric() {
        return Some(Fault::First(first.into()));
    }
    (name.len() > MAX_LEN).then_some(Fault::Length(name.len()))
}

/// Why a job name was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobNameError {
    given: String,
    fault: Fault,
}

impl JobNameError {
    /// A name close to the refused one that would be accepted.
    #[must_use]
    pub fn suggestion(&self) -> String {
        let mut out = String::new();
        for c in self.given.chars() {
            if c.is_ascii() && allowed(c as u8) {
                out.push(c);
            } else if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            if out.len() == MAX_LEN {
                break;
            }
        }
        let trimmed = out
            .trim_start_matches(|c: char| !c.is_ascii_alphanumeric())
            .trim_end_matches('_');
        if trimmed.is_empty() {
            "my_job".to_owned()
        } else {
            trimmed.to_owned()
        }
    }

    /// The refused name, shortened and with control characters made visible.
    fn shown(&self) -> String {
        let mut short: String = self.given.chars().take(60).collect();
        if short.len() < self.given.len() {
            short.push('…');
        }
        format!("{short:?}")
    }
}

impl fmt::Display for JobNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown();
        match self.fault {
            Fault::Empty => f.write_str("the job name is empty"),
            Fault::First(c) => write!(
                f,
                "job name {shown} starts with {c:?}; it must start with a letter or a digit"
            ),
            Fault::Character(c, at) => write!(
                f,
                "job name {shown} has {c:?} at position {at}; allowed are letters, digits, \".\", \"_\" and \"-\""
            ),
            Fault::Length(len) => write!(
                f,
                "job name {shown} is {len} characters long; at most {MAX_LEN} are allowed"
            ),
        }
    }
}

impl std::error::Error for JobNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_as_it_is() {
        let name = JobName::new("db_backup").unwrap();
        assert_eq!(format!("{name} {name:?}"), "db_backup \"db_backup\"");
    }

    #[test]
    fn names_that_are_taken() {
        for name in ["a", "9", "db_backup", "a.b-c_d", &"x".repeat(100)] {
            assert_eq!(JobName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn refusals_name_the_fault_and_offer_a_name() {
        let table = [
            ("", "the job name is empty", "my_job"),
            (
                "a/b",
                r#"job name "a/b" has '/' at position 2; allowed are letters, digits, ".", "_" and "-""#,
                "a_b",
            ),
            (
                "..",
                r#"job name ".." starts with '.'; it must start with a letter or a digit"#,
                "my_job",
            ),
            (
                ".hidden",
                r#"job name ".hidden" starts with '.'; it must start with a letter or a digit"#,
                "hidden",
            ),
            (
                "my job",
                r#"job name "my job" has ' ' at position 3; allowed are letters, digits, ".", "_" and "-""#,
                "my_job",
            ),
            (
                "a, b",
                r#"job name "a, b" has ',' at position 2; allowed are letters, digits, ".", "_" and "-""#,
                "a_b",
            ),
            (
                "a\nb",
                r#"job name "a\nb" has '\n' at position 2; allowed are letters, digits, ".", "_" and "-""#,
                "a_b",
            ),
            (
                "🦀🦀",
                r#"job name "🦀🦀" has '🦀' at position 1; allowed are letters, digits, ".", "_" and "-""#,
                "my_job",
            ),
        ];
        for (name, message, suggestion) in table {
            let error = JobName::new(name).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(error.suggestion(), suggestion);
        }
        let error = JobName::new(&"x".repeat(200)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "job name \"{}…\" is 200 characters long; at most 100 are allowed",
                "x".repeat(60)
            )
        );
        assert!(JobName::is_valid(&error.suggestion()));
    }

    proptest::proptest! {
        #[test]
        fn a_suggestion_is_always_a_name(given in ".{0,300}") {
            if let Err(error) = JobName::new(&given) {
                proptest::prop_assert!(JobName::is_valid(&error.suggestion()));
            }
        }
    }
}
