//! The expected jobs. None of them vanishes: each table of the text is a job, or a
//! fault and a doubt. What is read can be written, and reads back as it was.

use std::path::Path;

use heartbeat::JobName;
use manifest::{Manifest, entry};
use watch::{Expected, Need, Zone};

/// Reads the bytes as a file of expected jobs.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let manifest = read(text);
    for fault in &manifest.faults {
        assert!(!fault.message.is_empty() && !fault.to_string().is_empty());
        if let Some((line, _, _)) = &fault.place {
            assert!(text.split('\n').count() >= *line, "{fault}");
        }
    }
    for job in manifest.jobs() {
        assert_eq!(manifest.get(&job.user, &job.job), Some(job));
        assert!(!manifest.in_doubt(&job.user, &job.job));
        assert!((1..=watch::MAX_MISSES).contains(&job.misses));
        assert!(!job.timing.words().is_empty());
        round(job);
    }
    assert!(
        manifest
            .jobs()
            .is_sorted_by(|a, b| (&a.job, &a.user) < (&b.job, &b.user))
    );
    nothing_vanishes(text, &manifest);
}

fn read(text: &str) -> Manifest {
    Manifest::of_text(Path::new("a.toml"), text, Some(Zone::utc()), &|_, _| Ok(()))
}

/// Whether a job needs itself; that need is cut, and told.
fn needs_itself(job: &Expected) -> bool {
    let own = Need::Job {
        user: job.user.clone(),
        job: job.job.clone(),
    };
    job.needs.contains(&own)
}

fn round(job: &Expected) {
    let text = entry(job);
    let again = read(&text);
    assert!(again.faults.is_empty(), "{:?} in\n{text}", again.faults);
    let [read] = again.jobs() else {
        panic!("{} jobs in\n{text}", again.jobs().len());
    };
    assert!(!needs_itself(job), "{text}");
    let mut read = (**read).clone();
    read.place = job.place.clone();
    assert_eq!(&read, job, "{text}");
}

/// Held against another reading of the same text.
fn nothing_vanishes(text: &str, manifest: &Manifest) {
    let Ok(document) = toml::from_str::<toml::Table>(text) else {
        assert!(manifest.blind && !manifest.faults.is_empty(), "{text}");
        return;
    };
    let tables = document.len();
    let clean = manifest.faults.is_empty();
    assert!(!clean || manifest.jobs().len() == tables, "{text}");
    assert!(!clean || !manifest.blind, "{text}");
    for (name, value) in &document {
        let (user, job) = name.split_once('/').unwrap_or(("", name));
        let Ok(job) = JobName::new(job) else {
            assert!(!clean, "{name:?} is taken");
            continue;
        };
        let inside = value.get("user").and_then(|user| user.as_str());
        let user = match user {
            "" => inside.unwrap_or("root"),
            user => user,
        };
        let seen = manifest.get(user, &job).is_some() || manifest.in_doubt(user, &job);
        assert!(seen, "{name:?} has vanished:\n{text}");
    }
}
