//! What people get wrong in `[forge]`, and what they are told.

use std::fmt::Write as _;

use super::*;

/// The fault, as a compiler would show it.
fn told(text: &str) -> String {
    let fault = settings(text).unwrap_err();
    let mut told = fault.message.clone();
    if let Some(span) = fault.span {
        let place = text.get(span).unwrap_or("?").escape_debug().to_string();
        let _ = write!(told, " [at {place}]");
    }
    if let Some(hint) = fault.hint {
        let _ = write!(told, " ({hint})");
    }
    told
}

#[test]
fn each_fault_is_told_with_its_place() {
    let gitea = |lines: &str| format!("[forge]\nkind = \"gitea\"\n{lines}");
    let whole = |lines: &str| gitea(&format!("url = \"https://h\"\nrepo = \"a/b\"\n{lines}"));
    let cases = [
        "[forge\n".to_owned(),
        "forge = 3\n".to_owned(),
        "[forge]\nkind = 3\n".to_owned(),
        "[forge]\nkind = \"gogs\"\n".to_owned(),
        "[forge]\nurl = \"https://h\"\n".to_owned(),
        "[forge]\nkind = \"folder\"\npath = \"issues\"\n".to_owned(),
        "[forge]\nkind = \"folder\"\nuser = \"\"\n".to_owned(),
        gitea("repo = \"a/b\"\n"),
        gitea("url = \"https://h\"\n"),
        gitea("url = 3\nrepo = \"a/b\"\n"),
        gitea("url = \"git.example.org\"\nrepo = \"a/b\"\n"),
        gitea("url = \"https://me:pw@h\"\nrepo = \"a/b\"\n"),
        gitea("url = \"http://git.example.org\"\nrepo = \"a/b\"\n"),
        gitea("url = \"https://h\"\nrepo = \"watch\"\n"),
        gitea("url = \"https://h\"\nrepo = \"a/b/c\"\n"),
        gitea("url = \"https://h\"\nrepo = \"../b\"\n"),
        gitea("url = \"https://h\"\nrepo = \"a/b?c\"\n"),
        whole("lable = \"x\"\n"),
        whole("label = \"a,b\"\n"),
        whole("label = \" x\"\n"),
        whole("user = \"a b\"\n"),
        whole("token_file = \"token\"\n"),
        whole("token = \"s3cret\"\n"),
        whole("allow_http = \"yes\"\n"),
        whole("max_pages = 0\n"),
        whole("max_pages = -1\n"),
        "[forge]\nkind = \"gitlab\"\nurl = \"https://h\"\nrepo = \"a\"\n".to_owned(),
        "[forge]\nkind = \"github\"\n".to_owned(),
    ];
    let mut all = String::new();
    for text in cases {
        let shown = text.replace('\n', "; ");
        let _ = writeln!(all, "{}\n    {}", shown.trim_end(), told(&text));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn faults_of_named_forges_have_their_place_too() {
    let told = |text: &str| {
        let fault = named_settings(text).unwrap_err();
        let place = fault.span.and_then(|span| text.get(span)).unwrap_or("?");
        format!(
            "{} [at {}] ({})",
            fault.message,
            place.escape_debug(),
            fault.hint.unwrap_or_default()
        )
    };
    let good = "[forge]\nkind = \"folder\"\n";
    let mut all = String::new();
    for lines in [
        "[forges.ops]\nkind = \"gitea\"\nrepo = \"a/b\"\n",
        "[forges.ops]\nkind = \"gitea\"\nurl = \"https://h\"\nrepo = \"watch\"\n",
        "[forges.ops]\nkind = \"gogs\"\n",
        "[forges.ops]\ntoken = \"s3cret\"\n",
        "[forges.\"o p s\"]\nkind = \"folder\"\n",
        "[forges.-x]\nkind = \"folder\"\n",
        "[forges.a-b]\nkind = \"folder\"\n[forges.a_B]\nkind = \"folder\"\n",
    ] {
        let _ = writeln!(all, "{}", told(&format!("{good}{lines}")));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_kind_can_have_a_name() {
    for kind in KINDS {
        let text = kind.sample.replace("[forge]", "[forges.ops]");
        assert!(settings(&text).unwrap().name().is_none());
        let mut named = named_settings(&text).unwrap();
        let named = named.remove("ops").unwrap();
        assert_eq!((named.kind(), named.name()), (kind.name, Some("ops")));
        assert_eq!(named.boxed().place(), named.place());
        let main = settings(kind.sample).unwrap();
        assert_eq!(main.place(), named.place(), "it is the same place");
        let other = named.with_repo("some/other");
        assert_eq!(other.is_ok(), named.needs_token());
        for bad in ["", "one", "../x", "a/b?c", "a//b"] {
            assert!(named.with_repo(bad).is_err(), "{bad}");
        }
        if let Ok(other) = other {
            assert!(other.place().ends_with("some/other"), "{}", other.place());
            assert_eq!(other.token_file(), named.token_file());
        }
    }
}

#[test]
fn each_label_once_the_own_first() {
    let issue = NewIssue {
        labels: ["db", "heartbeat", "db", "", "a,b", "Db"]
            .map(str::to_owned)
            .to_vec(),
        ..NewIssue::default()
    };
    assert_eq!(
        all_labels(Some("heartbeat"), &issue),
        ["heartbeat", "db", "Db"]
    );
    assert_eq!(all_labels(None, &issue), ["db", "heartbeat", "Db"]);
}

#[test]
fn what_is_right_is_taken() {
    let cases = [
        ("", "folder"),
        ("[checker]\nany = 1\n", "folder"),
        ("[forge]\n", "folder"),
        ("[forge]\nkind = \"folder\"\n", "folder"),
        ("[forge]\nkind = \"github\"\nrepo = \"a/b\"\n", "github"),
        (
            "[forge]\nkind = \"gitlab\"\nurl = \"https://h/git\"\nrepo = \"a/b/c.d\"\n",
            "gitlab",
        ),
        (
            "[forge]\nkind = \"gitea\"\nurl = \"http://127.0.0.1:3000\"\nrepo = \"a/b\"\nlabel = \"\"\n",
            "gitea",
        ),
        (
            "[forge]\nkind = \"gitea\"\nurl = \"http://git.lan\"\nrepo = \"a/b\"\nallow_http = true\n",
            "gitea",
        ),
    ];
    for (text, kind) in cases {
        let settings = settings(text).unwrap();
        assert_eq!(settings.kind(), kind, "{text}");
        assert_eq!(settings.needs_token(), kind != "folder");
    }
}

#[test]
fn the_registry_is_in_order() {
    for kind in KINDS {
        let settings = settings(kind.sample).unwrap();
        assert_eq!(settings.kind(), kind.name);
        assert!(!kind.summary.is_empty() && !kind.summary.ends_with('.'));
        // What the sample shows commented out is taken as well.
        let whole = kind.sample.replace("\n# ", "\n");
        assert_eq!(
            (kind.parse)(Source::main(&whole)).unwrap().kind(),
            kind.name
        );
        assert_eq!(
            settings.needs_token(),
            kind.sample.contains("token_file = ")
        );
    }
}
