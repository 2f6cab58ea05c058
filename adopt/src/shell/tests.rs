//! The reader of command lines in tables: what a line consists of, what is not read,
//! where a beat stands.

use proptest::prelude::*;

use super::*;

fn op(op: Op) -> &'static str {
    match op {
        Op::Then => ";",
        Op::Background => "&",
        Op::And => "&&",
        Op::Or => "||",
        Op::Pipe => "|",
    }
}

/// A list in few words: known words as they are, others as `?`.
fn told(list: &List) -> String {
    let items = list.items.iter().map(|item| {
        let pipelines = item.pipelines.iter().enumerate().map(|(at, (before, p))| {
            let commands: Vec<String> = p.commands.iter().map(command).collect();
            let sign = if at == 0 {
                String::new()
            } else {
                format!("{} ", op(*before))
            };
            let not = if p.negated { "! " } else { "" };
            format!("{sign}{not}{}", commands.join(" | "))
        });
        let text: Vec<String> = pipelines.collect();
        format!(
            "{}{}",
            text.join(" "),
            if item.background { " &" } else { "" }
        )
    });
    items.collect::<Vec<_>>().join("; ")
}

fn word(word: &Word) -> String {
    match &word.value {
        Some(value) => format!("<{}>", String::from_utf8_lossy(value)),
        None => format!("<{}?>", String::from_utf8_lossy(&word.prefix)),
    }
}

fn command(command: &Command) -> String {
    let mut text = match command {
        Command::Simple(simple) => {
            let words = simple.assignments.iter().map(|a| format!("set{}", word(a)));
            words
                .chain(simple.words.iter().map(word))
                .collect::<Vec<_>>()
                .join("")
        }
        Command::Group { list, .. } => format!("[{}]", told(list)),
    };
    for redirect in command.redirects() {
        let fd = redirect.fd.map_or(String::new(), |fd| fd.to_string());
        text.push_str(&format!("{fd}{}{}", redirect.op, word(&redirect.target)));
    }
    text
}

fn tell(text: &str, dialect: Dialect) -> String {
    match read(text.as_bytes(), dialect) {
        Ok(list) => told(&list),
        Err(unsure) => format!("unsure: {}", unsure.why),
    }
}

#[test]
fn lines_are_read() {
    for (text, expected) in [
        ("", ""),
        ("a b  c ", "<a><b><c>"),
        ("a;b", "<a>; <b>"),
        ("a && b || c; d & e", "<a> && <b> || <c>; <d> &; <e>"),
        ("a|b | c", "<a> | <b> | <c>"),
        ("! a | b", "! <a> | <b>"),
        ("a 'b c' \"d e\" f\\ g", "<a><b c><d e><f g>"),
        ("a \"b\\\"c\\d\"", "<a><b\"c\\d>"),
        ("a'b'\"c\"", "<abc>"),
        ("a \"\" ''", "<a><><>"),
        ("A=b C='d e' f", "set<A=b>set<C=d e><f>"),
        ("f A=b", "<f><A=b>"),
        ("a >x 2>&1 </dev/null", "<a>><x>2>&<1><</dev/null>"),
        ("a2>x 2 >x", "<a2><2>><x>><x>"),
        ("> x", "><x>"),
        ("a # b; c", "<a>"),
        ("a#b", "<a#b>"),
        ("(a; b) && c", "[<a>; <b>] && <c>"),
        ("{ a; b; } >x", "[<a>; <b>]><x>"),
        ("a {} } b", "<a><{}><}><b>"),
        (
            "a $x ${y:-'}'} $(b; c) `d` $((1+(2)))",
            "<a><?><?><?><?><?>",
        ),
        ("a x$y.z", "<a><x?>"),
        ("a \"x $(b \")\" c)\" d", "<a><x ?><d>"),
        ("a *.log ?x [y] ~/z a~", "<a><?><?><?><?><a~>"),
        ("a $ $. \"$\"", "<a><$><$.><$>"),
        ("a \\", "<a><\\>"),
        ("a \\\\", "<a><\\>"),
        ("a &\nb", "<a> &; <b>"),
    ] {
        assert_eq!(tell(text, Dialect::Posix), expected, "{text:?}");
    }
    assert_eq!(tell("a &>x", Dialect::Bash), "<a>&><x>");
    assert_eq!(tell("a &>x", Dialect::Posix), "<a> &; ><x>");
    assert_eq!(tell("a {b,c}", Dialect::Bash), "<a><?>");
    assert_eq!(tell("a {b,c}", Dialect::Posix), "<a><{b,c}>");
}

#[test]
fn what_is_not_understood_is_said() {
    for text in [
        "if a; then b; fi",
        "for i in 1 2; do a; done",
        "while read x; do a; done",
        "case a in b) c;; esac",
        "f() { a; }",
        "a <<E",
        "a 'b",
        "a \"b",
        "a `b",
        "a $(b",
        "a ${b",
        "(a",
        "a)",
        "&& a",
        "a &&",
        "a | | b",
        "; a",
        "a ;; b",
        "a >",
        "a > ; b",
        "{ a",
        "( )",
        "a $(( $(b) + 1 ) )",
        "a=(b c)",
    ] {
        assert!(read(text.as_bytes(), Dialect::Posix).is_err(), "{text:?}");
    }
    for text in [
        "[[ a ]]",
        "a |& b",
        "((1))",
        "a <(b)",
        "a $'b'",
        "function f { a; }",
    ] {
        assert!(read(text.as_bytes(), Dialect::Bash).is_err(), "{text:?}");
    }
    let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(read(deep.as_bytes(), Dialect::Posix).is_err());
    let deep = format!("a {}", "$(".repeat(100_000));
    assert!(read(deep.as_bytes(), Dialect::Posix).is_err());
    let deep = format!("a {}", "${x:-".repeat(100_000));
    assert!(read(deep.as_bytes(), Dialect::Posix).is_err());
}

#[test]
fn beats_are_found() {
    let line = |text: &str| -> Vec<String> {
        let calls = beats_in(text.as_bytes(), Dialect::Posix).unwrap();
        let form = |call: &BeatCall| match &call.form {
            Form::After(before) => op(*before).to_owned(),
            Form::Alone => "alone".to_owned(),
            Form::Wrapped { script } => match script {
                Some(script) => format!("-c {}", String::from_utf8_lossy(script)),
                None => "--".to_owned(),
            },
        };
        let pace = |call: &BeatCall| {
            let paces = [&call.every, &call.cron, &call.on_calendar];
            paces
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join("/")
        };
        calls
            .iter()
            .map(|call| {
                format!(
                    "{} {} {}",
                    call.name.as_deref().unwrap_or("?"),
                    pace(call),
                    form(call)
                )
            })
            .collect()
    };
    for (text, expected) in [
        ("a && beat x --every 1d", vec!["x 1d &&"]),
        ("a; /usr/bin/beat x --every=1d", vec!["x 1d ;"]),
        ("a & beat --every 1d x", vec!["x 1d &"]),
        ("a | beat x --every 1d", vec!["x 1d |"]),
        ("a || beat x --fail $?", vec!["x  ||"]),
        ("beat x --every 1d", vec!["x 1d alone"]),
        ("beat --instance x:1d", vec!["x 1d alone"]),
        ("beat x --cron '0 2 * * *' -- a b", vec!["x 0 2 * * * --"]),
        (
            "beat x --on-calendar daily --no-sync -- \"$SHELL\" -c 'a; b'",
            vec!["x daily -c a; b"],
        ),
        ("exec nice -n 5 beat x --every 1d -- a", vec!["x 1d --"]),
        ("beat $X --every 1d", vec!["? 1d alone"]),
        (
            "(a && beat x --every 1h) && beat y --every 1d",
            vec!["x 1h &&", "y 1d &&"],
        ),
        ("echo beat x --every 1d", vec![]),
        ("echo 'a; beat x --every 1d'", vec![]),
        ("heartbeat x --every 1d", vec![]),
        ("a # beat x --every 1d", vec![]),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
}

#[test]
fn a_beat_that_is_hidden_is_suspected() {
    for (text, suspected) in [
        ("if a; then beat x --every 1d; fi", true),
        ("bash -c 'a && /usr/bin/beat x --every 1d'", true),
        ("heartbeat --every 1d", false),
        ("play beat", false),
        ("offbeat.sh --every 1", false),
    ] {
        assert_eq!(speaks_of_beat(text.as_bytes()), suspected, "{text}");
    }
}

#[test]
fn words_are_quoted_only_where_they_must() {
    for (text, quoted) in [
        ("a", "a"),
        ("/usr/bin/beat", "/usr/bin/beat"),
        ("", "''"),
        ("a b", "'a b'"),
        ("0 2 * * *", "'0 2 * * *'"),
        ("it's", "'it'\\''s'"),
        ("a=b", "'a=b'"),
        ("$x", "'$x'"),
    ] {
        assert_eq!(String::from_utf8(quote(text.as_bytes())).unwrap(), quoted);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken(text in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = read(&text, Dialect::Posix);
        let _ = read(&text, Dialect::Bash);
    }

    #[test]
    fn spans_lie_in_the_line(text in "[ab ;&|<>(){}'\"$`\\\\#!=\n]{0,24}") {
        if let Ok(list) = read(text.as_bytes(), Dialect::Posix) {
            for (_, pipeline) in list.items.iter().flat_map(|item| &item.pipelines) {
                prop_assert!(pipeline.span.end <= text.len());
                prop_assert!(text.get(pipeline.span.clone()).is_some());
            }
        }
    }

    #[test]
    fn what_is_quoted_is_read_as_one_word(text in proptest::collection::vec(1_u8.., 0..40)) {
        let line = [b"a ".to_vec(), quote(&text)].concat();
        let list = read(&line, Dialect::Bash).unwrap();
        let Command::Simple(simple) = &list.items[0].pipelines[0].1.commands[0] else {
            panic!("{list:?}");
        };
        prop_assert_eq!(simple.words.len(), 2);
        prop_assert_eq!(simple.words[1].value.as_ref(), Some(&text));
    }
}
