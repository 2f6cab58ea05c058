//! One issue as one markdown file: reading and writing its text, nothing else.
//!
//! ```text
//! ---
//! number: 1
//! title: "[heartbeat-checker] db_backup is silent on bezalel"
//! state: open
//! settled: open
//! author: beat-check
//! created: 2026-11-22T02:15:00.000Z
//! updated: 2026-11-22T02:15:00.000Z
//! labels: ["heartbeat"]
//! ---
//!
//! The body, byte for byte.
//!
//! #### Comment by beat-check at 2026-11-22T02:30:00.000Z <!-- heartbeat-comment -->
//!
//! The comment, byte for byte.
//! ```
//!
//! `settled` is the state in which the checker last left the file. A person may
//! change `state` or move the file to the other folder: whichever of the two is
//! no longer as settled is the change.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::forge::State;

/// How the line above a comment begins and ends.
const COMMENT_BEGIN: &str = "#### Comment by ";
const COMMENT_END: &str = " <!-- heartbeat-comment -->";

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) author: String,
    pub(super) at: String,
    pub(super) body: String,
}

/// The text of one file, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) settled: Option<State>,
    pub(super) author: String,
    pub(super) created: Option<DateTime<Utc>>,
    pub(super) updated: Option<DateTime<Utc>>,
    pub(super) closed_at: Option<DateTime<Utc>>,
    /// Lines of the head that mean nothing to us; people's own are kept.
    pub(super) other: Vec<String>,
    pub(super) body: String,
    pub(super) comments: Vec<Comment>,
}

impl Page {
    /// The state that people see, given the folder in which the file lies.
    pub(super) fn state_in(&self, folder: State) -> State {
        match self.settled {
            Some(settled) if self.state == settled && folder == settled => settled,
            Some(State::Open) => State::Closed,
            Some(State::Closed) => State::Open,
            // Not by us: closed as soon as either says so.
            None if self.state == State::Open && folder == State::Open => State::Open,
            None => State::Closed,
        }
    }

    /// The text of the file.
    pub(super) fn render(&self) -> String {
        let mut text = String::from("---\n");
        let mut line = |key: &str, value: &str| {
            text.push_str(key);
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        };
        line("number", &self.number.to_string());
        line("title", &quoted(&self.title));
        line("state", name_of(self.state));
        if let Some(settled) = self.settled {
            line("settled", name_of(settled));
        }
        line("author", &quoted_if_odd(&self.author));
        let times = [
            ("created", self.created),
            ("updated", self.updated),
            ("closed_at", self.closed_at),
        ];
        for (key, time) in times {
            if let Some(time) = time {
                line(key, &stamp(time));
            }
        }
        for other in &self.other {
            text.push_str(other);
            text.push('\n');
        }
        text.push_str("---\n\n");
        push_escaped(&mut text, &self.body);
        for comment in &self.comments {
            text.push_str("\n\n");
            text.push_str(COMMENT_BEGIN);
            text.push_str(&quoted_if_odd(&comment.author));
            text.push_str(" at ");
            text.push_str(&comment.at);
            text.push_str(COMMENT_END);
            text.push_str("\n\n");
            push_escaped(&mut text, &comment.body);
        }
        text.push('\n');
        text
    }

    /// Takes the text of a file apart.
    ///
    /// # Errors
    /// In words, why it is no issue.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (head, rest) = split_head(text).ok_or("it does not begin with a head between `---`")?;
        let mut number = None;
        let mut title = None;
        let mut state = None;
        let mut page = Self {
            number: 0,
            title: String::new(),
            state: State::Open,
            settled: None,
            author: String::new(),
            created: None,
            updated: None,
            closed_at: None,
            other: Vec::new(),
            body: String::new(),
            comments: Vec::new(),
        };
        for line in head.lines() {
            let (key, value) = line.split_once(':').unwrap_or(("", line));
            let value = value.trim();
            match key {
                "number" => number = value.parse().ok().filter(|number| *number > 0),
                "title" => title = Some(unquoted(value)),
                "state" => state = state_of(value),
                "settled" => page.settled = state_of(value),
                "author" => page.author = unquoted(value),
                "created" => page.created = time(value),
                "updated" => page.updated = time(value),
                "closed_at" => page.closed_at = time(value),
                _ => page.other.push(line.trim_end().to_owned()),
            }
        }
        page.number = number.ok_or("its head has no `number`")?;
        page.title = title.ok_or("its head has no `title`")?;
        page.state = state.ok_or("its head has no `state: open` or `state: closed`")?;
        (page.body, page.comments) = split_comments(rest);
        Ok(page)
    }
}

/// A time as it stands in a file.
pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}

/// The word for a state.
pub(super) fn name_of(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Closed => "closed",
    }
}

fn state_of(text: &str) -> Option<State> {
    match unquoted(text).to_ascii_lowercase().as_str() {
        "open" => Some(State::Open),
        "closed" => Some(State::Closed),
        _ => None,
    }
}

/// As a JSON string, which is a YAML string too.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn quoted_if_odd(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.trim_matches('\'').to_owned())
}

/// The head between two lines `---`, and what follows the empty line after it.
fn split_head(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = rest.strip_prefix("---")?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let head = rest.get(..start)?;
            let body = rest.get(start + line.len()..)?;
            let body = body.strip_prefix('\n').or(body.strip_prefix("\r\n"));
            return Some((head, body.unwrap_or(rest.get(start + line.len()..)?)));
        }
        start += line.len();
    }
    None
}

/// Whether a line stands above a comment, or would without its backslashes.
fn like_a_heading(line: &str) -> bool {
    let line = line.trim_start_matches('\\').trim_end();
    line.starts_with(COMMENT_BEGIN) && line.ends_with(COMMENT_END)
}

fn heading(line: &str) -> Option<(String, String)> {
    let line = line.trim_end();
    let inner = line
        .strip_prefix(COMMENT_BEGIN)?
        .strip_suffix(COMMENT_END)?;
    let (author, at) = inner.rsplit_once(" at ")?;
    time(at)?;
    Some((unquoted(author), at.to_owned()))
}

/// Adds a text; a line in it that looks like one above a comment gets a
/// backslash.
fn push_escaped(to: &mut String, text: &str) {
    for line in text.split_inclusive('\n') {
        if like_a_heading(line) {
            to.push('\\');
        }
        to.push_str(line);
    }
}

/// Takes body and comments apart. Around each heading lies one empty line that
/// belongs to neither; the last line's end does not belong to the text.
fn split_comments(text: &str) -> (String, Vec<Comment>) {
    let mut pieces: Vec<(Option<(String, String)>, String)> = vec![(None, String::new())];
    let mut after_heading = false;
    for line in text.split_inclusive('\n') {
        if let Some(found) = heading(line) {
            if let Some((_, piece)) = pieces.last_mut() {
                strip_line_end(piece);
                strip_line_end(piece);
            }
            pieces.push((Some(found), String::new()));
            after_heading = true;
            continue;
        }
        let between = after_heading && matches!(line, "\n" | "\r\n");
        after_heading = false;
        if between {
            continue;
        }
        if let Some((_, piece)) = pieces.last_mut() {
            let plain = like_a_heading(line)
                .then(|| line.strip_prefix('\\'))
                .flatten();
            piece.push_str(plain.unwrap_or(line));
        }
    }
    if let Some((_, piece)) = pieces.last_mut() {
        strip_line_end(piece);
    }
    let mut body = String::new();
    let mut comments = Vec::new();
    for (heading, text) in pieces {
        match heading {
            None => body = text,
            Some((author, at)) => comments.push(Comment {
                author,
                at,
                body: text,
            }),
        }
    }
    (body, comments)
}

fn strip_line_end(text: &mut String) {
    if text.ends_with('\n') {
        text.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(body: &str, comments: &[&str]) -> Page {
        let at = "2026-11-22T02:15:00.000Z";
        Page {
            number: 7,
            title: "a \"b\": [c] # d\\".to_owned(),
            state: State::Closed,
            settled: Some(State::Open),
            author: "beat-check".to_owned(),
            created: time(at),
            updated: time(at),
            closed_at: None,
            other: vec!["labels: [\"heartbeat\"]".to_owned(), "# mine".to_owned()],
            body: body.to_owned(),
            comments: comments
                .iter()
                .map(|text| Comment {
                    author: "beat-check".to_owned(),
                    at: at.to_owned(),
                    body: (*text).to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn a_file_reads_well() {
        let text = page(
            "<!-- heartbeat-checker {} -->\nIt is silent.\n",
            &["Still silent."],
        )
        .render();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn every_text_comes_back_byte_for_byte() {
        let heading = "#### Comment by x at 2026-11-22T02:15:00Z <!-- heartbeat-comment -->";
        let texts = [
            "",
            "a",
            "a\n",
            "\n\na\n\n\n",
            "a\r\nb\r\n",
            "---\n",
            heading,
            &format!("{heading}\n"),
            &format!("a\n\\{heading}\r\n\\\\{heading}\nb"),
            "#### Comment by nobody <!-- heartbeat-comment -->",
        ];
        for body in texts {
            for comment in texts {
                for page in [
                    page(body, &[]),
                    page(body, &[comment]),
                    page(body, &[comment, body]),
                ] {
                    assert_eq!(
                        Page::parse(&page.render()),
                        Ok(page),
                        "{body:?} {comment:?}"
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            body in "([\\\\# \na-c\r]|#### Comment by x at 2026-11-22T02:15:00Z <!-- heartbeat-comment -->|---\n){0,12}",
            comment in "([\\\\ \n\r\u{2028}é]|#### Comment by y at 2026-11-22T02:15:00Z <!-- heartbeat-comment -->){0,8}",
            title in "\\PC{1,20}",
        ) {
            let mut page = page(&body, &[&comment, &body]);
            page.title = title;
            prop_assert_eq!(Page::parse(&page.render()), Ok(page));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(---\n|number: 1\n|title: x\n|state: open\n|\\PC{0,5}|\n){0,12}") {
            if let Ok(page) = Page::parse(&text) {
                prop_assert_eq!(Page::parse(&page.render()).unwrap().body, page.body);
            }
        }
    }

    #[test]
    fn a_person_may_write_it_by_hand() {
        let text = "---\r\nnumber: 3\r\ntitle: Printer: on fire\r\nstate: 'open'\r\nmine: yes\r\n---\r\nHelp\r\n";
        let page = Page::parse(text).unwrap();
        assert_eq!(page.title, "Printer: on fire");
        assert_eq!(page.author, "");
        assert_eq!(page.other, ["mine: yes"]);
        assert_eq!(page.body, "Help\r");
    }

    #[test]
    fn what_is_no_issue_is_told() {
        let cases = [
            ("", "head between"),
            ("# Notes\n", "head between"),
            ("---\nnumber: 1\n", "head between"),
            ("---\ntitle: x\nstate: open\n---\n", "`number`"),
            ("---\nnumber: 0\ntitle: x\nstate: open\n---\n", "`number`"),
            ("---\nnumber: -1\ntitle: x\nstate: open\n---\n", "`number`"),
            ("---\nnumber: 1\nstate: open\n---\n", "`title`"),
            (
                "---\nnumber: 1\ntitle: x\nstate: ajar\n---\n",
                "`state: open`",
            ),
        ];
        for (text, why) in cases {
            assert!(Page::parse(text).unwrap_err().contains(why), "{text:?}");
        }
    }

    #[test]
    fn the_newest_change_of_state_counts() {
        use State::{Closed, Open};
        let cases = [
            // settled, state, folder: what it is
            (Some(Open), Open, Open, Open),
            (Some(Open), Closed, Open, Closed),
            (Some(Open), Open, Closed, Closed),
            (Some(Open), Closed, Closed, Closed),
            (Some(Closed), Closed, Closed, Closed),
            (Some(Closed), Open, Closed, Open),
            (Some(Closed), Closed, Open, Open),
            (Some(Closed), Open, Open, Open),
            (None, Open, Open, Open),
            (None, Open, Closed, Closed),
            (None, Closed, Open, Closed),
        ];
        for (settled, state, folder, seen) in cases {
            let page = Page {
                settled,
                state,
                ..page("", &[])
            };
            assert_eq!(
                page.state_in(folder),
                seen,
                "{settled:?} {state:?} {folder:?}"
            );
        }
    }
}
