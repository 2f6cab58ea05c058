//! What is masked, and what must not be.

use proptest::prelude::*;

use super::{end_of, masked};

fn told(text: &str) -> String {
    String::from_utf8(masked(text.as_bytes())).unwrap()
}

#[test]
fn what_looks_like_a_secret() {
    let long = "a1B2".repeat(10);
    let table = [
        ("password=hunter2", "password=***"),
        ("password = hunter2 ok", "password = *** ok"),
        ("Password: hunter2\nnext", "Password: ***\nnext"),
        ("DB_PASSWORD='hun ter2' x", "DB_PASSWORD='***' x"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
        (
            "{\"password\":\"hunter2\",\"a\":1}",
            "{\"password\":\"***\",\"a\":1}",
        ),
        (
            "{\"token\": \"hun\", \"b\": 2}",
            "{\"token\": \"***\", \"b\": 2}",
        ),
        (r#""{\"secret\":\"hun\"}""#, r#""{\"secret\":\"***\"}""#),
        ("'api_key' => 'hunter2',", "'api_key' => '***',"),
        ("x-api-key: hunter2", "x-api-key: ***"),
        ("url?token=hunter2&a=b", "url?token=***&a=b"),
        ("client_secret: hunter2;", "client_secret: ***;"),
        (
            "aws_secret_access_key = abc/def+1",
            "aws_secret_access_key = ***",
        ),
        ("UID=sa;PWD=hunter2;", "UID=sa;PWD=***;"),
        ("AccountKey=abc==;x", "AccountKey=***;x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        (
            "authorization: Basic dXNlcjpwYXNz\nx",
            "authorization: Basic ***\nx",
        ),
        (
            "-H 'Authorization: Bearer abc' http://h/",
            "-H 'Authorization: Bearer ***' http://h/",
        ),
        (
            "> Proxy-Authorization: abc def",
            "> Proxy-Authorization: ***",
        ),
        ("Set-Cookie: sid=abc; Path=/", "Set-Cookie: ***"),
        (
            "postgres://me:hunter2@db:5432/x",
            "postgres://me:***@db:5432/x",
        ),
        ("at https://a:p@ss@h/x?y", "at https://a:***@h/x?y"),
        ("redis://:hunter2@h", "redis://:***@h"),
        (
            "mysql --password hunter2 -h db",
            "mysql --password *** -h db",
        ),
        ("x --password=hunter2 y", "x --password=*** y"),
        ("x --token \"hunter2\" y", "x --token \"***\" y"),
        ("curl -u me:hunter2 http://h", "curl -u me:*** http://h"),
        (
            "curl --user 'me:hunter2' http://h",
            "curl --user 'me:***' http://h",
        ),
        ("key AKIAABCDEFGHIJKLMNOP.", "key ***."),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "***"),
        ("(xoxb-1234567890-abcdef)", "(***)"),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_x next",
            "*** next",
        ),
        ("said: bearer abcdefghijklmnop!", "said: bearer ***"),
        (
            "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop",
            "https://***",
        ),
        ("password: ***", "password: ***"),
    ];
    for (text, expected) in table {
        assert_eq!(told(text), expected, "{text}");
        assert_eq!(told(expected), expected, "masked twice");
    }
    assert_eq!(told(&format!("sk-{long}")), "***");
    assert_eq!(told(&format!("glpat-{long} x")), "*** x");
}

#[test]
fn private_keys() {
    let lines = "MIIEvQIBADANBgkq\nhkiG9w0BAQEF\n";
    let whole =
        format!("a\n-----BEGIN RSA PRIVATE KEY-----\n{lines}-----END RSA PRIVATE KEY-----\nb\n");
    let expected = "a\n-----BEGIN RSA PRIVATE KEY-----\n***-----END RSA PRIVATE KEY-----\nb\n";
    assert_eq!(told(&whole), expected);
    // Cut off at either end.
    let (head, _) = whole.split_once("hkiG").unwrap();
    assert_eq!(told(head), "a\n-----BEGIN RSA PRIVATE KEY-----\n***");
    let (_, tail) = whole.split_once("QIBA").unwrap();
    assert_eq!(told(tail), "***-----END RSA PRIVATE KEY-----\nb\n");
    let open = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n";
    assert_eq!(told(open), "-----BEGIN OPENSSH PRIVATE KEY-----\n***");
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "",
        "password changed for bob",
        "password:",
        "password:\nnext line",
        "wrong password\n",
        "token bucket full",
        "SyntaxError: Unexpected token: }",
        "max_tokens: 512",
        "password_file=/etc/x",
        "--password-file /etc/x",
        "--token-ttl 5",
        "passwordless: yes",
        "secretary: Bob",
        "PWD=/root",
        "OLDPWD=/srv/x",
        "key=value",
        "primary_key: id",
        "author: Bob",
        "authorization failed for bob",
        "https://host:8080/path",
        "https://host/a:b@c",
        "git@github.com:org/repo.git",
        "ssh://git@host/x",
        "mailto:a@b.example",
        "docker run -u 1000:1000 x",
        "sort -u file",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 275245b3a1f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5",
        "basic training for the bearer of news",
        "eyJ is how they begin",
        "sk-learn",
        "npm_config_cache",
        "2026-11-22 02:00:07 rsync: 12 files",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "über: größe=5",
    ] {
        assert_eq!(told(text), text);
    }
}

#[test]
fn the_end_is_short_and_text() {
    assert_eq!(end_of(b"a\xffb\0c", 100), "a\u{fffd}b\0c");
    assert_eq!(end_of("äöü".as_bytes(), 4), "öü");
    assert_eq!(end_of("äöü".as_bytes(), 3), "ü");
    assert_eq!(end_of(b"", 4), "");
}

proptest! {
    #[test]
    fn any_bytes_are_taken(text in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = end_of(&text, 100);
    }

    /// Whatever stands around it.
    #[test]
    fn a_password_never_stays(before in "[ -~\n]{0,40}", after in "[ -~]{0,40}") {
        let text = format!("{before}\npassword=hunter2xyz {after}");
        prop_assert!(!told(&text).contains("hunter2xyz"));
    }

    /// Texts made of what secrets are made of.
    #[test]
    fn signs_in_any_order(text in "(password|token|=|:|\"|'|\\\\| |\n|-|--|://|@|Bearer |-----BEGIN |-----END |PRIVATE KEY|-----|eyJ|\\.){0,30}") {
        let _ = told(&text);
    }
}
