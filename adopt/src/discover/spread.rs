//! Many files, by all cores; what is found is put together in the order of the files.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::{Found, Look};
use crate::beside::cores;
use crate::times::Times;
use crate::users::Users;

/// Fewer files are not worth a thread.
const FEW: usize = 64;

/// How many files are taken at once.
const AT_ONCE: usize = 8;

/// What a part of the search found.
struct Part {
    found: Found,
    near: Vec<(usize, Box<str>)>,
    run: BTreeSet<PathBuf>,
}

impl Look<'_> {
    /// Does something for each of many files, by all cores where there are many; what is
    /// found is put together in the order of the files.
    pub(super) fn spread(&self, files: &[OsString], each: impl Fn(&Look<'_>, &OsStr) + Sync) {
        let cores = cores(files.len(), FEW);
        if cores == 1 {
            files.iter().for_each(|file| each(self, file));
            return;
        }
        let (now, zone, systemd) = (self.times.now(), self.times.zone(), self.systemd);
        let parts: Vec<_> = files.chunks(AT_ONCE).collect();
        // This thread takes the next files that nobody took, the others take the last
        // ones: one core may be slower, and what this one finds is where it belongs.
        let left = Mutex::new(0..parts.len());
        let take = |take: fn(&mut Range<usize>) -> Option<usize>| {
            take(&mut left.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let (mut done, failed) = std::thread::scope(|scope| {
            let others: Vec<_> = (1..cores)
                .map(|_| {
                    let (root, parts, take, each) = (self.root.again(), &parts, &take, &each);
                    scope.spawn(move || {
                        let users = Users::of(&root);
                        let times = Times::new(now, zone);
                        let look = Look::new(&root, &users, &times, systemd);
                        let mut done = Vec::new();
                        while let Some(at) = take(Range::next_back) {
                            parts[at].iter().for_each(|file| each(&look, file));
                            done.push((at, look.part()));
                        }
                        done
                    })
                })
                .collect();
            while let Some(at) = take(Range::next) {
                parts[at].iter().for_each(|file| each(self, file));
            }
            let (mut done, mut failed) = (Vec::new(), false);
            for other in others {
                match other.join() {
                    Ok(more) => done.extend(more),
                    Err(_) => failed = true,
                }
            }
            (done, failed)
        });
        done.sort_unstable_by_key(|(at, _)| *at);
        let jobs = done.iter().map(|(_, part)| part.found.jobs.len()).sum();
        self.found.borrow_mut().jobs.reserve(jobs);
        for (_, part) in done {
            self.take_in(part);
        }
        if failed {
            // A fault of this program: said, so that no job seems to be seen.
            self.unseen("a part of the crontabs: the search failed".into());
        }
    }

    /// What was found since this was asked last. The next part is likely to be as long.
    fn part(&self) -> Part {
        let found = self.found.take();
        let jobs = Vec::with_capacity(found.jobs.len());
        self.found.borrow_mut().jobs = jobs;
        Part {
            found,
            near: self.near.take(),
            run: self.run.take(),
        }
    }

    fn take_in(&self, mut part: Part) {
        let mut all = self.found.borrow_mut();
        let before = all.jobs.len();
        let near = part.near.into_iter();
        let near = near.map(|(first, place)| (before + first, place));
        self.near.borrow_mut().extend(near);
        all.jobs.append(&mut part.found.jobs);
        all.findings.append(&mut part.found.findings);
        all.unseen.append(&mut part.found.unseen);
        self.run.borrow_mut().append(&mut part.run);
    }
}
