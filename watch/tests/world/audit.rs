//! What must hold in the little world: of each plan by itself, and once passes
//! were left undisturbed.

use std::collections::HashSet;

use watch::{Action, JobState, Known, Listings, Marker, Plan, Scope, Sight, Verdict, member_hash};

use super::{HOSTS, JOBS, World};

/// A plan says nothing that is not true, and touches nothing that is not its
/// host's.
pub(crate) fn honest(
    world: &World,
    host: usize,
    states: &[JobState],
    sight: &Sight,
    listings: &Listings,
    plan: &Plan,
) {
    let mut touched = HashSet::new();
    let mut ours = |known: &Known| {
        assert!(
            touched.insert(known.number),
            "one step for #{}",
            known.number
        );
        match &known.marker {
            Some(marker) => assert_eq!(marker.host, HOSTS[host]),
            None => assert!(known.title.ends_with(&format!(" on {}", HOSTS[host]))),
        }
        world.forge.issue(known.number);
    };
    let flagged = |job: &usize| assert!(states[*job].flagged(), "{:?}", states[*job]);
    let mut told = HashSet::new();
    let mut tell = |job: &usize| {
        assert!(states[*job].flagged(), "{:?}", states[*job]);
        assert!(told.insert(*job), "{:?} is told once", states[*job].key);
    };
    let of = |issue: &usize, job: &usize| {
        let marker = listings.open[*issue].marker.as_ref();
        let key = &states[*job].key;
        let scope = Marker::for_job(key, "", None, 1).scope;
        assert!(marker.is_none_or(|marker| marker.scope == scope));
    };
    for action in &plan.actions {
        match action {
            Action::Open { job } => tell(job),
            Action::Reopen { issue, job } => {
                tell(job);
                ours(&listings.closed[*issue]);
            }
            Action::Change { issue, job } => {
                tell(job);
                of(issue, job);
                ours(&listings.open[*issue]);
            }
            Action::Refresh { issue, job } => {
                of(issue, job);
                ours(&listings.open[*issue]);
            }
            Action::Recover { issue, job } => {
                assert!(!states[*job].flagged(), "{:?}", states[*job]);
                of(issue, job);
                ours(&listings.open[*issue]);
            }
            Action::Gone { issue } => {
                let known = &listings.open[*issue];
                ours(known);
                let Some(Scope::Job { user, .. }) = known.marker.as_ref().map(|m| &m.scope) else {
                    panic!("{known:?} is gone without being about a job");
                };
                assert!(!sight.blind && !sight.blind_users.contains(user));
            }
            Action::Duplicate { issue, of } => {
                let known = &listings.open[*issue];
                ours(known);
                assert!(known.number > *of);
                let kept = listings.open.iter().find(|known| known.number == *of);
                let (kept, known) = (kept.unwrap().marker.as_ref(), known.marker.as_ref());
                let (kept, known) = (&kept.unwrap().scope, &known.unwrap().scope);
                let storms = |scope: &Scope| matches!(scope, Scope::Storm { .. });
                assert!(kept == known || storms(kept) && storms(known));
            }
            Action::OpenStorm { jobs } => {
                assert!(jobs.len() > 2);
                jobs.iter().for_each(&mut tell);
            }
            Action::GrowStorm {
                issue, jobs, added, ..
            } => {
                assert!(added.len() > 2);
                added.iter().for_each(&mut tell);
                jobs.iter().for_each(flagged);
                ours(&listings.open[*issue]);
            }
            Action::ShrinkStorm { issue, jobs, .. } => {
                jobs.iter().for_each(flagged);
                ours(&listings.open[*issue]);
            }
            Action::CloseStorm { issue } => {
                let known = &listings.open[*issue];
                ours(known);
                let members = members(known.marker.as_ref());
                for (at, state) in states.iter().enumerate() {
                    let member = members.contains(&member_hash(&state.key));
                    let told = plan.covered.get(&at).is_some_and(|by| by != issue);
                    let left = state.flagged() && member && !told;
                    assert!(!left, "{:?} is left", state.key);
                }
            }
        }
    }
}

fn about(marker: Option<&Marker>, state: &JobState) -> bool {
    let scope = Marker::for_job(&state.key, "", None, 1).scope;
    marker.is_some_and(|marker| marker.host == state.key.host() && marker.scope == scope)
}

fn members(marker: Option<&Marker>) -> Vec<String> {
    match marker.map(|marker| &marker.scope) {
        Some(Scope::Storm { members }) => members.clone().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// After an incomplete listing an issue might be opened twice.
pub(crate) fn creates_nothing(plan: &Plan) {
    for action in &plan.actions {
        let creates = matches!(
            action,
            Action::Open { .. } | Action::Reopen { .. } | Action::OpenStorm { .. }
        );
        assert!(!creates, "{action:?} after an incomplete listing");
        assert!(!matches!(action, Action::GrowStorm { .. }));
    }
}

/// Once passes were left undisturbed: each flagged job is told exactly once or
/// was put aside by a person; no other job is told.
pub(crate) fn settled(world: &World, host: usize, plan: &Plan) {
    assert_eq!(plan.actions, [], "a second identical pass does nothing");
    assert!(plan.held_back.is_empty());
    let open: Vec<Known> = world.forge.open().map(|issue| issue.known()).collect();
    let storm = |known: &&Known| {
        let marker = known.marker.as_ref();
        marker.is_some_and(|m| m.host == HOSTS[host] && matches!(m.scope, Scope::Storm { .. }))
    };
    let storms: Vec<&Known> = open.iter().filter(storm).collect();
    assert!(storms.len() <= 1, "one umbrella: {storms:?}");
    let members = members(storms.first().and_then(|known| known.marker.as_ref()));
    for job in 0..JOBS {
        let key = World::key(host, job);
        let Some(state) = world.judge(host, job) else {
            let scope = Marker::for_job(&key, "", None, 1).scope;
            let told = open.iter().filter_map(|known| known.marker.as_ref());
            let told: Vec<_> = told
                .filter(|marker| marker.host == HOSTS[host] && marker.scope == scope)
                .collect();
            assert!(told.len() <= 1 && told.iter().all(|marker| marker.kind == "gone"));
            continue;
        };
        let own: Vec<_> = open
            .iter()
            .filter(|known| about(known.marker.as_ref(), &state))
            .collect();
        let times = own.len() + usize::from(members.contains(&member_hash(&key)));
        if !state.flagged() {
            assert_eq!(times, 0, "{key:?} is {}: {own:?}", state.verdict);
            continue;
        }
        if times == 0 {
            assert!(
                put_aside(world, host, job, &state),
                "nobody is told that {key:?} is {}",
                state.verdict
            );
            continue;
        }
        assert_eq!(times, 1, "{key:?} is told {times} times: {own:?}");
        if let Some(own) = own.first().and_then(|known| known.marker.as_ref()) {
            assert_eq!(own.kind, state.verdict.word());
            assert_eq!(own.since, state.since());
        }
    }
}

/// Whether a person closed an issue that told of what is wrong with this job
/// now. From what the person saw, not from what markers say.
fn put_aside(world: &World, host: usize, job: usize, state: &JobState) -> bool {
    let (key, left) = (World::key(host, job), world.hosts[host].jobs[job]);
    world.put_aside.iter().any(|closed| {
        let same = closed.job.last == left.last && closed.job.garbled == left.garbled;
        let recent = world.now - closed.at <= chrono::TimeDelta::days(7);
        let aside = match state.verdict {
            // Each run may leave another file that cannot be read.
            Verdict::Unreadable if closed.said == state.verdict.word() => recent,
            Verdict::Silent | Verdict::Unreadable => {
                // No pass had told yet that the files were gone.
                let told = closed.said == "storm" || closed.said == state.verdict.word();
                let unseen = told && closed.verdict.is_none();
                same && (unseen || closed.verdict == Some(state.verdict))
            }
            // Each beat of a job whose clock is ahead is another one.
            Verdict::Skewed => recent && closed.said == "skewed",
            _ if left.last.is_none() => same && recent,
            _ => same && closed.verdict.is_none_or(Verdict::flagged),
        };
        closed.key == key && aside
    })
}

/// Nobody else's issue was touched, and nothing that people wrote was lost.
pub(crate) fn untouched(before: &World, after: &World) {
    assert_eq!(before.forge.others, after.forge.others);
    for issue in &after.forge.issues {
        for note in &issue.notes {
            assert!(issue.body.contains(note), "{note} is lost from {issue:?}");
        }
    }
}
