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

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use serde_json::json;

    use super::*;
    use crate::forge::State;

    /// A forge whose pages are made of numbers; `read` is how often it was asked.
    struct Fake<'a> {
        pages: &'a dyn Fn(u32, u32) -> Result<Page, DeliveryError>,
        read: Cell<u32>,
    }

    fn page(
        numbers: impl IntoIterator<Item = u64>,
        total: Option<u64>,
        more: Option<bool>,
    ) -> Page {
        Page {
            entries: numbers.into_iter().map(|number| json!(number)).collect(),
            total,
            more,
        }
    }

    /// What a listing of at most 10 pages brings: the numbers, whether it is
    /// complete, how many pages were read, and the warnings.
    fn list(
        pages: &dyn Fn(u32, u32) -> Result<Page, DeliveryError>,
    ) -> (Vec<u64>, bool, u32, String) {
        let fake = Fake {
            pages,
            read: Cell::new(0),
        };
        let warnings = RefCell::new(Vec::new());
        let fetch = |number| {
            fake.read.set(fake.read.get() + 1);
            (fake.pages)(number, fake.read.get())
        };
        let entry = |value: &Value| {
            let number = value.as_u64().ok_or("no number")?;
            if number >= 1000 {
                return Ok(Entry::Other(number));
            }
            Ok(Entry::Ours(ForgeIssue {
                number,
                url: String::new(),
                title: String::new(),
                body: String::new(),
                state: State::Open,
                author: String::new(),
                closed_at: None,
            }))
        };
        let listing = read_all(10, &fetch, &entry, &|text| warnings.borrow_mut().push(text));
        let listing = listing.unwrap();
        let numbers = listing.issues.iter().map(|issue| issue.number).collect();
        let warnings = warnings.take().join("; ");
        (numbers, listing.complete, fake.read.get(), warnings)
    }

    fn failed() -> DeliveryError {
        DeliveryError::later("list", "it broke")
    }

    #[test]
    fn it_reads_until_there_is_no_more() {
        let all = || (1..=5).collect::<Vec<u64>>();
        // Counted: no page is asked for in vain, short pages mean nothing.
        let counted = list(&|number, _| {
            Ok(match number {
                1 => page([1], Some(5), None),
                2 => page([2, 3, 1000], Some(6), None),
                _ => page([4, 5], Some(6), None),
            })
        });
        assert_eq!(counted.2, 9, "the total changed each time: three rounds");
        let counted = list(&|number, _| {
            Ok(match number {
                1 => page([1], Some(6), Some(true)),
                2 => page([2, 3, 1000], Some(6), Some(true)),
                _ => page([4, 5], Some(6), Some(false)),
            })
        });
        assert_eq!(counted, (all(), true, 3, String::new()));
        // Told by the headers alone: read twice, since nothing is counted.
        let told = list(&|number, _| {
            Ok(match number {
                1 => page([1, 2], None, Some(true)),
                _ => page([3, 4, 5], None, Some(false)),
            })
        });
        assert_eq!(told, (all(), true, 4, String::new()));
        // Told by nothing: until a page is empty.
        let untold = list(&|number, _| {
            Ok(match number {
                1 => page([1, 2], None, None),
                2 => page([3, 4, 5], None, None),
                _ => page([], None, None),
            })
        });
        assert_eq!(untold, (all(), true, 6, String::new()));
        let one =
            list(&|number, _| Ok(page(if number == 1 { vec![7] } else { vec![] }, None, None)));
        assert_eq!(one, (vec![7], true, 2, String::new()));
        let none = list(&|_, _| Ok(page([], Some(0), None)));
        assert_eq!(none, (vec![], true, 1, String::new()));
    }

    #[test]
    fn a_list_that_moved_is_read_again() {
        // Between page 1 and 2 issue 1 was closed: 3 moved to page 1, unseen.
        let closed = list(&|number, read| {
            Ok(match (number, read) {
                (1, 1) => page([1, 2], Some(4), None),
                (2, 2) => page([4], Some(3), None),
                (3, 3) => page([], Some(3), None),
                (1, _) => page([2, 3], Some(3), None),
                _ => page([4], Some(3), None),
            })
        });
        assert_eq!(closed, (vec![2, 3, 4], true, 5, String::new()));
        // A new one pushed 1 to page 2: seen twice.
        let pushed = list(&|number, read| {
            Ok(match (number, read) {
                (1, 1) => page([2, 1], None, Some(true)),
                (1, _) => page([3, 2], None, Some(true)),
                _ => page([1], None, Some(false)),
            })
        });
        assert_eq!(pushed, (vec![1, 2, 3], true, 6, String::new()));
        // Nothing counts, and the second page came back empty.
        let hidden = list(&|number, read| {
            Ok(match (number, read) {
                (1, 1) => page([1, 2], None, Some(true)),
                (2, 2) => page([], None, None),
                _ => page([2, 3], None, Some(false)),
            })
        });
        assert_eq!(hidden, (vec![2, 3], true, 3, String::new()));
    }

    #[test]
    fn what_may_be_missing_is_said() {
        let incomplete = "the list of issues is incomplete: ";
        let restless = list(&|number, read| {
            let total = Some(u64::from(2 + read));
            Ok(page([u64::from(number)], total, Some(number == 1)))
        });
        assert!(
            !restless.1 && restless.3.contains("it kept changing"),
            "{restless:?}"
        );
        let broken = list(&|number, _| {
            if number == 1 {
                Ok(page([1], None, Some(true)))
            } else {
                Err(failed())
            }
        });
        assert_eq!(
            broken,
            (
                vec![1],
                false,
                2,
                format!("{incomplete}cannot list: it broke")
            )
        );
        let endless = list(&|number, _| Ok(page([u64::from(number)], None, Some(true))));
        assert!(
            !endless.1 && endless.3.contains("more than 10 pages"),
            "{endless:?}"
        );
        let odd = list(&|_, _| {
            Ok(Page {
                entries: vec![json!(1), json!({"number": null})],
                total: Some(2),
                more: None,
            })
        });
        assert_eq!(
            odd,
            (
                vec![1],
                false,
                1,
                format!("{incomplete}an entry cannot be read: no number")
            )
        );
        let short = list(&|number, _| {
            Ok(page(
                if number == 1 { vec![1] } else { vec![] },
                Some(2),
                None,
            ))
        });
        assert!(
            !short.1 && short.3.contains("it kept changing"),
            "{short:?}"
        );
        let later = list(&|number, read| match (number, read) {
            (1, 1) => Ok(page([1, 2], Some(3), None)),
            (2, 2) => Ok(page([3], Some(4), None)),
            _ => Err(failed()),
        });
        assert_eq!(
            (later.0, later.1),
            (vec![1, 2, 3], false),
            "what was seen is kept"
        );
    }

    #[test]
    fn without_a_first_page_there_is_no_listing() {
        let listing = read_all(10, &|_| Err(failed()), &|_| Err(String::new()), &|_| {});
        assert_eq!(listing, Err(failed()));
    }
}
