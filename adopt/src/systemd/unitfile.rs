//! The text of a unit file or drop-in, as settings with the line of each. Knows the
//! syntax (`systemd.syntax(7)`), nothing of what a setting means.

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `Unit`, `Timer`, …
    pub section: Box<str>,
    /// Its name.
    pub key: Box<str>,
    /// Its value, continued lines joined, without blanks at the ends.
    pub value: Box<str>,
    /// The line on which it begins, from 1.
    pub line: u32,
}

/// Reads the settings of a file. Lines that are none are passed over, as systemd does
/// (with a warning in its journal).
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<Setting> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut settings = Vec::new();
    let mut section = String::new();
    let mut lines = (1u32..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            // Comments in between are left out; the next line goes on.
            let next = lines.find(|(_, next)| !next.trim_start().starts_with(['#', ';']));
            let Some((_, next)) = next else { break };
            whole.push(' ');
            whole.push_str(next.trim());
        }
        if let Some(name) = whole.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = whole.split_once('=') {
            settings.push(Setting {
                section: section.as_str().into(),
                key: key.trim().into(),
                value: value.trim().into(),
                line: number,
            });
        }
    }
    settings
}

/// Parts of a name of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitName<'a> {
    /// Before the `@` or the last dot.
    pub prefix: &'a str,
    /// Between `@` and the last dot: `None` for a plain unit, empty for a template.
    pub instance: Option<&'a str>,
    /// After the last dot: `timer`.
    pub ending: &'a str,
}

impl<'a> UnitName<'a> {
    /// Takes a name apart. `None` where it can name no unit.
    #[must_use]
    pub fn of(name: &'a str) -> Option<Self> {
        let (stem, ending) = name.rsplit_once('.')?;
        let sound = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
        if stem.is_empty() || stem.starts_with('@') || !name.chars().all(sound) {
            return None;
        }
        Some(match stem.split_once('@') {
            Some((prefix, instance)) => Self {
                prefix,
                instance: Some(instance),
                ending,
            },
            None => Self {
                prefix: stem,
                instance: None,
                ending,
            },
        })
    }

    /// The name of its template, for an instance.
    #[must_use]
    pub fn template(&self) -> Option<String> {
        self.instance
            .filter(|instance| !instance.is_empty())
            .map(|_| format!("{}@.{}", self.prefix, self.ending))
    }

    /// Whether it is a template.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.instance == Some("")
    }
}

/// Puts in the specifiers that occur in timers: `%i`, `%I`, `%j`, `%J`, `%n`, `%N`,
/// `%p`, `%P` and `%%`. Others stay as they are.
#[must_use]
pub fn expand(value: &str, unit: &str) -> String {
    if !value.contains('%') {
        return value.to_owned();
    }
    let Some(name) = UnitName::of(unit) else {
        return value.to_owned();
    };
    let instance = name.instance.unwrap_or_default();
    let last = |text: &str| text.rsplit('-').next().unwrap_or_default().to_owned();
    let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('i') => out.push_str(instance),
            Some('I') => out.push_str(&unescape(instance)),
            Some('j') => out.push_str(&last(name.prefix)),
            Some('J') => out.push_str(&unescape(&last(name.prefix))),
            Some('n') => out.push_str(unit),
            Some('N') => out.push_str(stem),
            Some('p') => out.push_str(name.prefix),
            Some('P') => out.push_str(&unescape(name.prefix)),
            Some('%') => out.push('%'),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
    }
    out
}

/// Undoes the escapes of unit names: `-` is `/`, `\x2d` is `-`.
fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = rest.strip_prefix("\\x").and_then(|hex| hex.get(..2));
        let byte = code.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte {
            out.push(byte);
            rest = &rest[4..];
            continue;
        }
        let c = if c == '-' { '/' } else { c };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[rest.chars().next().map_or(1, char::len_utf8)..];
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Whether a text of systemd's says yes.
#[must_use]
pub fn truth(value: &str) -> bool {
    matches!(
        value.to_ascii_lowercase().as_str(),
        "1" | "yes" | "y" | "true" | "t" | "on"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_their_lines() {
        let text = b"\xef\xbb\xbf# head\n\n[Unit]\nDescription = a b \\\n  # in between\n  c\r\n\
            nonsense\n[Timer]\nOnCalendar=\nOnCalendar=Mon *-*-* 02:00\n; note\nUnit=x.service \\";
        let found: Vec<String> = parse(text)
            .iter()
            .map(|s| format!("{} {}.{}={}", s.line, s.section, s.key, s.value))
            .collect();
        assert_eq!(
            found,
            [
                "4 Unit.Description=a b  c",
                "9 Timer.OnCalendar=",
                "10 Timer.OnCalendar=Mon *-*-* 02:00",
                "12 Timer.Unit=x.service",
            ]
        );
    }

    #[test]
    fn names() {
        let of = |name| UnitName::of(name).map(|n| (n.prefix, n.instance, n.ending));
        assert_eq!(of("a.timer"), Some(("a", None, "timer")));
        assert_eq!(of("a.b@c.d.timer"), Some(("a.b", Some("c.d"), "timer")));
        assert_eq!(of("a@.timer"), Some(("a", Some(""), "timer")));
        for none in ["", "timer", ".timer", "@x.timer", "a b.timer", "a/b.timer"] {
            assert_eq!(of(none), None, "{none}");
        }
        let template = UnitName::of("a@b.timer").unwrap().template();
        assert_eq!(template.as_deref(), Some("a@.timer"));
        assert!(UnitName::of("a@.timer").unwrap().is_template());
    }

    #[test]
    fn specifiers() {
        for (value, expected) in [
            ("plain", "plain"),
            ("%i.service", "var-lib.service"),
            ("%I", "var/lib"),
            (
                "%p@%i %n %N %%",
                "x-y@var-lib x-y@var-lib.timer x-y@var-lib %",
            ),
            ("%j %P %h %", "y x/y %h %"),
        ] {
            assert_eq!(expand(value, "x-y@var-lib.timer"), expected);
        }
        assert_eq!(expand("%I", "x@a\\x2db.timer"), "a-b");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_value_is_expanded(value: String, instance: String) {
            let _ = expand(&value, &format!("a@{instance}.timer"));
            let _ = unescape(&value);
        }
    }
}
