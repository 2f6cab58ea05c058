//! The marker: the first line of an issue that the checker opened. It carries
//! the typed key, so that nothing need be remembered elsewhere, and the title
//! may be changed by anybody.
//!
//! What follows the marker, up to the end marker, is the checker's to rewrite;
//! what people add behind it stays.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::verdict::tellable;
use crate::{JobKey, JobState};

const START: &str = "<!-- heartbeat-checker ";
const END: &str = "<!-- /heartbeat-checker -->";

/// What an issue is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One job.
    Job {
        /// User of the key.
        user: String,
        /// Job of the key.
        job: String,
    },
    /// Many jobs of a host at once. Each as [`member_hash`] makes it; `None`
    /// when there are too many to list: then it is about every flagged job that
    /// has no issue of its own.
    Storm {
        /// The jobs.
        members: Option<Vec<String>>,
    },
}

/// What the checker wrote into an issue for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Name of the host.
    pub host: String,
    /// One job or many.
    pub scope: Scope,
    /// What was last said: a verdict's word, `storm`, `gone`, `recovered` or
    /// `duplicate`.
    pub kind: String,
    /// The last success before this silence, or when the storm began.
    pub since: Option<DateTime<Utc>>,
    /// Counts the edits, so that a comment can be told from its repetition.
    pub rev: u32,
    /// The jobs that wait for this one, as [`members_hash`] makes it, where there are
    /// any: with others the text is another.
    pub under: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u32,
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storm: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    everything: bool,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(default)]
    rev: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under: Option<String>,
}

/// The most members that a marker lists; more would not fit into an issue.
pub(crate) const MAX_MEMBERS: usize = 2_500;

impl Marker {
    /// The marker for a job's issue.
    #[must_use]
    pub fn for_job(key: &JobKey, kind: &str, since: Option<DateTime<Utc>>, rev: u32) -> Self {
        Self {
            host: key.host().into(),
            scope: Scope::Job {
                user: key.user().into(),
                job: key.job.to_string(),
            },
            kind: kind.into(),
            since,
            rev,
            under: None,
        }
    }

    /// The same, and these wait for the job.
    #[must_use]
    pub fn with_under(mut self, under: Option<String>) -> Self {
        self.under = under;
        self
    }

    /// The marker for an umbrella issue over these members, each as
    /// [`member_hash`] makes it.
    #[must_use]
    pub fn for_storm(
        host: &str,
        members: Vec<String>,
        began: Option<DateTime<Utc>>,
        rev: u32,
    ) -> Self {
        let few = members.len() <= MAX_MEMBERS;
        Self {
            host: host.into(),
            scope: Scope::Storm {
                members: few.then_some(members),
            },
            kind: "storm".into(),
            since: began,
            rev,
            under: None,
        }
    }

    /// The same with another kind, one edit later.
    #[must_use]
    pub fn next(&self, kind: &str) -> Self {
        Self {
            kind: kind.into(),
            rev: self.rev.saturating_add(1),
            ..self.clone()
        }
    }

    /// The line, without its end. No text of a job can end it early: `<`, `>`,
    /// and `-` are escaped.
    #[must_use]
    pub fn to_line(&self) -> String {
        let (user, job, storm, everything) = match &self.scope {
            Scope::Job { user, job } => (Some(user.clone()), Some(job.clone()), None, false),
            Scope::Storm { members } => (None, None, members.clone(), members.is_none()),
        };
        let wire = Wire {
            v: 1,
            host: self.host.clone(),
            user,
            job,
            storm,
            everything,
            kind: self.kind.clone(),
            since: self
                .since
                .filter(|since| tellable(*since))
                .map(|since| since.to_rfc3339_opts(SecondsFormat::Millis, true)),
            rev: self.rev,
            under: self.under.clone(),
        };
        let json = serde_json::to_string(&wire).unwrap_or_default();
        let mut safe = String::with_capacity(json.len() + 32);
        let mut chars = json.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                // `-->` and `--!>` end a comment, `<!--` begins one.
                '-' if chars.peek() == Some(&'-') => safe.push_str("\\u002d"),
                '<' => safe.push_str("\\u003c"),
                '>' => safe.push_str("\\u003e"),
                c => safe.push(c),
            }
        }
        format!("{START}{safe} -->")
    }

    /// The marker of an issue's body, if its very first line is one.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        let line = body.trim_start_matches('\u{feff}').lines().next()?;
        let json = line.strip_prefix(START)?.trim_end().strip_suffix("-->")?;
        let wire: Wire = serde_json::from_str(json).ok()?;
        let scope = match (wire.user, wire.job, wire.storm) {
            (Some(user), Some(job), None) => Scope::Job { user, job },
            (None, None, Some(members)) => Scope::Storm {
                members: Some(members),
            },
            (None, None, None) if wire.everything => Scope::Storm { members: None },
            _ => return None,
        };
        let since = match wire.since {
            Some(text) => Some(DateTime::parse_from_rfc3339(&text).ok()?.to_utc()),
            None => None,
        };
        Some(Self {
            host: wire.host,
            scope,
            kind: wire.kind,
            since,
            rev: wire.rev,
            under: wire.under,
        })
    }

    /// The hidden line that tells one comment of the checker from another.
    #[must_use]
    pub fn event(&self) -> String {
        let kind: String = self
            .kind
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect();
        format!("<!-- heartbeat-checker event {} {kind} -->", self.rev)
    }

    /// Marker, text and end marker: what the checker writes into a body. An end
    /// marker inside the text does not count as one.
    #[must_use]
    pub fn block(&self, text: &str) -> String {
        let text = text.trim_end().replace(END, "<!-- / heartbeat-checker -->");
        format!("{}\n{text}\n{END}", self.to_line())
    }
}

/// A body in which the checker's part is replaced by `block` and all that people
/// wrote outside of it stays. Where the end marker was lost, only the marker's
/// own line is replaced.
#[must_use]
pub fn splice(body: &str, block: &str) -> String {
    if !body.trim_start_matches('\u{feff}').starts_with(START) {
        return if body.trim().is_empty() {
            block.to_owned()
        } else {
            format!("{block}\n\n{body}")
        };
    }
    match body.split_once(END) {
        Some((_, behind)) => format!("{block}{behind}"),
        None => {
            let behind = body.split_once('\n').map_or("", |(_, behind)| behind);
            format!("{block}\n\n{behind}")
        }
    }
}

/// A short stable name for a job in an umbrella's marker: 12 hexadecimal digits
/// (64-bit FNV-1a over user and name, cut to 48 bits).
#[must_use]
pub fn member_hash(key: &JobKey) -> String {
    let bytes = key
        .user()
        .bytes()
        .chain([0])
        .chain(key.job.as_str().bytes());
    short_hash(bytes)
}

fn short_hash(bytes: impl Iterator<Item = u8>) -> String {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:012x}", (hash ^ hash >> 48) & 0xffff_ffff_ffff)
}

/// A short name for the jobs at these places, in whatever order.
#[must_use]
pub fn members_hash(states: &[JobState], jobs: &[usize]) -> String {
    let mut all: Vec<String> = jobs
        .iter()
        .map(|job| member_hash(&states[*job].key))
        .collect();
    all.sort_unstable();
    short_hash(all.iter().flat_map(|one| one.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker() -> Marker {
        let key = JobKey::new("bezalel", "root", "db_backup".parse().unwrap());
        let since = "2026-11-20T02:00:07.412Z".parse().unwrap();
        Marker::for_job(&key, "silent", Some(since), 1)
    }

    #[test]
    fn a_marker_is_one_line_and_reads_back() {
        let line = marker().to_line();
        assert_eq!(
            line,
            r#"<!-- heartbeat-checker {"v":1,"host":"bezalel","user":"root","job":"db_backup","kind":"silent","since":"2026-11-20T02:00:07.412Z","rev":1} -->"#
        );
        let body = marker().block("text");
        assert_eq!(Marker::parse(&body), Some(marker()));
        assert_eq!(Marker::parse(&body.replace('\n', "\r\n")), Some(marker()));
    }

    /// In markers of issues that are open: it may not change from one version to the next.
    #[test]
    fn the_name_of_several_jobs_is_theirs_in_whatever_order() {
        let state = |job: &str| {
            let key = JobKey::new("bezalel", "root", job.parse().unwrap());
            JobState::new(key, crate::Judgement::new(crate::Verdict::Silent))
        };
        let states = ["a", "b", "c"].map(state);
        let named = |jobs: &[usize]| members_hash(&states, jobs);
        assert_eq!(named(&[0, 1]), "43fb2a1985d5");
        assert_eq!(named(&[1, 0]), named(&[0, 1]));
        let all = [vec![0], vec![1], vec![0, 1], vec![0, 2], vec![0, 1, 2]];
        let names: std::collections::HashSet<_> = all.iter().map(|jobs| named(jobs)).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn nothing_in_a_key_can_end_the_comment() {
        let mut nasty = marker();
        nasty.host = "a--><script>--!><!--".into();
        let line = nasty.to_line();
        assert_eq!(line.matches("-->").count(), 1);
        assert_eq!(line.matches("<!--").count(), 1);
        // Nor is there anything in it that some reader takes for the end of one.
        assert_eq!(line.matches("--").count(), 2, "{line}");
        assert_eq!(Marker::parse(&line), Some(nasty));
    }

    #[test]
    fn each_edit_has_its_number_and_its_kind() {
        let next = marker().with_under(Some("u".into())).next("failed");
        assert_eq!(
            (&*next.kind, next.rev, next.host),
            ("failed", 2, "bezalel".into())
        );
        assert_eq!(
            (next.since, next.under.as_deref()),
            (marker().since, Some("u"))
        );
        let last = Marker {
            rev: u32::MAX,
            ..marker()
        };
        assert_eq!(last.next("x").rev, u32::MAX);
        assert_eq!(
            marker().next("a-->b").event(),
            "<!-- heartbeat-checker event 2 ab -->"
        );
    }

    #[test]
    fn only_the_first_line_counts() {
        let body = format!("quoted:\n{}", marker().to_line());
        assert_eq!(Marker::parse(&body), None);
        for broken in [
            "",
            "<!-- heartbeat-checker -->",
            "<!-- heartbeat-checker {} -->",
        ] {
            assert_eq!(Marker::parse(broken), None);
        }
    }

    #[test]
    fn what_people_wrote_stays() {
        let old = format!("{}\n\nA person's note.", marker().block("old"));
        let new = marker().next("failed").block("new");
        assert_eq!(splice(&old, &new), format!("{new}\n\nA person's note."));
        // The end marker was deleted: nothing but the first line is given up.
        let cut = old.replace(END, "");
        assert!(splice(&cut, &new).contains("old"));
        assert_eq!(splice("", &new), new);
        assert_eq!(splice("no marker", &new), format!("{new}\n\nno marker"));
    }

    #[test]
    fn a_storm_lists_its_members_while_they_fit() {
        let key = |n: usize| JobKey::new("h", "root", format!("job{n}").parse().unwrap());
        let keys: Vec<_> = (0..3_000).map(|n| member_hash(&key(n))).collect();
        let began = "2026-11-20T02:00:07Z".parse().ok();
        let few = Marker::for_storm("h", keys[..20].to_vec(), began, 1);
        assert_eq!(Marker::parse(&few.to_line()), Some(few.clone()));
        let most = Marker::for_storm("h", keys[..MAX_MEMBERS].to_vec(), began, 1);
        assert!(most.to_line().len() < 45_000);
        let many = Marker::for_storm("h", keys, began, 1);
        assert_eq!(many.scope, Scope::Storm { members: None });
        assert_eq!(Marker::parse(&many.to_line()), Some(many));
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in ".{0,200}", tail in ".{0,200}") {
            let _ = Marker::parse(&body);
            let _ = splice(&format!("{START}{body}"), &tail);
        }
    }
}
