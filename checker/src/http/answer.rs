//! An answer, and the one line of it that may be shown to people.

use serde::de::DeserializeOwned;

/// Most characters of a foreign text that are shown.
const SHOWN_CHARACTERS: usize = 200;

/// An answer, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that are text, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Where the call was led to by redirects, for people.
    pub moved_to: Option<String>,
}

impl Answer {
    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// What came instead, for [`super::Http::call`] to report.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|fault| {
            let status = self.status;
            if self.body.is_empty() {
                format!("answered {status} with nothing in it")
            } else if fault.is_data() {
                format!("answered {status} with JSON of another shape: {fault}")
            } else {
                format!("answered {status} with something that is no JSON, or half of it")
            }
        })
    }

    /// What an error answer says, in one line: the message of a JSON body, the
    /// title of a page, else its text. `redact` takes secrets out, before the
    /// line is cut.
    #[must_use]
    pub fn said(&self, redact: &dyn Fn(&str) -> String) -> String {
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&self.body) {
            return one_line(&redact(&message(&json)));
        }
        let text = redact(&String::from_utf8_lossy(&self.body));
        let text = text.trim();
        if !text.starts_with('<') {
            return one_line(text);
        }
        let lower = text.to_ascii_lowercase();
        let title = lower
            .find("<title>")
            .map(|start| start + "<title>".len())
            .and_then(|start| {
                let end = lower.get(start..)?.find("</title>")?;
                text.get(start..start + end)
            });
        one_line(title.unwrap_or("a page of HTML"))
    }
}

/// The part of a JSON error that is for people.
fn message(json: &serde_json::Value) -> String {
    use serde_json::Value;
    match json {
        Value::Object(fields) => {
            let keys = ["message", "error_description", "error", "errors"];
            let mut found = keys.iter().filter_map(|key| fields.get(*key));
            match found.find(|value| !value.is_null()) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            }
        }
        Value::String(text) => text.clone(),
        Value::Array(_) => json.to_string(),
        _ => String::new(),
    }
}

/// A foreign text as one short line: control characters and those that turn the
/// reading direction become spaces, runs of white space one space.
#[must_use]
pub fn one_line(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut line = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || odd(c)) {
        if word.is_empty() {
            continue;
        }
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for character in word.chars() {
            if count >= SHOWN_CHARACTERS {
                line.push('…');
                return line;
            }
            line.push(character);
            count += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer {
            status: 500,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            moved_to: None,
        }
    }

    #[test]
    fn one_line_of_whatever_came() {
        let cases = [
            ("", ""),
            (r#"{"message":"no\nscope","url":"x"}"#, "no scope"),
            (
                r#"{"message":{"title":["is too long"]}}"#,
                r#"{"title":["is too long"]}"#,
            ),
            (
                r#"{"error":"invalid_token","error_description":"revoked"}"#,
                "revoked",
            ),
            (r#"{"message":null,"errors":["a"]}"#, r#"["a"]"#),
            (r#"{"other":1}"#, ""),
            ("404 page not found\n", "404 page not found"),
            ("<html><head><TITLE>Bad\tGateway</TITLE>", "Bad Gateway"),
            ("<h1>502</h1>", "a page of HTML"),
            ("<title>İ", "a page of HTML"),
            ("a\u{1b}[31mred\u{202e}x\0", "a [31mred x"),
        ];
        for (body, said) in cases {
            assert_eq!(answer(body).said(&str::to_owned), said, "{body}");
        }
        let long = answer(&"ä".repeat(500)).said(&str::to_owned);
        assert_eq!(long.chars().count(), SHOWN_CHARACTERS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_secret_is_gone_before_the_line_is_cut() {
        let body = format!("{}tok3n-value", "x".repeat(195));
        let said = answer(&body).said(&|text| text.replace("tok3n-value", "(secret)"));
        assert!(!said.contains("tok"), "{said}");
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        let read = |body: &str| answer(body).json::<Vec<u32>>().unwrap_err();
        assert_eq!(read(""), "answered 500 with nothing in it");
        assert!(read("<p>").contains("no JSON"));
        assert!(read("[1, 2").contains("half of it"));
        assert!(read(r#"{"a":1}"#).contains("another shape"));
    }
}
