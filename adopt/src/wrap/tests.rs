//! Wrapping in tables: the new line to the byte, and why a line is left alone. That
//! the new line does the same is shown with real shells by the whole's own tests.

use proptest::prelude::*;

use super::*;
use crate::crontab::Dialect;
use crate::shell::Program;

/// A machine with `beat` in some places.
struct Beats;

impl Look for Beats {
    fn program(&self, _: &Path) -> Program {
        Program::Unknown
    }

    fn is_dir(&self, _: &Path) -> Option<bool> {
        None
    }

    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        match path.to_str().unwrap() {
            "/usr/local/bin/beat" | "/opt/beat" | "/opt/link/beat" => Some("/opt/beat".into()),
            "/other/beat" => Some("/other/beat".into()),
            _ => None,
        }
    }
}

fn wrapped(text: &[u8], dialect: Dialect, options: &[&str]) -> Result<Vec<u8>, Refusal> {
    let tab = Crontab::parse(text, dialect);
    let found = tab.jobs().last().expect("a job");
    let job = JobName::new("job").unwrap();
    let options: Vec<String> = options.iter().map(|o| (*o).to_owned()).collect();
    let adoption = Adoption {
        beat: Path::new("beat"),
        job: &job,
        pace: Pace::Line { zone: None },
        options: &options,
    };
    wrap(&tab, &found, &adoption)
}

fn line(text: &str) -> String {
    match wrapped(text.as_bytes(), Dialect::User, &[]) {
        Ok(line) => String::from_utf8(line).unwrap(),
        Err(refusal) => format!("! {}", refusal.code()),
    }
}

#[test]
fn lines_that_are_wrapped() {
    for (old, new) in [
        ("/opt/run --all", "'/opt/run --all'"),
        ("a 'b  c' ", r"'a '\''b  c'\'' '"),
        ("a \"$X\"", "'a \"$X\"'"),
        ("a >x 2>&1 # y", "'a >x 2>&1 # y'"),
        ("echo it's", r"'echo it'\''s'"),
        (r"a\%b%c\%d", r"'a\%b'%c\%d"),
        ("a%b'c", "'a'%b'c"),
        (r"a \", r"'a \'"),
        (r"a \'", r"'a \'\'''"),
        ("a\r", "'a\r'"),
    ] {
        let new = format!("@daily exec beat job --cron @daily -- \"$SHELL\" -c {new}\n");
        assert_eq!(line(&format!("@daily {old}\n")), new, "{old}");
    }
    for (old, new) in [
        (
            "0  2 * * *\ta\n",
            "0  2 * * *\texec beat job --cron '0 2 * * *' -- \"$SHELL\" -c 'a'\n",
        ),
        (
            "SHELL=/bin/bash\n*/5 * * * * a\n",
            "*/5 * * * * exec beat job --cron '*/5 * * * *' -- \"$SHELL\" -c 'a'\n",
        ),
    ] {
        assert_eq!(line(old), new, "{old}");
    }
    let system = wrapped(b"@daily  root\ta\n", Dialect::System, &["--tz", "50% \\"]);
    assert_eq!(
        String::from_utf8(system.unwrap()).unwrap(),
        "@daily  root\texec beat job --cron @daily --tz '50\\% \\\\' -- \"$SHELL\" -c 'a'\n"
    );
}

#[test]
fn lines_that_are_left_alone() {
    for (text, code) in [
        ("@reboot a\n", "reboot"),
        ("SHELL=/usr/bin/fish\n@daily a\n", "shell"),
        ("SHELL=bash\n@daily a\n", "shell"),
        ("SHELL=\"\"\n@daily a\n", "shell"),
        ("BASH_ENV=/x\n@daily a\n", "shell-setting"),
        ("@daily a && beat x --every 1d\n", "beats-already"),
        ("@daily beat x --cron @daily -- a\n", "beats-already"),
        (
            "@daily if a; then beat x --every 1d; fi\n",
            "speaks-of-beat",
        ),
        ("@daily bash -c 'a; beat x --every 1d'\n", "speaks-of-beat"),
        ("@daily \n", "empty"),
        ("@daily %x\n", "empty"),
        ("@daily a &\n", "background"),
        ("@daily (a &)\n", "background"),
        ("@daily a & b\n", "background"),
        ("@daily for i in 1; do a & done\n", "background"),
        ("@daily echo $PPID\n", "looks-outside"),
        ("@daily kill -- -$$\n", "looks-outside"),
        ("@daily pkill -f x\n", "looks-outside"),
        ("@daily /bin/ps ax\n", "looks-outside"),
        ("@daily setsid a\n", "looks-outside"),
        ("0 0 30 2 * a\n", "schedule"),
    ] {
        assert_eq!(line(text), format!("! {code}"), "{text}");
    }
    for text in [
        "@daily a & b & wait\n",
        "@daily echo ps.sh --top\n",
        "@daily a 2>&1 && b\n",
        "@daily for i in 1; do a 2>&1 && b; done\n",
    ] {
        assert!(!line(text).starts_with('!'), "{text}: {}", line(text));
    }
}

#[test]
fn what_is_wrapped_is_not_wrapped_again() {
    let once = line("@daily a | b\n");
    assert_eq!(line(&once), "! beats-already");
}

#[test]
fn an_interval_is_given_for_reboot() {
    let tab = Crontab::parse(b"@reboot a\n", Dialect::User);
    let job = JobName::new("job").unwrap();
    let adoption = Adoption {
        beat: Path::new("/opt/my beat"),
        job: &job,
        pace: Pace::Every("1d".parse().unwrap()),
        options: &[],
    };
    let wrapped = wrap(&tab, &tab.jobs().next().unwrap(), &adoption).unwrap();
    assert_eq!(
        String::from_utf8(wrapped).unwrap(),
        "@reboot exec '/opt/my beat' job --every 1d -- \"$SHELL\" -c 'a'\n"
    );
}

#[test]
fn a_line_that_grows_too_long_is_left_alone() {
    let text = |length: usize| format!("@daily {}\n", "x".repeat(length));
    let grows = "exec beat job --cron @daily -- \"$SHELL\" -c ''".len();
    assert!(!line(&text(998 - grows)).starts_with('!'));
    assert_eq!(line(&text(999 - grows)), "! too-long");
}

#[test]
fn beat_is_called_by_its_name_where_the_path_finds_it() {
    for (path, installed, call) in [
        ("/usr/bin:/usr/local/bin", "/opt/beat", "beat"),
        ("/opt:/bin", "/opt/beat", "beat"),
        ("/opt/link", "/opt/beat", "beat"),
        ("/usr/bin:/bin", "/opt/beat", "/opt/beat"),
        ("/other:/opt", "/opt/beat", "/opt/beat"),
        (".:/opt", "/opt/beat", "/opt/beat"),
        ("", "/opt/beat", "/opt/beat"),
    ] {
        assert_eq!(
            beat_for(path.as_bytes(), Path::new(installed), &Beats),
            Path::new(call),
            "{path}"
        );
    }
}

#[test]
fn only_the_lines_that_are_named_are_replaced() {
    let tab = Crontab::parse(b"A=b\r\n@daily a\n# x\n@daily b", Dialect::User);
    let new = replace(&tab, &[(2, b"@daily c\n".to_vec())]);
    assert_eq!(new, b"A=b\r\n@daily c\n# x\n@daily b");
}

#[test]
fn what_people_read() {
    let refusals = [
        Refusal::Reboot,
        Refusal::Schedule("there is no 30 February".into()),
        Refusal::Shell("/usr/bin/fish".into()),
        Refusal::Setting("BASH_ENV".into()),
        Refusal::Beats(Some("db_backup".into())),
        Refusal::Beats(None),
        Refusal::SpeaksOfBeat,
        Refusal::Empty,
        Refusal::Background,
        Refusal::Asks("setsid, which waits or not by who started it"),
        Refusal::NewlineInOption,
        Refusal::NoLine("the command has 1003 bytes; cron takes no more than 998".into()),
        Refusal::Unproved,
    ];
    let text: Vec<String> = refusals
        .iter()
        .map(|r| format!("{}: {r}", r.code()))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}

proptest! {
    #[test]
    fn the_shell_is_given_the_very_command(
        text in prop_oneof![
            "[ab'\"\\\\%$ ;|]{1,30}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 1..60),
        ],
    ) {
        let text: Vec<u8> = text.into_iter().filter(|b| !matches!(b, b'\n' | 0)).collect();
        let line = [b"@daily x", &text[..], b"\n"].concat();
        if let Ok(new) = wrapped(&line, Dialect::User, &[]) {
            let (old_tab, new_tab) =
                (Crontab::parse(&line, Dialect::User), Crontab::parse(&new, Dialect::User));
            let (old, new) = (old_tab.jobs().next().unwrap(), new_tab.jobs().next().unwrap());
            let script = unescape(old_tab.text(&old.job.command));
            let given = unescape(new_tab.text(&new.job.command));
            let mut meant = b"exec beat job --cron @daily -- \"$SHELL\" -c ".to_vec();
            meant.push(b'\'');
            for byte in &script {
                if *byte == b'\'' {
                    meant.extend_from_slice(b"'\\''");
                } else {
                    meant.push(*byte);
                }
            }
            meant.push(b'\'');
            prop_assert_eq!(given, meant);
            prop_assert_eq!(
                old.job.input.as_ref().map(|s| old_tab.text(s)),
                new.job.input.as_ref().map(|s| new_tab.text(s))
            );
        }
    }
}
