//! Needs that go round in a circle: each job of it would be listed under the
//! next, and none would ever be told.

use std::collections::HashMap;
use std::ops::Range;

use heartbeat::JobName;
use watch::Need;

use crate::entry::Draft;

/// A circle, at the need that closes it.
#[derive(Debug)]
pub(crate) struct Circle {
    /// The text it is written in.
    pub(crate) source: usize,
    pub(crate) place: Range<usize>,
    pub(crate) message: String,
}

/// Takes out each need that closes a circle, so that the jobs are told all the
/// same, and says which these were. The drafts' places of needs are one with
/// their needs before and after.
pub(crate) fn cut_circles(drafts: &mut [(usize, Draft)]) -> Vec<Circle> {
    let edges = edges(drafts);
    let mut circles = Vec::new();
    let mut cut: Vec<(usize, usize)> = Vec::new();
    let mut done = vec![false; drafts.len()];
    let mut on_way = vec![false; drafts.len()];
    for start in 0..drafts.len() {
        // The way down: a job, and how many of its needs were looked at. Not by
        // recursion: a chain may be as long as the manifest.
        let mut way = vec![(start, 0)];
        if done[start] {
            continue;
        }
        on_way[start] = true;
        while let Some((job, next)) = way.last_mut() {
            let job = *job;
            let Some((need, to)) = edges[job].get(*next).copied() else {
                done[job] = true;
                on_way[job] = false;
                way.pop();
                continue;
            };
            *next += 1;
            if on_way[to] {
                let from = way.iter().position(|(one, _)| *one == to).unwrap_or(0);
                let round: Vec<usize> = way[from..].iter().map(|(one, _)| *one).collect();
                circles.push(circle(drafts, &round, job, need));
                cut.push((job, need));
            } else if !done[to] {
                on_way[to] = true;
                way.push((to, 0));
            }
        }
    }
    cut.sort_unstable();
    for (job, need) in cut.into_iter().rev() {
        let draft = &mut drafts[job].1;
        draft.expected.needs.remove(need);
        draft.needs.remove(need);
    }
    circles
}

/// For each draft: which of its needs lead to which draft.
fn edges(drafts: &[(usize, Draft)]) -> Vec<Vec<(usize, usize)>> {
    let mut known: HashMap<(&str, &JobName), usize> = HashMap::new();
    for (at, (_, draft)) in drafts.iter().enumerate() {
        known.insert((&draft.expected.user, &draft.expected.job), at);
    }
    let target = |need: &Need| match need {
        Need::Job { user, job } => known.get(&(&**user, job)).copied(),
        Need::Host => None,
    };
    drafts
        .iter()
        .map(|(_, draft)| {
            let needs = draft.expected.needs.iter().enumerate();
            needs
                .filter_map(|(at, need)| Some((at, target(need)?)))
                .collect()
        })
        .collect()
}

fn circle(drafts: &[(usize, Draft)], round: &[usize], last: usize, need: usize) -> Circle {
    const MOST: usize = 10;
    let name = |at: &usize| {
        let expected = &drafts[*at].1.expected;
        let (user, job) = (expected.user.clone(), expected.job.clone());
        Need::Job { user, job }.to_string()
    };
    let mut names: Vec<String> = round.iter().take(MOST).map(name).collect();
    if round.len() > MOST {
        names.push(format!("… ({} more)", round.len() - MOST));
    }
    names.extend(round.first().map(name));
    let (source, draft) = &drafts[last];
    Circle {
        source: *source,
        place: draft.needs.get(need).cloned().unwrap_or_default(),
        message: format!("these needs go round in a circle: {}", names.join(" -> ")),
    }
}
