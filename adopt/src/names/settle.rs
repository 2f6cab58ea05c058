//! Names that differ, so that no job hides behind another.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
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
/// word (`crontab`, `php` for that file in `cron.d`).
#[must_use]
pub fn settle<'a>(
    many: usize,
    wish: impl Fn(usize) -> Wish<'a> + Sync,
    place: impl Fn(usize) -> &'a str + Sync,
) -> Vec<(usize, JobName)> {
    let hasher = DefaultHashBuilder::default();
    let hash = |user: &str, name: &JobName| hasher.hash_one((user, name.as_str()));
    let mut taken = Taken::of(many);
    let hashes = beside(parts(many, FEW), |part| {
        let wishes = part.map(&wish);
        let hashes = wishes.map(|wish| hash(wish.user, wish.name));
        hashes.collect::<Vec<_>>()
    });
    let wanted = hashes.into_iter().flatten().enumerate();
    let wanted = wanted.map(|(at, hash)| {
        let wish = wish(at);
        taken.take(&wish, Cow::Borrowed(wish.name), hash)
    });
    let mut places: Vec<usize> = wanted.collect();
    let mut changed = vec![false; many];
    for step in 0..3 {
        // All of those that collide are told before one of them gives way.
        let made = beside(parts(many, FEW), |part| {
            let mut text = String::new();
            let clash = part.map(|at| (at, wish(at)));
            let clash = clash.filter(|(at, wish)| taken.clash(wish, places[*at]));
            let made = clash.map(|(at, wish)| {
                let name = longer(&wish, place(at), step, at, &mut text);
                (at, hash(wish.user, &name), name)
            });
            made.collect::<Vec<_>>()
        });
        if made.iter().all(Vec::is_empty) {
            break;
        }
        for (at, hash, name) in made.into_iter().flatten() {
            let wish = wish(at);
            taken.give_back(&wish, places[at]);
            places[at] = taken.take(&wish, Cow::Owned(name), hash);
            changed[at] = true;
        }
    }
    let changed = (0..many).filter(|at| changed[*at]);
    let names = changed.map(|at| (at, taken.name(&wish(at), places[at])));
    names.collect()
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

/// Which names are taken, and how often. A large host has a hundred thousand, so each is
/// kept once, and found by its number.
struct Taken<'a> {
    users: HashMap<&'a str, usize>,
    /// The user of the last wish: the next one is often theirs, too.
    last: Option<(&'a str, usize)>,
    names: Vec<Name<'a>>,
    /// Where in `names` a name of a user is.
    numbers: HashTable<usize>,
}

/// A name of a user.
struct Name<'a> {
    user: usize,
    name: Cow<'a, JobName>,
    /// Of both: told once.
    hash: u64,
    /// How many have it.
    all: u32,
    /// How many of those run.
    strong: u32,
}

impl<'a> Taken<'a> {
    fn of(many: usize) -> Self {
        Self {
            users: HashMap::new(),
            last: None,
            names: Vec::with_capacity(many),
            numbers: HashTable::with_capacity(many),
        }
    }

    fn user(&mut self, wish: &Wish<'a>) -> usize {
        if let Some((last, at)) = self.last
            && std::ptr::eq(last, wish.user)
        {
            return at;
        }
        let next = self.users.len();
        let at = *self.users.entry(wish.user).or_insert(next);
        self.last = Some((wish.user, at));
        at
    }

    /// Takes a name of a user with the hash of both, and says where it is counted.
    fn take(&mut self, wish: &Wish<'a>, name: Cow<'a, JobName>, hash: u64) -> usize {
        let user = self.user(wish);
        let Self { names, numbers, .. } = self;
        let same = |at: &usize| {
            let known = &names[*at];
            known.hash == hash && known.user == user && *known.name == *name
        };
        let entry = numbers.entry(hash, same, |at| names[*at].hash);
        let at = *entry.or_insert(names.len()).get();
        if at == names.len() {
            names.push(Name {
                user,
                name,
                hash,
                all: 0,
                strong: 0,
            });
        }
        names[at].all += 1;
        names[at].strong += u32::from(!wish.weak);
        at
    }

    fn give_back(&mut self, wish: &Wish<'_>, at: usize) {
        self.names[at].all -= 1;
        self.names[at].strong -= u32::from(!wish.weak);
    }

    /// Whether a wish must give way.
    fn clash(&self, wish: &Wish<'_>, at: usize) -> bool {
        let Name { all, strong, .. } = self.names[at];
        !wish.firm && if wish.weak { all > 1 } else { strong > 1 }
    }

    /// The name of a wish, when no more are asked for: whose alone it is gets it as it is.
    fn name(&mut self, wish: &Wish<'a>, at: usize) -> JobName {
        let Name { name, all, .. } = &mut self.names[at];
        if *all > 1 {
            return name.as_ref().clone();
        }
        std::mem::replace(name, Cow::Borrowed(wish.name)).into_owned()
    }
}
