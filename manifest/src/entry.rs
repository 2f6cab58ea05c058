//! One entry: a name and a table become an [`Expected`], or all that is wrong
//! with it.

use std::borrow::Cow;
use std::ops::Range;

use heartbeat::JobName;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::DeValue;
use watch::{DEFAULT_USER, Expected, RunExpectations, Written, Zone};

use crate::near::nearest;
use crate::raw::{KEYS, Raw, RawExpect};
use crate::{Fault, ForgeFault, Forges, timing, values};

/// An entry that is in order, and where it says what is checked later, against
/// the others.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) expected: Expected,
    /// Where its name is.
    pub(crate) name: Range<usize>,
    /// Where each of its needs is.
    pub(crate) needs: Vec<Range<usize>>,
}

/// The faults of an entry. Those that only touch what is shown or said leave the
/// job watched without that value: a typo in a link must hide no dead job.
#[derive(Debug, Default)]
struct Faults {
    all: Vec<Fault>,
    /// One of them leaves open what is expected.
    grave: bool,
}

impl Faults {
    fn push(&mut self, fault: Fault) {
        self.grave = true;
        self.all.push(fault);
    }

    /// Takes a value, or notes that nobody knows what is expected.
    fn take<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        checked.map_err(|fault| self.push(fault)).ok()
    }

    /// Takes a value that the job can be watched without.
    fn spare<T>(&mut self, checked: Result<T, Fault>) -> Option<T> {
        checked.map_err(|fault| self.all.push(fault)).ok()
    }
}

/// What is wrong with an entry, and whose it is as far as that can be told.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) whose: Option<(Box<str>, JobName)>,
    pub(crate) faults: Vec<Fault>,
}

/// What an entry is checked against.
pub(crate) struct Context<'a> {
    /// The zone of schedules that name none.
    pub(crate) zone: Option<Zone>,
    /// Which forges there are.
    pub(crate) forges: &'a Forges<'a>,
    /// Whether the entries lie in `[jobs]` of a config.
    pub(crate) in_config: bool,
}

type Key<'t> = Spanned<Cow<'t, str>>;

/// Whose an entry is, without looking at more than that. None also where the name
/// was plainly meant to be another: `[db.backup]` without quotes, or a key
/// without a job.
pub(crate) fn whose(key: &Key<'_>, value: &DeValue<'_>) -> Option<(Box<str>, JobName)> {
    let known = |name: &Key<'_>| KEYS.iter().any(|(known, _)| known == name.get_ref());
    let table = value.as_table()?;
    let mut keys = table.iter();
    if keys.any(|(name, inner)| inner.get_ref().is_table() && !known(name)) {
        return None;
    }
    let key = Spanned::new(key.span(), key.get_ref().clone().into_owned());
    let (user, job) = values::name(&key).ok()?;
    let inside = value.get("user").and_then(|user| user.get_ref().as_str());
    let user = user.or_else(|| inside.map(Into::into));
    Some((user.unwrap_or_else(|| DEFAULT_USER.into()), job))
}

/// Checks an entry whole: the job with what is wrong and can be done without, or
/// all that is wrong.
pub(crate) fn entry(
    key: &Key<'_>,
    value: Spanned<DeValue<'_>>,
    context: &Context<'_>,
    place: Written,
) -> Result<(Draft, Vec<Fault>), Bad> {
    let whose = whose(key, value.get_ref());
    let mut faults = Faults::default();
    match read(key, value, context, place, &mut faults) {
        Some(draft) if !faults.grave => Ok((draft, faults.all)),
        _ => Err(Bad {
            whose,
            faults: faults.all,
        }),
    }
}

fn read(
    key: &Key<'_>,
    value: Spanned<DeValue<'_>>,
    context: &Context<'_>,
    place: Written,
    faults: &mut Faults,
) -> Option<Draft> {
    let Some(table) = value.get_ref().as_table() else {
        faults.push(outside(key, context));
        return None;
    };
    for (name, inner) in table {
        let known = KEYS.iter().any(|(known, _)| known == name.get_ref());
        if !known {
            let is_table = inner.get_ref().is_table();
            faults.push(unknown(key, name, is_table, context));
        }
    }
    if faults.all.len() == table.len() && !table.is_empty() {
        return None; // Nothing of it is ours; more to say would be noise.
    }
    let name = Spanned::new(key.span(), key.get_ref().clone().into_owned());
    let name = faults.take(values::name(&name));
    let raw = match Raw::deserialize(value.into_deserializer()) {
        Ok(raw) => raw,
        Err(error) => {
            faults.push(error.into());
            return None;
        }
    };
    let user = raw.user.as_ref().map(values::user).transpose();
    let user = faults.take(user).flatten();
    let zone = faults.take(timing::zone(&raw, context.zone))?;
    let timing = faults.take(timing::timing(&raw, zone, key.span()));
    let misses = faults.take(values::misses(raw.misses.as_ref()));
    let mut windows = Vec::new();
    for window in &raw.mute {
        windows.extend(faults.take(timing::window(window, zone)));
    }
    let paused_until = raw.paused_until.as_ref().map(values::moment).transpose();
    let paused_until = faults.take(paused_until).flatten();
    forge(&raw, context.forges, faults);
    // The job is watched without any of these.
    let mut line = |key, text: &Option<_>| faults.spare(values::line(key, text.as_ref())).flatten();
    let about = line("about", &raw.about);
    let owner = line("owner", &raw.owner);
    let pause_reason = line("pause_reason", &raw.pause_reason);
    let runbook = faults
        .spare(values::runbook(raw.runbook.as_ref()))
        .flatten();
    let severity = faults.spare(values::severity(raw.severity.as_ref()));
    let labels = values::labels(&raw.labels, &mut faults.all);
    let expects = expects(&raw.expect, faults);
    let (mut needs, mut places) = (Vec::new(), Vec::new());
    for written in &raw.needs {
        if let Some(need) = faults.spare(values::need(written)) {
            needs.push(need);
            places.push(written.span());
        }
    }
    if let (Some(reason), None) = (&raw.pause_reason, &raw.paused_until) {
        let why = "`pause_reason` says nothing without `paused_until`";
        faults.push(Fault::at(reason.span(), why).hint("like paused_until = 2026-12-01T00:00:00Z"));
    }
    let (named, job) = name?;
    let user = whose_of(named, user, &raw, faults)?;
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|t| t.get_ref().as_str().into());
    Some(Draft {
        expected: Expected {
            misses: misses?,
            grace: raw.grace.map(|grace| grace.0.duration()),
            about,
            owner,
            runbook,
            severity: severity.unwrap_or_default(),
            labels,
            forge: text(&raw.forge),
            repo: text(&raw.repo),
            expects,
            mute: windows,
            paused_until,
            pause_reason,
            needs,
            ..Expected::new(&user, job, timing?, place)
        },
        name: key.span(),
        needs: places,
    })
}

/// The user of the name and the user of the key are one, or one of them is not
/// there.
fn whose_of(
    named: Option<Box<str>>,
    user: Option<Box<str>>,
    raw: &Raw,
    faults: &mut Faults,
) -> Option<Box<str>> {
    if let (Some(named), Some(user), Some(raw)) = (&named, &user, &raw.user)
        && named != user
    {
        let message = format!("the name says that the user is {named:?}, and this says {user:?}");
        faults.push(Fault::at(raw.span(), message).hint("leave one of the two out"));
        return None;
    }
    Some(named.or(user).unwrap_or_else(|| DEFAULT_USER.into()))
}

fn expects(raw: &RawExpect, faults: &mut Faults) -> RunExpectations {
    let mut files = Vec::new();
    for file in &raw.files {
        files.extend(faults.spare(values::file(file)));
    }
    let text = raw.text.as_ref().map(|text| {
        if (1..=1_000).contains(&text.get_ref().len()) {
            return Ok(text.get_ref().as_str().into());
        }
        let message = "the text that is expected must have 1 to 1000 bytes";
        Err(Fault::at(text.span(), message))
    });
    let text = faults.spare(text.transpose()).flatten();
    RunExpectations {
        output: raw.output,
        text,
        min_duration: raw.min_duration.map(|least| least.0.duration()),
        files,
    }
}

/// `forge` and `repo`, which belong together.
fn forge(raw: &Raw, forges: &Forges<'_>, faults: &mut Faults) {
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|t| t.get_ref().clone());
    let (name, repo) = (text(&raw.forge), text(&raw.repo));
    if name.is_none() && repo.is_none() {
        return;
    }
    let Err(ForgeFault {
        in_repo,
        message,
        hint,
    }) = forges(name.as_deref(), repo.as_deref())
    else {
        return;
    };
    let place = if in_repo { &raw.repo } else { &raw.forge };
    let span = place.as_ref().or(raw.repo.as_ref()).map(Spanned::span);
    faults.push(Fault {
        span,
        message,
        hint,
    });
}

/// A value where a job should be.
fn outside(key: &Key<'_>, context: &Context<'_>) -> Fault {
    let name = key.get_ref();
    let example = if context.in_config {
        "[jobs.db_backup]"
    } else {
        "[db_backup]"
    };
    let message = if KEYS.iter().any(|(known, _)| known == name) {
        format!("`{name}` belongs to no job")
    } else {
        format!("`{}` is no table, so it is no job", values::short(name))
    };
    Fault::at(key.span(), message).hint(format!(
        "a job begins with its name in brackets, like {example}"
    ))
}

fn unknown(key: &Key<'_>, name: &Key<'_>, is_table: bool, context: &Context<'_>) -> Fault {
    if is_table && key.get_ref() == "jobs" && !context.in_config {
        let message = "here a job's name stands without \"jobs.\" before it";
        return Fault::at(name.span(), message).hint(format!(
            "write [{}]; only in the config it is [jobs.{0}]",
            name.get_ref()
        ));
    }
    let keys = KEYS.iter().map(|(key, _)| *key);
    if is_table && nearest(name.get_ref(), keys).is_none() {
        let message = format!("there is no key `{}`", values::short(name.get_ref()));
        let whole = format!("{}.{}", key.get_ref(), name.get_ref());
        let jobs = if context.in_config { "jobs." } else { "" };
        let hint = format!("a job's name with a dot goes in quotes, like [{jobs}{whole:?}]");
        return Fault::at(name.span(), message).hint(hint);
    }
    values::unknown_key(name.get_ref(), name.span())
}
