//! No text of a job, a user, a path or a forge can change what a page says:
//! the markdown is parsed again as GitHub's dialect is, and the html is looked
//! through for anything that is not the page's own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use report::assemble::assemble;
use report::gather::Seen;
use report::kept::Found;
use report::text::clean;
use report::{html, inject, json, markdown};
use watch::{
    CoverageFinding, CoverageJob, FindingLine, IssueLink, JobLine, MissedLine, OutageLine, Verdict,
};

/// What a page holds once it is parsed.
#[derive(Debug, Default, PartialEq)]
struct Page {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    items: Vec<String>,
    links: Vec<String>,
    html: Vec<String>,
    others: Vec<String>,
}

fn parse(text: &str) -> Page {
    let mut page = Page::default();
    let mut stack: Vec<String> = Vec::new();
    for event in Parser::new_ext(text, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Start(tag) => {
                if let Tag::Link { dest_url, .. } = &tag {
                    page.links.push(dest_url.to_string());
                }
                match tag {
                    Tag::TableHead | Tag::TableRow => page.rows.push(Vec::new()),
                    Tag::Heading { .. }
                    | Tag::Paragraph
                    | Tag::Item
                    | Tag::List(None)
                    | Tag::Table(_)
                    | Tag::TableCell
                    | Tag::Strong
                    | Tag::HtmlBlock
                    | Tag::Link { .. } => {}
                    other => page.others.push(format!("{other:?}")),
                }
                stack.push(String::new());
            }
            Event::End(end) => {
                let text = stack.pop().unwrap();
                match end {
                    TagEnd::Heading(_) => page.headings.push(text.clone()),
                    TagEnd::Item => page.items.push(text.clone()),
                    TagEnd::TableCell => page.rows.last_mut().unwrap().push(text.clone()),
                    _ => {}
                }
                if let Some(outer) = stack.last_mut() {
                    outer.push_str(&text);
                }
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(inner) = stack.last_mut() {
                    inner.push_str(&text);
                }
            }
            Event::Html(text) | Event::InlineHtml(text) => page.html.push(text.to_string()),
            other => page.others.push(format!("{other:?}")),
        }
    }
    page
}

/// As a reader sees it: what only keeps renderers from meddling cannot be seen.
fn seen_by_people(text: &str) -> String {
    text.replace('\u{2060}', "")
}

/// A night in which every text that others choose is `text`.
fn hostile(text: &str) -> Seen {
    let mut record = common::record(420);
    record.problems = vec![text.into()];
    record.findings = vec![FindingLine {
        path: text.into(),
        what: text.into(),
        blind: false,
    }];
    record.jobs = vec![
        JobLine {
            issue: Some(IssueLink {
                number: 7,
                url: format!("https://git.example.org/{text}"),
            }),
            ..common::issue(text, "db_backup", Verdict::Failed, 7)
        },
        // Seen by the checker only, with everything that a line can say.
        JobLine {
            user: text.into(),
            reason: Some(text.into()),
            issue: None,
            schedule: Some(text.into()),
            timezone: Some(text.into()),
            muted_until: Some("2026-12-01T00:00:00Z".into()),
            mute_reason: Some(text.into()),
            waits_for: Some(text.into()),
            severity: Some(text.into()),
            owner: Some(text.into()),
            runbook: Some(format!("https://wiki.example.org/{text}")),
            last_failure: Some("2026-11-20T02:00:00Z".into()),
            last_failure_how: Some(text.into()),
            output_tail: Some(format!("first\n{text}\nlast")),
            ..common::issue(text, "elsewhere", Verdict::Failed, 8)
        },
    ];
    record.outages = vec![OutageLine {
        outage: common::full::outage(common::ago(30_000), common::ago(10_000)),
        missed: vec![MissedLine {
            job: text.into(),
            user: text.into(),
            runs: 2,
        }],
        left_out: 0,
    }];
    let cause = common::failure(60, text);
    let mut states = common::own();
    states.push(common::job_of(
        text,
        "db_backup",
        Verdict::Failed,
        90_000,
        86_400,
        Some(cause),
    ));
    let mut seen = common::seen(Some(record), states);
    seen.host = text.into();
    let mut coverage = common::full::coverage();
    coverage.lacking = vec![CoverageJob {
        job: text.into(),
        user: text.into(),
        place: text.into(),
    }];
    coverage.findings = vec![CoverageFinding {
        code: text.into(),
        place: text.into(),
        says: text.into(),
        fix: text.into(),
    }];
    coverage.unseen = vec![text.into()];
    seen.coverage.found = Found::Record(Box::new(coverage));
    seen
}

/// What the folded output is made of, and nothing else is html in a page.
const OUTPUT: [&str; 5] = [
    "<details>",
    "<summary>The last lines of its output</summary>",
    "<pre>",
    "</pre>",
    "</details>",
];

fn check(text: &str) {
    let night = assemble(hostile(text));
    let rendered = markdown::render(&night);
    let page = parse(&rendered);
    let said = |max| clean(text, max);

    assert_eq!(page.others, [""; 0], "{rendered}");
    let folded = page.html.concat();
    let mut rest = folded.as_str();
    for tag in OUTPUT {
        let (before, after) = rest.split_once(tag).unwrap_or_else(|| panic!("{rendered}"));
        assert!(!before.contains('<') && !before.contains('>'), "{rendered}");
        rest = after;
    }
    assert_eq!(rest.trim(), "", "{rendered}");
    assert!(
        folded.contains("first\n") && folded.contains("last"),
        "{folded}"
    );
    let title = format!("Night Watch — 2026-11-22, {}", said(100));
    assert_eq!(
        page.headings
            .iter()
            .map(|h| seen_by_people(h))
            .collect::<Vec<_>>(),
        [
            title.trim_end(),
            "When the host was away",
            "What needs somebody",
            "Heartbeat Panel",
            "Coverage",
            "The watch itself"
        ],
    );
    let cell = format!("db_backup ({})", said(64));
    let row: Vec<String> = page.rows[1].iter().map(|c| seen_by_people(c)).collect();
    assert_eq!(
        row,
        [
            &cell,
            "🔴 failed",
            "1 d 1 h",
            "1d",
            "1.1×",
            "2026-11-21 05:00:07",
            "–",
            "#7"
        ]
    );
    assert_eq!((page.rows.len(), page.rows[0].len()), (3, 8));
    // Twice the issue, once the runbook.
    assert_eq!(page.links.len(), 3, "{:?}", page.links);
    assert_eq!(page.items.len(), 1 + 2 + 3 + 5, "{:?}", page.items);
    let problem = clean(text.trim_end().trim_end_matches('.'), 500);
    let told = format!("The checker: {problem}.");
    let items: Vec<String> = page.items.iter().map(|item| seen_by_people(item)).collect();
    assert!(items.contains(&told), "{items:?}");

    let page = html::render(&night);
    assert_eq!(page.matches("<script").count(), 0);
    assert_eq!(page.matches("<style").count(), 1);
    assert_eq!(page.matches("<tr").count(), 3);
    assert_eq!(page.matches("<pre").count(), 1);
    assert_eq!(page.matches("<a ").count(), 3);
    assert_eq!(
        page.matches("<li>").count() + page.matches("<li ").count(),
        1 + 1 + 2 + 3 + 4
    );
    assert_eq!(page.matches("<!--").count(), 0);
    assert_eq!(
        page.chars()
            .filter(|c| c.is_control() && *c != '\n')
            .count(),
        0
    );
    assert!(!page.contains('\u{202e}'));

    let value: serde_json::Value = serde_json::from_str(&json::render(&night)).unwrap();
    assert_eq!(value["jobs"][0]["user"], text);
    assert_eq!(value["coverage"]["lacking"][0]["place"], text);

    // Between the markers it goes in and comes out again.
    let empty = format!("{}\n{}", inject::BEGIN, inject::END);
    let once = inject::inject(empty.as_bytes(), &rendered).unwrap();
    assert_eq!(inject::inject(&once, &rendered).unwrap(), once);
}

#[test]
fn known_tricks() {
    for text in common::NASTY {
        check(text);
    }
    for text in [
        "a", "_", "a_", "*", "\\", "|", "\\|", "`", "a`|`b", "-", "+", "#", ">", "~~~", "1)", "=",
        "!", "[^1]", "[ ] x", "{#id .c}", "$$x$$", "&nbsp;", ":", "a.", "...",
    ] {
        check(text);
    }
}

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[|`*_~<>\\[\\](){}#+=.!:@$^&;/\\\\ \n\r\t-]{1,4}",
        2 => "[a-z0-9]{1,5}",
        1 => any::<char>().prop_map(String::from),
        1 => proptest::sample::select(vec![
            "<!-- night-watch:end -->", "</td>", "<details>", "&#124;", "&lt;", "\n\n# x\n", "\n|---|\n",
            "https://x.example", "www.x.example", "```", "[x](y)", "![x](y)", "\u{202e}", "\u{2028}", "[^a]: b",
            "\n    code", "<https://x.example>", "\u{a0}", "\u{3000}", "]: ", "**", "__", "^^",
        ]).prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_changes_the_page(parts in prop::collection::vec(fragment(), 1..12)) {
        check(&parts.concat());
    }
}
