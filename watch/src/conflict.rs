//! Where what a job's beat says differs from what the manifest says.

use heartbeat::{Beat, JobFiles};

use crate::{Expected, Timing};

/// What differs, in words that complete "`<place in the manifest>` …". The manifest
/// counts.
#[must_use]
pub fn conflict(expected: &Expected, files: &JobFiles) -> Option<String> {
    let last: &Beat = files.last.as_deref()?.as_ref().ok()?;
    let details = last.details.as_deref();
    let schedule = details.and_then(|details| details.schedule.as_deref());
    let job = &expected.job;
    let differs = |ours: String, theirs: String| {
        format!(
            "expects {job} {ours}, its beat says {theirs}; the manifest counts: make both say the same"
        )
    };
    let every = |what: &dyn std::fmt::Display| format!("every {what}");
    let differing = match (&expected.timing, last.interval, schedule) {
        (Timing::Interval(ours), _, Some(theirs)) => Some((every(ours), format!("{theirs:?}"))),
        (Timing::Interval(ours), Some(theirs), None) if *ours != theirs => {
            Some((every(ours), every(&theirs)))
        }
        (Timing::Schedule(ours), _, Some(theirs)) if ours.schedule().as_text() != theirs => Some((
            format!("{:?}", ours.schedule().as_text()),
            format!("{theirs:?}"),
        )),
        _ => None,
    };
    if let Some((ours, theirs)) = differing {
        return Some(differs(ours, theirs));
    }
    // What only the wrapper can see, it must have been told to look for.
    let checked = details.map_or(&[][..], |details| &details.expectations);
    let unseen = expected.expects.text.is_some() && !checked.iter().any(|one| &**one == "text");
    unseen.then(|| {
        format!(
            "expects a text in the output of {job}, and its runs are not looked at for it: give its beat --expect-text"
        )
    })
}
