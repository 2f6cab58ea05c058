//! Puts a report between two markers in a text that people keep, and changes
//! nothing else in it. Pure: bytes in, bytes out.

use std::fmt;

/// Begins the part that is replaced.
pub const BEGIN: &str = "<!-- night-watch:begin -->";
/// Ends it.
pub const END: &str = "<!-- night-watch:end -->";

/// Why there is no one place for the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkerFault {
    /// A marker is not there; holds it.
    Missing(&'static str),
    /// A marker is there more than once; holds it and the lines it stands in.
    Twice(&'static str, usize, usize),
    /// The end stands before the beginning; holds the lines of begin and end.
    Reversed(usize, usize),
}

impl fmt::Display for MarkerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(marker) => write!(f, "it has no line {marker}"),
            Self::Twice(marker, a, b) => {
                write!(
                    f,
                    "{marker} stands there more than once, in lines {a} and {b}"
                )
            }
            Self::Reversed(begin, end) => write!(
                f,
                "the end marker (line {end}) stands before the begin marker (line {begin})"
            ),
        }
    }
}

/// The text with `report` between the markers, both of which stay.
///
/// # Errors
/// When there is not exactly one begin marker with exactly one end marker behind
/// it.
pub fn inject(text: &[u8], report: &str) -> Result<Vec<u8>, MarkerFault> {
    let begin = only(text, BEGIN)?;
    let end = only(text, END)?;
    if end < begin {
        return Err(MarkerFault::Reversed(line(text, begin), line(text, end)));
    }
    let behind = begin + BEGIN.len();
    // As the text itself ends its lines.
    let crlf = text[behind..].starts_with(b"\r\n");
    let report = report.trim_end();
    let mut out = Vec::with_capacity(text.len() + report.len() + 16);
    out.extend_from_slice(&text[..behind]);
    let block = format!("\n\n{report}\n\n");
    let block = if crlf {
        block.replace('\n', "\r\n")
    } else {
        block
    };
    out.extend_from_slice(block.as_bytes());
    out.extend_from_slice(&text[end..]);
    Ok(out)
}

/// Where the only occurrence of a marker begins.
fn only(text: &[u8], marker: &'static str) -> Result<usize, MarkerFault> {
    let mut found = text
        .windows(marker.len())
        .enumerate()
        .filter(|(_, window)| *window == marker.as_bytes())
        .map(|(at, _)| at);
    match (found.next(), found.next()) {
        (None, _) => Err(MarkerFault::Missing(marker)),
        (Some(at), None) => Ok(at),
        (Some(a), Some(b)) => Err(MarkerFault::Twice(marker, line(text, a), line(text, b))),
    }
}

fn line(text: &[u8], at: usize) -> usize {
    1 + text[..at].iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let before = b"\xff raw\r\n<!-- night-watch:begin -->old\nold<!-- night-watch:end --> tail";
        let after = inject(before, "new\n").unwrap();
        assert_eq!(
            after,
            b"\xff raw\r\n<!-- night-watch:begin -->\n\nnew\n\n<!-- night-watch:end --> tail"
        );
        // Again and again, the same.
        assert_eq!(inject(&after, "new\n").unwrap(), after);
    }

    #[test]
    fn lines_end_as_in_the_text() {
        let before = b"a\r\n<!-- night-watch:begin -->\r\n<!-- night-watch:end -->\r\n";
        let after = inject(before, "one\ntwo\n").unwrap();
        assert_eq!(
            String::from_utf8(after).unwrap(),
            "a\r\n<!-- night-watch:begin -->\r\n\r\none\r\ntwo\r\n\r\n<!-- night-watch:end -->\r\n"
        );
    }

    #[test]
    fn faults_say_what_and_where() {
        for (text, fault) in [
            ("", "it has no line <!-- night-watch:begin -->"),
            (
                "<!-- night-watch:begin -->",
                "it has no line <!-- night-watch:end -->",
            ),
            (
                "x\n<!-- night-watch:begin -->\n<!-- night-watch:begin -->\n<!-- night-watch:end -->",
                "<!-- night-watch:begin --> stands there more than once, in lines 2 and 3",
            ),
            (
                "<!-- night-watch:begin -->\n<!-- night-watch:end -->\n\n<!-- night-watch:end -->",
                "<!-- night-watch:end --> stands there more than once, in lines 2 and 4",
            ),
            (
                "<!-- night-watch:end -->\n<!-- night-watch:begin -->\n",
                "the end marker (line 1) stands before the begin marker (line 2)",
            ),
        ] {
            let told = inject(text.as_bytes(), "new").unwrap_err();
            assert_eq!(told.to_string(), fault);
        }
    }
}
