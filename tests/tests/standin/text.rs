//! What texts set off: mentions, cross-links, commands.

use house_tests::standin::Flavour;
use house_tests::standin::text::{commands, effects};
use serde_json::json;

use super::Rig;

#[test]
fn mentions_and_links_outside_code_and_comments() {
    let table: [(&str, &[&str], &[&str]); 24] = [
        ("ask @alice, see #12", &["alice"], &["#12"]),
        ("@bob", &["bob"], &[]),
        ("(@ops/team)", &["ops/team"], &[]),
        ("mail a@b.example", &[], &[]),
        ("`@alice #1`", &[], &[]),
        ("``a ` @alice``", &[], &[]),
        ("`open @alice", &["alice"], &[]),
        ("``@alice`", &["alice"], &[]),
        ("```\n@alice #1\n```\n#2", &[], &["#2"]),
        ("~~~\n```\n@alice\n~~~\n@bob", &["bob"], &[]),
        ("````\n```\n@alice\n````", &[], &[]),
        ("    @alice\n\ntext", &[], &[]),
        ("text\n    @alice", &["alice"], &[]),
        ("text\n\n\t@alice", &[], &[]),
        ("<!-- @alice #1 -->", &[], &[]),
        ("<!-- a --> @alice -->", &["alice"], &[]),
        ("<!-- a\n\n@alice\n```\n-->\n@bob", &["bob"], &[]),
        ("<details>\n```\n@alice\n```\n</details>", &["alice"], &[]),
        ("<details>\n\n```\n@alice\n```\n\n</details>", &[], &[]),
        ("ops/watch#3 x#4 C#5", &[], &["ops/watch#3"]),
        ("&#64;alice &#35;1", &[], &[]),
        ("#12a #1.", &[], &["#1"]),
        ("GH-7 XGH-8", &[], &["GH-7"]),
        ("@\u{200b}alice #\u{200b}1 @ #", &[], &[]),
    ];
    for (text, mentions, links) in table {
        let found = effects(text);
        assert_eq!(found.mentions, mentions, "{text:?}");
        assert_eq!(found.links, links, "{text:?}");
    }
}

#[test]
fn only_a_fence_or_an_indentation_keeps_a_line_from_being_a_command() {
    let table: [(&str, &[&str]); 10] = [
        ("/close", &["/close"]),
        ("a\n/label ~x  \nb", &["/label ~x"]),
        (" /close", &[]),
        ("```\n/close\n```", &[]),
        ("~~~\n/close", &[]),
        ("```\n```\n/close", &["/close"]),
        ("<!--\n/close\n-->", &["/close"]),
        ("/var/log/syslog", &[]),
        ("/", &[]),
        ("//close\n/ö", &[]),
    ];
    for (text, found) in table {
        assert_eq!(commands(text), found, "{text:?}");
    }
}

#[test]
fn every_flavour_records_them() {
    for flavour in Flavour::ALL {
        let rig = Rig::new(flavour);
        let gitlab = flavour == Flavour::GitLab;
        let (text, notes) = if gitlab {
            ("description", "/1/notes")
        } else {
            ("body", "/1/comments")
        };
        rig.post("", &json!({"title": "see #8 @bob", text: "@alice #9"}));
        rig.post(notes, &json!({"body": "@alice `@bob`"}));
        rig.forge.world(|w| {
            let names: Vec<_> = w
                .mentions
                .iter()
                .map(|m| (m.issue, m.what.as_str()))
                .collect();
            assert_eq!(names, [(1, "alice"), (1, "alice")], "{flavour:?}");
            let links: Vec<_> = w.links.iter().map(|l| l.what.as_str()).collect();
            let expected: &[&str] = if flavour.is_gitea() {
                &["#8", "#9"]
            } else {
                &["#9"]
            };
            assert_eq!(links, expected);
            assert_eq!(w.mentions[0].author, "watchbot");
        });
    }
}
