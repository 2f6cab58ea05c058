//! Reads the manifest whole: every file, and what only shows when all are there.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heartbeat::JobName;
use watch::{Expected, Need, Zone};

use crate::entry::{Context, Draft};
use crate::file::{self, Content};
use crate::guard::is_open_to_all;
use crate::{Fault, FileError, needs};

/// No manifest is longer; a longer file is something else.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Says whether a job may name this forge (`None`: the one of `[forge]`) and
/// this repository on it.
pub type Forges<'a> = dyn Fn(Option<&str>, Option<&str>) -> Result<(), ForgeFault> + 'a;

/// Why a job may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeFault {
    /// Whether `repo` is at fault, and not `forge`.
    pub in_repo: bool,
    /// What is wrong.
    pub message: String,
    /// What is allowed.
    pub hint: Option<String>,
}

/// Where a manifest is read from.
pub struct Sources<'a> {
    /// The folder with the files.
    pub dir: &'a Path,
    /// Whether somebody named that folder: then it must be there.
    pub dir_named: bool,
    /// Path and text of the config, for its `[jobs]`.
    pub config: Option<(&'a Path, &'a str)>,
    /// The time zone of schedules that name none; see [`crate::host_zone`].
    /// Without one such schedules are faults.
    pub zone: Option<Zone>,
    /// Which forges there are.
    pub forges: &'a Forges<'a>,
}

impl<'a> Sources<'a> {
    /// The files of a folder, for a reader that knows no forges: it takes any.
    #[must_use]
    pub fn folder(dir: &'a Path, zone: Option<Zone>) -> Self {
        Self {
            dir,
            dir_named: false,
            config: None,
            zone,
            forges: &|_, _| Ok(()),
        }
    }
}

/// The expected jobs, and what was wrong on the way.
///
/// A fault never takes anything else with it: the other entries of the file and
/// the other files are read. A job of which only something for people is faulty
/// (text, link, label, severity, need, expectation on a run) is watched without
/// that. Any other job whose entry is faulty is *in doubt*: it is expected, and
/// nobody can say how. Of such a job nobody may say that it never ran, nor that
/// it is gone.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// By name and user.
    jobs: Vec<Arc<Expected>>,
    /// For each name, where in `jobs` it begins and how many users have it.
    index: HashMap<JobName, (usize, usize)>,
    doubtful: HashSet<(Box<str>, JobName)>,
    /// Everything that is wrong, file by file. Not empty: the pass has not seen
    /// all that it should.
    pub faults: Vec<FileError>,
    /// True when an entry may be missing of which not even the name is known: a
    /// file could not be read, or is no TOML. Then no job that is not in the
    /// manifest may be called gone.
    pub blind: bool,
    /// Needs of which the manifest knows nothing. No fault: the job may leave
    /// beats all the same.
    pub unknown_needs: Vec<UnknownNeed>,
    /// What lies in the folder and is no manifest.
    pub ignored: Vec<Ignored>,
    /// What everybody may write: the config, the folder, files in it.
    pub open_to_all: Vec<PathBuf>,
    /// How many files (the config among them) hold entries or faults.
    pub files: usize,
}

/// A need that the manifest does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownNeed {
    /// The job that has it.
    pub by: Arc<Expected>,
    /// What it needs.
    pub need: Need,
    /// What was probably meant: the job of that name of its own user.
    pub meant: Option<Need>,
}

impl UnknownNeed {
    /// What is noticed, completing "`<place>` …". Something is wrong only where
    /// that job leaves no beat either.
    #[must_use]
    pub fn what(&self) -> String {
        let (by, need) = (&self.by, &self.need);
        let meant = self.meant.as_ref();
        let meant = meant.map_or(String::new(), |meant| {
            format!("; did you mean \"{meant}\"?")
        });
        format!(
            "says that {} needs \"{need}\", which is no expected job{meant}",
            by.job
        )
    }
}

/// Something in the folder that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Where.
    pub path: PathBuf,
    /// Why, completing "`<path>` …".
    pub why: &'static str,
    /// Whether its name begins with a dot: what editors and packages leave. Any
    /// other file may be one that somebody believes to be read.
    pub hidden: bool,
}

impl Manifest {
    /// Reads everything. Never fails as a whole: see [`Manifest::faults`].
    #[must_use]
    pub fn load(sources: &Sources<'_>) -> Self {
        let mut out = Self::default();
        let mut all = Vec::new();
        if let Some((path, text)) = sources.config {
            all.push(out.read(path, text.to_owned(), sources, true));
        }
        out.note_if_open(sources.dir);
        for path in out.files_of(sources) {
            out.note_if_open(&path);
            match read_text(&path) {
                Ok(text) => all.push(out.read(&path, text, sources, false)),
                Err(error) => {
                    out.faults.push(error);
                    out.blind = true;
                    out.files += 1;
                }
            }
        }
        out.settle(all);
        out
    }

    /// Notes a path that everybody may write.
    fn note_if_open(&mut self, path: &Path) {
        if is_open_to_all(path) {
            self.open_to_all.push(path.to_owned());
        }
    }

    /// The jobs of one text, as if it were the only file of the folder. Opens
    /// nothing.
    #[must_use]
    pub fn of_text(path: &Path, text: &str, zone: Option<Zone>, forges: &Forges<'_>) -> Self {
        let sources = Sources {
            zone,
            forges,
            ..Sources::folder(Path::new(""), None)
        };
        let mut out = Self::default();
        let source = out.read(path, text.to_owned(), &sources, false);
        out.settle(vec![source]);
        out
    }

    /// The entries of one text.
    fn read(
        &mut self,
        path: &Path,
        text: String,
        sources: &Sources<'_>,
        in_config: bool,
    ) -> Source {
        let context = Context {
            zone: sources.zone,
            forges: sources.forges,
            in_config,
        };
        let content = file::read(&text, &Arc::new(path.to_owned()), &context);
        let Content {
            drafts,
            faulty,
            faults,
            blind,
            entries,
        } = content;
        self.blind |= blind;
        self.doubtful.extend(faulty);
        self.files += usize::from(entries > 0 || !faults.is_empty());
        self.faults.extend(faults);
        Source {
            shown: path.display().to_string(),
            text,
            drafts,
        }
    }

    /// The manifests of the folder, by name; notes what is none.
    fn files_of(&mut self, sources: &Sources<'_>) -> Vec<PathBuf> {
        let shown = sources.dir.display().to_string();
        let listed =
            fs::read_dir(sources.dir).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !sources.dir_named => {
                return Vec::new();
            }
            Err(error) => {
                let message = format!("cannot read the folder of expected jobs: {}", why(&error));
                let hint = match error.kind() {
                    io::ErrorKind::NotFound => "make it, or correct `jobs_dir` in [checker]",
                    io::ErrorKind::PermissionDenied => {
                        "let the user that runs beat-check read it: chmod 755"
                    }
                    _ => "`jobs_dir` in [checker] names another",
                };
                self.faults
                    .push(FileError::whole(shown, message).hint(hint));
                self.blind = true;
                return Vec::new();
            }
        };
        let mut names: Vec<PathBuf> = listed.into_iter().map(|entry| entry.path()).collect();
        names.sort_unstable();
        names.retain(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            let hidden = name.starts_with(b".");
            let why = if hidden {
                "is hidden, and is not read"
            } else if !name.ends_with(b".toml") {
                "does not end in .toml, and is not read"
            } else {
                return true;
            };
            self.ignored.push(Ignored {
                path: path.clone(),
                why,
                hidden,
            });
            false
        });
        names
    }

    /// What only shows when all files are read: names that come twice, needs.
    fn settle(&mut self, mut sources: Vec<Source>) {
        let mut drafts: Vec<(usize, Draft)> = Vec::new();
        for (at, source) in sources.iter_mut().enumerate() {
            drafts.extend(source.drafts.drain(..).map(|draft| (at, draft)));
        }
        let whose = |draft: &Draft| (draft.expected.user.clone(), draft.expected.job.clone());
        let mut first: HashMap<(Box<str>, JobName), watch::Written> = HashMap::new();
        let mut kept: Vec<(usize, Draft)> = Vec::with_capacity(drafts.len());
        for (source, draft) in drafts {
            let key = whose(&draft);
            if let Some(place) = first.get(&key) {
                let message = format!(
                    "the job {} of {} is expected twice; the other one is at {place}",
                    key.1, key.0
                );
                let fault = Fault::at(draft.name.clone(), message).hint(
                    "keep one of them; the other one's beats need another name, or another `user`",
                );
                let file = &sources[source];
                self.faults.push(fault.in_file(&file.text, &file.shown));
                continue;
            }
            first.insert(key, draft.expected.place.clone());
            kept.push((source, draft));
        }
        for circle in needs::cut_circles(&mut kept) {
            let fault = Fault::at(circle.place, circle.message).hint(
                "take one of these needs out: a job that waits for itself would never be told",
            );
            let file = &sources[circle.source];
            self.faults.push(fault.in_file(&file.text, &file.shown));
        }
        let mut jobs: Vec<Arc<Expected>> = kept
            .into_iter()
            .map(|(_, draft)| Arc::new(draft.expected))
            .collect();
        jobs.sort_unstable_by(|a, b| (&a.job, &a.user).cmp(&(&b.job, &b.user)));
        for (at, job) in jobs.iter().enumerate() {
            let run = self.index.entry(job.job.clone()).or_insert((at, 0));
            run.1 += 1;
        }
        self.jobs = jobs;
        self.note_unknown_needs();
    }

    fn note_unknown_needs(&mut self) {
        let mut unknown = Vec::new();
        for by in &self.jobs {
            for need in &by.needs {
                let Need::Job { user, job } = need else {
                    continue;
                };
                if self.get(user, job).is_none() && !self.in_doubt(user, job) {
                    let own = self.get(&by.user, job).map(|own| Need::Job {
                        user: own.user.clone(),
                        job: own.job.clone(),
                    });
                    unknown.push(UnknownNeed {
                        by: Arc::clone(by),
                        need: need.clone(),
                        meant: own,
                    });
                }
            }
        }
        self.unknown_needs = unknown;
    }

    /// All expected jobs that are in order, by name and user.
    #[must_use]
    pub fn jobs(&self) -> &[Arc<Expected>] {
        &self.jobs
    }

    /// What is expected of a job.
    #[must_use]
    pub fn get(&self, user: &str, job: &JobName) -> Option<&Arc<Expected>> {
        let (start, count) = self.index.get(job)?;
        let named = self.jobs.get(*start..start + count)?;
        named.iter().find(|expected| &*expected.user == user)
    }

    /// Whether the job is expected in a way that nobody can say: its entry has
    /// faults, or it may be one of those whose names could not be read.
    #[must_use]
    pub fn in_doubt(&self, user: &str, job: &JobName) -> bool {
        if self.get(user, job).is_some() {
            return false;
        }
        self.blind || self.is_faulty(user, job)
    }

    /// Whether the job has an entry with faults.
    #[must_use]
    pub fn is_faulty(&self, user: &str, job: &JobName) -> bool {
        !self.doubtful.is_empty() && self.doubtful.contains(&(Box::from(user), job.clone()))
    }

    /// How many there are, for people: `12 expected jobs in 3 files`.
    #[must_use]
    pub fn counted(&self) -> String {
        let plural = |count: usize, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {many}"),
        };
        let jobs = plural(self.jobs.len(), "expected job", "expected jobs");
        match self.files {
            0 => "no expected jobs".to_owned(),
            files => format!("{jobs} in {}", plural(files, "file", "files")),
        }
    }
}

/// A text that was read, until its faults are told.
struct Source {
    shown: String,
    text: String,
    drafts: Vec<Draft>,
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// The text of a file: regular, of reasonable size, UTF-8.
fn read_text(path: &Path) -> Result<String, FileError> {
    let fault = |why: &str, hint: &str| {
        let message = format!("cannot read these expected jobs: {why}");
        FileError::whole(path.display().to_string(), message).hint(hint)
    };
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => fault(
            "permission denied",
            "let the user that runs beat-check read it: chmod 644",
        ),
        io::ErrorKind::NotFound => fault(
            "it is a link to nothing, or went away meanwhile",
            "mend or remove the link",
        ),
        _ => fault(&error.to_string(), "mend or remove it"),
    };
    // Opening a FIFO would wait for ever.
    if !fs::metadata(path).map_err(io)?.is_file() {
        let hint = "a file of expected jobs is a text; move this elsewhere";
        return Err(fault("it is no regular file", hint));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fault("it has more than 64 MiB", "split it"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        fault(
            &format!("it is not UTF-8 text (line {line})"),
            "save it as UTF-8",
        )
    })
}
