//! Flagged jobs that wait for others: while what a job needs is flagged, it is told
//! under that.

use std::collections::HashMap;

use crate::Need;

/// A flagged job, and what it needs.
#[derive(Debug, Clone, Copy)]
pub struct Needy<'a> {
    /// Whose.
    pub user: &'a str,
    /// Its name.
    pub job: &'a str,
    /// What it needs.
    pub needs: &'a [Need],
}

/// For each of `count` flagged jobs that waits for another of them: what is at the
/// bottom of it. `job` gives them by their index.
#[must_use]
pub fn waits_for<'a>(count: usize, job: impl Fn(usize) -> Needy<'a>) -> HashMap<usize, usize> {
    let mut wanted: HashMap<(&str, &str), Option<usize>> = HashMap::new();
    for need in (0..count).flat_map(|at| job(at).needs) {
        if let Need::Job { user, job } = need {
            wanted.insert((user, job.as_str()), None);
        }
    }
    let mut root = HashMap::new();
    if wanted.is_empty() {
        return root;
    }
    for at in 0..count {
        let Needy { user, job, .. } = job(at);
        if let Some(found) = wanted.get_mut(&(user, job)) {
            *found = Some(at);
        }
    }
    let first = |at: usize| {
        job(at).needs.iter().find_map(|need| match need {
            Need::Job { user, job } => wanted.get(&(&**user, job.as_str())).copied()?,
            Need::Host => None,
        })
    };
    for one in 0..count {
        let mut at = one;
        // A circle is refused where it is written; here it only has to end.
        for _ in 0..count {
            match first(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        if at != one && first(at).is_none() {
            root.insert(one, at);
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str) -> Need {
        Need::Job {
            user: "root".into(),
            job: name.parse().unwrap(),
        }
    }

    /// What waits for what, of jobs with their needs.
    fn told(jobs: &[(&str, &[Need])]) -> Vec<(String, String)> {
        let of = |at: usize| Needy {
            user: "root",
            job: jobs[at].0,
            needs: jobs[at].1,
        };
        let name = |at: usize| jobs[at].0.to_owned();
        let mut told: Vec<_> = waits_for(jobs.len(), of)
            .into_iter()
            .map(|(job, root)| (name(job), name(root)))
            .collect();
        told.sort();
        told
    }

    #[test]
    fn what_is_at_the_bottom_is_told() {
        let told = told(&[
            ("a", &[job("b"), Need::Host]),
            ("b", &[job("well"), job("vpn")]),
            ("vpn", &[]),
            ("alone", &[job("well"), Need::Host]),
        ]);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(told, [pair("a", "vpn"), pair("b", "vpn")]);
    }

    #[test]
    fn a_circle_ends_and_hides_nothing() {
        let told = told(&[("a", &[job("b")]), ("b", &[job("a")]), ("c", &[job("a")])]);
        assert_eq!(told, []);
    }
}
