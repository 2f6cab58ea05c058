//! What people and programs read, in every kind of night.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use report::assemble::assemble;
use report::gather::Seen;
use report::{html, json, markdown};

fn markdown_of(seen: Seen) -> String {
    markdown::render(&assemble(seen))
}

fn json_of(seen: Seen) -> String {
    json::render(&assemble(seen)).replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// The body, with a line for each block.
fn html_of(seen: Seen) -> String {
    let page = html::render(&assemble(seen));
    let body = &page[page.find("<body>").unwrap()..];
    [
        "<h1", "<h2", "<p", "<li", "<ul", "<tr", "<td", "<table", "<div", "<svg", "<rect",
        "<details", "<footer",
    ]
    .iter()
    .fold(body.to_owned(), |text, tag| {
        text.replace(tag, &format!("\n{tag}"))
    })
}

macro_rules! night {
    ($name:ident) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(
                concat!(stringify!($name), ".md"),
                markdown_of(common::$name())
            );
            insta::assert_snapshot!(
                concat!(stringify!($name), ".json"),
                json_of(common::$name())
            );
            insta::assert_snapshot!(
                concat!(stringify!($name), ".html"),
                html_of(common::$name())
            );
        }
    };
}

night!(quiet);
night!(verdicts);
night!(checker_dead);
night!(never_ran);
night!(empty);
night!(no_store);
night!(nasty);

#[test]
fn full() {
    let night = || common::full::full();
    insta::assert_snapshot!("full.md", markdown_of(night()));
    insta::assert_snapshot!("full.json", json_of(night()));
    insta::assert_snapshot!("full.html", html_of(night()));
}

#[test]
fn many_fresh_jobs_are_folded_and_only_so_many_listed() {
    let page = markdown_of(common::many_fresh());
    assert_eq!(page.matches("🟢 fresh").count(), 500);
    let folded: Vec<&str> = page.lines().filter(|line| !line.contains("🟢")).collect();
    insta::assert_snapshot!("many_fresh.md", folded.join("\n"));
    // Nearest to being late first.
    assert!(page.contains("<summary>612 fresh jobs</summary>"));
    assert!(page.find("`job_611`") < page.find("`job_610`"));
    assert!(!page.contains("`job_111`"));
    let page = html_of(common::many_fresh());
    assert_eq!(page.matches("<tr").count(), 500 + 1 + 2);
    assert!(page.contains("… and 112 more jobs that are fresh."));
    let value: serde_json::Value = serde_json::from_str(&json_of(common::many_fresh())).unwrap();
    assert_eq!(value["jobs_left_out"], 112);
    assert_eq!(value["jobs"].as_array().unwrap().len(), 501);
}

#[test]
fn a_storm_is_told_in_part_and_listed_whole() {
    let page = markdown_of(common::storm());
    assert_eq!(page.matches("is silent: ").count(), 50);
    assert_eq!(page.matches("🔴 **silent**").count(), 200);
    let short: Vec<&str> = page
        .lines()
        .filter(|line| !line.contains("job_") || line.contains("job_199"))
        .collect();
    insta::assert_snapshot!("storm.md", short.join("\n"));
    let page = html_of(common::storm());
    assert!(page.contains("… and 150 more flagged jobs, worst first in the panel below."));
}

#[test]
fn a_million_silent_jobs_make_a_page_that_can_be_opened() {
    let mut seen = common::storm();
    for at in 0..20_000 {
        let name = format!("more_{at}");
        seen.states.push(common::job(
            &name,
            watch::Verdict::Silent,
            9_000 + 4 * at,
            3_600,
        ));
    }
    let night = assemble(seen);
    assert_eq!(
        (night.flagged.len(), night.flagged_left_out),
        (1_000, 19_200)
    );
    assert!(night.flagged.is_sorted_by(|a, b| a.ratio >= b.ratio));
    let page = markdown::render(&night);
    assert!(page.contains("- … and 20150 more flagged jobs, worst first in the panel below."));
    assert!(page.contains("… and 19200 more jobs that need a look."));
}
