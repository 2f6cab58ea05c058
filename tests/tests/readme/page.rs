//! What a markdown page of ours holds: its code blocks and its tables. Enough of
//! markdown for that, and no more.

use std::fs;

use house_tests::bins;

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    /// The word after the fence.
    pub(crate) language: String,
    /// What stands in it.
    pub(crate) text: String,
    /// Why it is not run here: the comment right above it.
    pub(crate) not_run: Option<String>,
}

/// A page of the sources, by its path.
pub(crate) fn read(name: &str) -> String {
    let path = bins::sources().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All fenced blocks of a page, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut above = "";
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, line)| line);
            let text: Vec<&str> = inside.take_while(|line| *line != "```").collect();
            let comment = above
                .strip_prefix("<!-- not run here: ")
                .and_then(|rest| rest.strip_suffix(" -->"));
            found.push(Block {
                line: at + 1,
                language: language.to_owned(),
                text: text.join("\n") + "\n",
                not_run: comment.map(str::to_owned),
            });
        }
        above = line;
    }
    found
}

/// The blocks of the README in one language that are run here.
pub(crate) fn run_here(language: &str) -> Vec<Block> {
    let mut blocks = blocks(&read("README.md"));
    blocks.retain(|block| block.language == language && block.not_run.is_none());
    assert!(!blocks.is_empty(), "the README has no {language} block");
    blocks
}

/// The part of a page from a heading (or any line) to the next heading of the
/// same depth.
pub(crate) fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = format!("\n{heading}\n");
    let from = page
        .find(&start)
        .unwrap_or_else(|| panic!("no {heading:?}"));
    let rest = &page[from + start.len()..];
    let depth = heading.split(' ').next().unwrap();
    let end = rest.find(&format!("\n{depth} ")).unwrap_or(rest.len());
    &rest[..end]
}

/// The first table in a text, without its head: the cells of each row.
pub(crate) fn table(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().skip_while(|line| !line.starts_with('|'));
    rows.take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| {
            let cells = row.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// All words in code spans.
pub(crate) fn code_words(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.map(str::to_owned).collect()
}
