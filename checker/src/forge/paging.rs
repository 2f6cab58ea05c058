//! Reading a list that comes in pages and may move while it is read.
//!
//! Pure of any forge: it is handed a way to fetch page `n` and a way to read an
//! entry. Pages are counted by us; an address that a forge offers for the next
//! page is never followed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ForgeIssue, Listing};
use crate::error::DeliveryError;

/// How often a list that moved is read again.
const ROUNDS: u32 = 3;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The entries, pull requests and all.
    pub(crate) entries: Vec<Value>,
    /// How many entries there are on all pages, where the forge tells.
    pub(crate) total: Option<u64>,
    /// Whether another page follows, where the forge tells.
    pub(crate) more: Option<bool>,
}

/// What an entry turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// An issue that was asked for.
    Ours(ForgeIssue),
    /// Something else, to be left out: the number it has.
    Other(u64),
}

/// How one reading of all pages went.
struct Round {
    issues: BTreeMap<u64, ForgeIssue>,
    /// Nothing moved, as far as the forge tells.
    steady: bool,
    /// All pages came in one answer, or the forge counts: nothing can have moved
    /// unseen.
    certain: bool,
    /// Why it is of no use to read again.
    fault: Option<String>,
}

/// Reads all pages. `fetch` gets the page's number, from 1.
///
/// # Errors
/// When not even the first page of the first reading came.
pub(crate) fn read_all(
    max_pages: u32,
    fetch: &dyn Fn(u32) -> Result<Page, DeliveryError>,
    entry: &dyn Fn(&Value) -> Result<Entry, String>,
    warn: &dyn Fn(String),
) -> Result<Listing, DeliveryError> {
    let mut last: Option<Round> = None;
    for _ in 0..ROUNDS {
        let round = match read_once(max_pages, fetch, entry) {
            Ok(round) => round,
            Err(error) => match last {
                None => return Err(error),
                Some(last) => {
                    warn(format!("the list of issues is incomplete: {error}"));
                    return Ok(listing(last, false));
                }
            },
        };
        if let Some(fault) = &round.fault {
            warn(format!("the list of issues is incomplete: {fault}"));
            return Ok(listing(round, false));
        }
        // Where the forge does not count, two readings of several pages that
        // agree are as good.
        let agrees = last
            .as_ref()
            .is_some_and(|last| last.steady && last.issues.keys().eq(round.issues.keys()));
        if round.steady && (round.certain || agrees) {
            return Ok(listing(round, true));
        }
        last = Some(round);
    }
    warn(format!(
        "the list of issues is incomplete: it kept changing while it was read {ROUNDS} times"
    ));
    Ok(last.map_or_else(Listing::default, |last| listing(last, false)))
}

fn listing(round: Round, complete: bool) -> Listing {
    Listing {
        issues: round.issues.into_values().collect(),
        complete,
    }
}

/// Reads all pages once.
fn read_once(
    max_pages: u32,
    fetch: &dyn Fn(u32) -> Result<Page, DeliveryError>,
    entry: &dyn Fn(&Value) -> Result<Entry, String>,
) -> Result<Round, DeliveryError> {
    let mut round = Round {
        issues: BTreeMap::new(),
        steady: true,
        certain: true,
        fault: None,
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut read: u64 = 0;
    let mut total = None;
    let mut promised = false;
    for number in 1..=max_pages {
        let page = match fetch(number) {
            Ok(page) => page,
            Err(error) if number == 1 => return Err(error),
            Err(error) => {
                round.fault = Some(error.to_string());
                return Ok(round);
            }
        };
        if number == 1 {
            total = page.total;
            promised = page.more == Some(true);
        } else if page.total != total {
            round.steady = false;
        }
        for value in &page.entries {
            let number = match entry(value) {
                Ok(Entry::Ours(issue)) => {
                    let number = issue.number;
                    round.issues.insert(number, issue);
                    number
                }
                Ok(Entry::Other(number)) => number,
                Err(why) => {
                    round.fault = Some(format!("an entry cannot be read: {why}"));
                    continue;
                }
            };
            if !seen.insert(number) {
                round.steady = false;
            }
        }
        read += page.entries.len() as u64;
        let counted = total.is_some_and(|total| read >= total);
        if page.entries.is_empty() || counted || page.more == Some(false) {
            if total.is_some_and(|total| read != total) {
                round.steady = false;
            }
            // Page 2 is empty when page 1 held everything, unless page 1 said
            // that there is more.
            let one_page = number == 1 || (number == 2 && page.entries.is_empty() && !promised);
            round.certain = one_page || total.is_some();
            return Ok(round);
        }
    }
    round.fault = Some(format!("it has more than {max_pages} pages"));
    Ok(round)
}
