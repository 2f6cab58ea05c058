//! Expected jobs that are amiss while another user leaves beats of their name. Those
//! count for nothing: a job is known by host, user and name.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use heartbeat::JobName;

use crate::{Expected, JobState, Verdict};

/// So many users are named; there may be any number.
const NAMED: usize = 3;

/// Each expected job that does not succeed, of which another user leaves beats, with what
/// is odd, in words that complete "`<place in the manifest>` …".
///
/// `absent`: expected jobs that left nothing, where they are not among the states.
#[must_use]
pub fn strangers(states: &[JobState], absent: &[&Arc<Expected>]) -> Vec<(Arc<Expected>, String)> {
    let well = |state: &JobState| matches!(state.verdict, Verdict::Fresh | Verdict::Late);
    let amiss = states.iter().filter(|state| !well(state));
    let amiss = amiss.filter_map(|state| state.expected.as_ref());
    let mut found: HashMap<&JobName, (Vec<&Arc<Expected>>, BTreeSet<&str>)> = HashMap::new();
    for expected in amiss.chain(absent.iter().copied()) {
        let (wanted, _) = found.entry(&expected.job).or_default();
        wanted.push(expected);
    }
    if found.is_empty() {
        return Vec::new();
    }
    let unexpected = |state: &&JobState| state.expected.is_none() && state.last_success.is_some();
    for state in states.iter().filter(unexpected) {
        if let Some((_, users)) = found.get_mut(&state.key.job) {
            users.insert(state.key.user());
        }
    }
    let mut told: Vec<_> = found
        .into_values()
        .filter(|(_, users)| !users.is_empty())
        .flat_map(|(wanted, users)| {
            let users = named(&users);
            wanted.into_iter().map(move |expected| {
                let (job, user) = (&expected.job, &expected.user);
                let what = format!(
                    "expects {job} of {user}, and {users} leaves the beats of that name, which do not count: correct `user`, or let the job run as {user}"
                );
                (Arc::clone(expected), what)
            })
        })
        .collect();
    told.sort_by(|(a, _), (b, _)| (&a.job, &a.user).cmp(&(&b.job, &b.user)));
    told
}

fn named(users: &BTreeSet<&str>) -> String {
    let mut text: Vec<&str> = users.iter().take(NAMED).copied().collect();
    if users.len() > NAMED {
        text.push("others");
    }
    match text.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("each of {} and {last}", rest.join(", ")),
        _ => text.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JobKey, Judgement, Timing, Written};

    fn expected(user: &str) -> Arc<Expected> {
        let place = Written {
            file: Arc::new("jobs.toml".into()),
            line: 1,
        };
        let timing = Timing::Interval("1d".parse().unwrap());
        Arc::new(Expected::new(user, "dump".parse().unwrap(), timing, place))
    }

    fn state(user: &str, job: &str, verdict: Verdict, entry: Option<&Arc<Expected>>) -> JobState {
        let judged = Judgement {
            last_success: Some("2026-11-22T02:00:00Z".parse().unwrap()),
            ..Judgement::new(verdict)
        };
        let key = JobKey::new("h", user, job.parse().unwrap());
        JobState::new(key, judged).expected(entry.map(Arc::clone))
    }

    fn told(states: &[JobState], absent: &[&Arc<Expected>]) -> Vec<String> {
        let told = strangers(states, absent);
        told.into_iter().map(|(_, what)| what).collect()
    }

    #[test]
    fn a_beat_of_another_user_is_told_where_the_expected_one_is_missing() {
        let root = expected("root");
        let app = state("app", "dump", Verdict::Fresh, None);
        let what = "expects dump of root, and app leaves the beats of that name, which do not count: correct `user`, or let the job run as root";
        for verdict in Verdict::ALL {
            let own = state("root", "dump", verdict, Some(&root));
            let fine = matches!(verdict, Verdict::Fresh | Verdict::Late);
            let wanted: &[&str] = if fine { &[] } else { &[what] };
            assert_eq!(told(&[app.clone(), own], &[]), wanted, "{verdict}");
        }
        assert_eq!(told(&[app], &[&root]), [what]);
    }

    #[test]
    fn others_are_no_strangers() {
        let root = expected("root");
        let own = state("root", "dump", Verdict::Silent, Some(&root));
        let elsewhere = state("app", "dump2", Verdict::Fresh, None);
        assert_eq!(told(&[own.clone(), elsewhere], &[]), [""; 0]);
        // One that is expected too is a job of its own.
        let app = expected("app");
        let both = [
            own.clone(),
            state("app", "dump", Verdict::Fresh, Some(&app)),
        ];
        assert_eq!(told(&both, &[]), [""; 0]);
        // Something that never succeeded stands for nothing.
        let mut empty = state("app", "dump", Verdict::Unreadable, None);
        empty.last_success = None;
        assert_eq!(told(&[own, empty], &[]), [""; 0]);
        assert_eq!(told(&[], &[]), [""; 0]);
    }

    #[test]
    fn of_many_some_are_named() {
        let root = expected("root");
        for (users, words) in [
            (&["a", "b"][..], "each of a and b leaves"),
            (&["a", "b", "c"][..], "each of a, b and c leaves"),
            (
                &["d", "a", "c", "b", "e"][..],
                "each of a, b, c and others leaves",
            ),
        ] {
            let beat = |user: &&str| state(user, "dump", Verdict::Fresh, None);
            let states: Vec<_> = users.iter().map(beat).collect();
            let told = told(&states, &[&root]);
            assert!(told[0].contains(words), "{told:?}");
        }
    }
}
