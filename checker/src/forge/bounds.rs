//! What a forge would cut or refuse is refused before it is sent.

use super::{Edit, NewIssue};
use crate::error::DeliveryError;

/// The most characters that a forge takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// In a title.
    pub(crate) title: usize,
    /// In a body or a comment.
    pub(crate) text: usize,
}

impl Bounds {
    /// Checks a new issue. `doing` says what is being done, to what.
    pub(crate) fn check_new(self, doing: &str, issue: &NewIssue) -> Result<(), DeliveryError> {
        not_blank(doing, "title", &issue.title)?;
        fits(doing, "title", &issue.title, self.title)?;
        fits(doing, "body", &issue.body, self.text)
    }

    /// Checks a change.
    pub(crate) fn check_edit(self, doing: &str, edit: &Edit) -> Result<(), DeliveryError> {
        if let Some(title) = &edit.title {
            not_blank(doing, "title", title)?;
            fits(doing, "title", title, self.title)?;
        }
        if let Some(body) = &edit.body {
            fits(doing, "body", body, self.text)?;
        }
        Ok(())
    }

    /// Checks a comment.
    pub(crate) fn check_comment(self, doing: &str, body: &str) -> Result<(), DeliveryError> {
        not_blank(doing, "comment", body)?;
        fits(doing, "comment", body, self.text)
    }
}

fn fits(doing: &str, what: &str, text: &str, most: usize) -> Result<(), DeliveryError> {
    let length = text.chars().count();
    if length <= most {
        return Ok(());
    }
    let why = format!("the {what} has {length} characters, more than the {most} allowed");
    Err(DeliveryError::never(doing, why))
}

fn not_blank(doing: &str, what: &str, text: &str) -> Result<(), DeliveryError> {
    if !text.trim().is_empty() {
        return Ok(());
    }
    Err(DeliveryError::never(doing, format!("the {what} is blank")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_counted_in_characters() {
        let bounds = Bounds { title: 3, text: 5 };
        let new = |title: &str, body: &str| {
            let (title, body) = (title.to_owned(), body.to_owned());
            let checked = bounds.check_new(
                "open it",
                &NewIssue {
                    title,
                    body,
                    ..NewIssue::default()
                },
            );
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(new("äöü", "äöüäö"), Ok(()));
        assert!(new("  ", "").unwrap_err().contains("the title is blank"));
        assert!(new("abcd", "").unwrap_err().contains("4 characters"));
        assert!(new("a", "abcdef").unwrap_err().contains("the 5 allowed"));
        assert!(bounds.check_comment("say it", "\n ").is_err());
        assert_eq!(bounds.check_edit("change it", &Edit::default()), Ok(()));
    }
}
