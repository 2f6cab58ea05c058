//! Crontabs in tables: what Debian's cron makes of each line, and that no byte is lost.

use proptest::prelude::*;

use super::*;

/// A line in few words, for tables.
fn told(text: &[u8], dialect: Dialect) -> Vec<String> {
    let tab = Crontab::parse(text, dialect);
    let line = |line: &Line| match &line.kind {
        Kind::Blank => "blank".to_owned(),
        Kind::Comment => "comment".to_owned(),
        Kind::Setting(Setting { name, value }) => format!(
            "{} := {}",
            String::from_utf8_lossy(name),
            String::from_utf8_lossy(value)
        ),
        Kind::Job(job) => {
            let user = job.user.as_ref().map(|user| tab.shown(user));
            let input = job.input.as_ref().map(|input| tab.shown(input));
            format!(
                "[{}]{}{}{}",
                tab.schedule(&job.when),
                user.map_or(String::new(), |user| format!(" ({user})")),
                format_args!(" {{{}}}", tab.shown(&job.command)),
                input.map_or(String::new(), |input| format!(" <{input}>")),
            )
        }
        Kind::Malformed(why) => format!("! {why}"),
    };
    tab.lines().iter().map(line).collect()
}

fn user(text: &str) -> String {
    told(text.as_bytes(), Dialect::User).join("|")
}

fn system(text: &str) -> String {
    told(text.as_bytes(), Dialect::System).join("|")
}

#[test]
fn kinds_of_lines() {
    for (text, expected) in [
        ("\n", "blank"),
        (" \t \n", "blank"),
        ("# x\n", "comment"),
        (" \t# x", "comment"),
        ("* * * * * a\n", "[* * * * *] {a}"),
        (" \t*\t*  * * *  a b \n", "[* * * * *] {a b }"),
        ("@daily a\n", "[@daily] {a}"),
        ("@reboot\ta\n", "[@reboot] {a}"),
        (
            "0 2 1,15 jan-MAR/2 mon-fri a\n",
            "[0 2 1,15 jan-MAR/2 mon-fri] {a}",
        ),
        ("5! * * * * a\n", "[5! * * * *] {a}"),
        ("*5 * * * * a\n", "[*5 * * * *] {a}"),
        ("9-3 * * * * a\n", "[9-3 * * * *] {a}"),
        ("* * * * *\n", "[* * * * *] {}"),
        ("* * * * * a%b%c\n", "[* * * * *] {a} <b%c>"),
        ("* * * * * a\\%b\n", "[* * * * *] {a\\%b}"),
        ("* * * * * a\\\\%b\n", "[* * * * *] {a\\\\} <b>"),
        ("* * * * * a%\n", "[* * * * *] {a} <>"),
        ("* * * * * a\r\n", "[* * * * *] {a\r}"),
        (
            "60 * * * * a\n",
            "! the minute \"60\" is none that cron knows",
        ),
        (
            "* 5/15 * * * a\n",
            "! the hour \"5/15\" is none that cron knows",
        ),
        (
            "* * 0 * * a\n",
            "! the day of the month \"0\" is none that cron knows",
        ),
        (
            "* * * foo * a\n",
            "! the month \"foo\" is none that cron knows",
        ),
        (
            "* * * * 8 a\n",
            "! the day of the week \"8\" is none that cron knows",
        ),
        (
            "*/0 * * * * a\n",
            "! the minute \"*/0\" is none that cron knows",
        ),
        ("\r\n", "! the minute \"\\r\" is none that cron knows"),
        (
            "- * * * * a\n",
            "! the minute \"-\" is none that cron knows",
        ),
        ("* * *\n", "! the line ends before the month"),
        ("@dayly a\n", "! \"@dayly\" is no time that cron knows"),
        ("@Daily a\n", "! \"@Daily\" is no time that cron knows"),
        (
            "* * * * * * a\n",
            "! a sixth field of time is where the command should be; cron has five",
        ),
        ("* * * * * a", "! the last line does not end in a newline"),
        ("A=b", "! the last line does not end in a newline"),
        ("* * * * * a\0b\n", "! there is a NUL byte in the line"),
    ] {
        assert_eq!(user(text), expected, "{text:?}");
    }
}

#[test]
fn lines_with_a_user() {
    for (text, expected) in [
        ("* * * * * root a b\n", "[* * * * *] (root) {a b}"),
        ("@daily  root\t\ta\n", "[@daily] (root) {a}"),
        ("* * * * * root \n", "[* * * * *] (root) {}"),
        ("* * * * * * a\n", "[* * * * *] (*) {a}"),
        ("* * * * * root\n", "! the line ends before the command"),
        ("* * * * *\n", "! the line ends before the user"),
        ("@daily\n", "! the line ends before the user"),
    ] {
        assert_eq!(system(text), expected, "{text:?}");
    }
}

#[test]
fn settings() {
    for (text, expected) in [
        ("A=b", "A := b"),
        ("  A = b c \t", "A := b c"),
        ("A=b\r", "A := b"),
        ("A=\"b c \" ", "A := b c"),
        ("A=' b'", "A :=  b"),
        ("A=\"\"", "A := "),
        ("\"A B\"='c'", "A B := c"),
        ("A=b'c'", "A := b'c'"),
        ("A=\"'b'\"", "A := b"),
        ("A=b=c", "A := b=c"),
        ("A=b # c", "A := b # c"),
        ("A=$B", "A := $B"),
        ("=b", " := b"),
        // No settings: cron takes them for jobs, and finds none.
        ("A=", "! the minute \"A=\" is none that cron knows"),
        ("A='b' c", "! the minute \"A='b'\" is none that cron knows"),
        ("A='b", "! the minute \"A='b\" is none that cron knows"),
        ("A B=c", "! the minute \"A\" is none that cron knows"),
        ("'A=b'", "! the minute \"'A=b'\" is none that cron knows"),
        ("* * * * * A=b c", "[* * * * *] {A=b c}"),
    ] {
        assert_eq!(user(&format!("{text}\n")), expected, "{text:?}");
    }
}

#[test]
fn a_setting_counts_for_the_lines_after_it() {
    let text =
        b"* * * * * a\nSHELL=/bin/bash\n* * * * * b\nSHELL=/bin/dash\nPATH=/x\n* * * * * c\n";
    let tab = Crontab::parse(text, Dialect::User);
    let seen: Vec<_> = tab
        .jobs()
        .map(|found| {
            let show = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
            (
                found.line.number,
                show(found.settings.shell()),
                show(found.settings.path()),
            )
        })
        .collect();
    let row = |line, shell: &str, path: &str| (line, shell.to_owned(), path.to_owned());
    assert_eq!(
        seen,
        [
            row(1, "/bin/sh", "/usr/bin:/bin"),
            row(3, "/bin/bash", "/usr/bin:/bin"),
            row(6, "/bin/dash", "/x"),
        ]
    );
}

#[test]
fn a_command_has_its_limit() {
    let line = |length: usize| format!("* * * * * {}\n", "x".repeat(length));
    assert!(user(&line(998)).starts_with("[* * * * *] {xxx"));
    assert_eq!(
        user(&line(999)),
        "! the command has 999 bytes; cron takes no more than 998"
    );
    // The text after % counts, and so do blanks between the user and the command.
    let line = format!("* * * * * a%{}\n", "x".repeat(997));
    assert!(user(&line).starts_with("! the command has 999 bytes"));
    let line = format!("* * * * * root {}{}\n", " ".repeat(900), "x".repeat(98));
    assert!(system(&line).starts_with("[* * * * *]"));
    let line = format!("* * * * * root {}{}\n", " ".repeat(900), "x".repeat(99));
    assert!(system(&line).starts_with("! the command has 999 bytes"));
    let long = format!("* * * * * {}\n", "y".repeat(1 << 20));
    assert!(user(&long).starts_with("! the command has 1048576 bytes"));
}

#[test]
fn what_the_shell_is_given() {
    for (written, given) in [
        ("a", "a"),
        ("a\\%b", "a%b"),
        ("a\\\\b", "a\\b"),
        ("a\\\\\\%b", "a\\%b"),
        ("a\\nb", "a\\nb"),
        ("a\\", "a\\"),
        ("a\\\\\\", "a\\\\"),
    ] {
        assert_eq!(
            String::from_utf8(unescape(written.as_bytes())).unwrap(),
            given,
            "{written}"
        );
    }
}

/// Text that is often a crontab, and sometimes anything.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[ \\t]{0,2}(\\*|[0-9]{1,2}|@daily|@reboot|mon-fri|\\*/5)",
        2 => "(root|[a-z]{1,4})?( |\\t)",
        2 => "[A-Z]{1,4} ?= ?['\"]?[a-z $%\\\\]{0,6}['\"]?",
        2 => "[a-z'\"%\\\\#*=; \\t]{0,12}",
        3 => "(\\n|\\r\\n|# )",
    ];
    let text = proptest::collection::vec(piece.prop_map(String::into_bytes), 0..40);
    prop_oneof![
        text.prop_map(|pieces| pieces.concat()),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn no_byte_is_lost(text in texts(), system: bool) {
        let dialect = if system { Dialect::System } else { Dialect::User };
        let tab = Crontab::parse(&text, dialect);
        let joined: Vec<u8> = tab
            .lines()
            .iter()
            .flat_map(|line| tab.text(&line.span).to_vec())
            .collect();
        prop_assert_eq!(&joined, &text);
        for (at, line) in tab.lines().iter().enumerate() {
            prop_assert_eq!(line.number, at + 1);
            if let Kind::Job(job) = &line.kind {
                let mut last = line.span.start;
                let fields = match &job.when {
                    When::Fields(fields) => fields.to_vec(),
                    When::Keyword(word) => vec![word.clone()],
                };
                let spans = fields.into_iter().chain(job.user.clone());
                let spans = spans.chain([job.command.clone()]).chain(job.input.clone());
                for span in spans {
                    prop_assert!(span.start >= last && span.end >= span.start, "{:?}", job);
                    last = span.end;
                }
                // All but the end of line.
                prop_assert_eq!(last, line.span.end - 1);
            }
        }
    }

    #[test]
    fn a_command_ends_where_the_shell_sees_its_end(text in "[a%\\\\' ]{0,12}") {
        let (command, input) = split(text.as_bytes());
        let given = unescape(&text.as_bytes()[..command]);
        prop_assert!(given.len() <= command);
        prop_assert_eq!(input.is_some(), command < text.len());
    }
}
