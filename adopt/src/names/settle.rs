//! Names that differ, so that no job hides behind another.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use heartbeat::JobName;

use super::{Wish, valid};
use crate::beside::{beside, parts};

/// Fewer wishes are not worth a thread.
const FEW: usize = 5_000;

/// Makes names differ, and says which jobs get another than they wish for. All of those
/// that collide get their place, and then, if they must, their line; so the order does
/// not matter. A job that does not run takes no name from one that does.
///
/// `wish` and `place` are asked by number: what a job wishes for, and where it is, in a
/// word (`crontab`, `php` for that file in `cron.d`). What is returned has an entry for
/// each of them, which is empty where the wish is granted.
#[must_use]
pub fn settle<'a>(
    many: usize,
    wish: impl Fn(usize) -> Wish<'a> + Sync,
    place: impl Fn(usize) -> &'a str + Sync,
) -> Vec<Option<JobName>> {
    let hasher = DefaultHashBuilder::default();
    let hash = |user: &str, name: &JobName| hasher.hash_one((user, name.as_str()));
    let standing = beside(parts(many, FEW), |part| {
        let standing = part.map(&wish).map(|wish| Standing {
            hash: hash(wish.user, wish.name),
            firm: wish.firm,
            weak: wish.weak,
        });
        standing.collect::<Vec<_>>()
    });
    let mut standing = standing.concat();
    let mut taken = Taken::of(many);
    standing.iter().for_each(|wish| taken.take(*wish));
    let mut names = vec![None; many];
    for step in 0..3 {
        // All of those that collide are told before one of them gives way.
        let longer = beside(parts(many, FEW), |part| {
            let mut text = String::new();
            let clash = part.filter(|at| taken.clash(standing[*at]));
            let longer = clash.map(|at| {
                let wish = wish(at);
                let name = longer(&wish, place(at), step, at, &mut text);
                (at, hash(wish.user, &name), name)
            });
            longer.collect::<Vec<_>>()
        });
        if longer.iter().all(Vec::is_empty) {
            break;
        }
        for (at, hash, name) in longer.into_iter().flatten() {
            taken.give_back(standing[at]);
            standing[at].hash = hash;
            taken.take(standing[at]);
            names[at] = Some(name);
        }
    }
    names
}

/// The name that a wish gets at a step: its place, its line, its number come to it.
fn longer(wish: &Wish<'_>, place: &str, step: usize, at: usize, text: &mut String) -> JobName {
    // sysstat-sysstat says less than sysstat-cron.
    let own = if place == wish.name.as_str() {
        "cron"
    } else {
        place
    };
    let line = wish.line.unwrap_or(0);
    match step {
        0 => with_place(wish.name, own, text),
        1 => with_place(wish.name, &format!("{own}-{line}"), text),
        _ => with_place(wish.name, &format!("{own}-{line}-{at}"), text),
    }
}

/// A name with a place after it. The text is only room to put it together in.
fn with_place(name: &JobName, place: &str, text: &mut String) -> JobName {
    let (name, room) = (name.as_str(), 99usize.saturating_sub(place.len()));
    text.clear();
    for part in [&name[..name.len().min(room)], "-", place] {
        text.push_str(part);
    }
    // Most places are sound as they are.
    JobName::new(text).unwrap_or_else(|_| {
        let place = valid(place);
        let short: String = name.chars().take(99 - place.as_str().len()).collect();
        JobName::new(&format!("{short}-{place}")).unwrap_or(place)
    })
}

/// What a wish has, in short.
#[derive(Clone, Copy)]
struct Standing {
    /// Of the user and of the name that it has.
    hash: u64,
    firm: bool,
    weak: bool,
}

/// Which names are taken, and how often, by the hash of user and name: a large host has
/// a hundred thousand. Two of one hash would be taken for one name, and get their places
/// as if they collided, which does no harm.
struct Taken(HashTable<Count>);

struct Count {
    hash: u64,
    /// How many have it.
    all: u32,
    /// How many of those run.
    strong: u32,
}

impl Taken {
    fn of(many: usize) -> Self {
        Self(HashTable::with_capacity(many))
    }

    fn take(&mut self, wish: Standing) {
        let Standing { hash, weak, .. } = wish;
        let same = |count: &Count| count.hash == hash;
        let entry = self.0.entry(hash, same, |count| count.hash);
        let mut count = entry.or_insert(Count {
            hash,
            all: 0,
            strong: 0,
        });
        count.get_mut().all += 1;
        count.get_mut().strong += u32::from(!weak);
    }

    fn give_back(&mut self, wish: Standing) {
        let same = |count: &Count| count.hash == wish.hash;
        if let Some(count) = self.0.find_mut(wish.hash, same) {
            count.all -= 1;
            count.strong -= u32::from(!wish.weak);
        }
    }

    /// Whether a wish must give way.
    fn clash(&self, wish: Standing) -> bool {
        let same = |count: &Count| count.hash == wish.hash;
        let many = |count: &Count| if wish.weak { count.all } else { count.strong };
        !wish.firm
            && self
                .0
                .find(wish.hash, same)
                .is_some_and(|count| many(count) > 1)
    }
}
