//! The embedded forge: one markdown file an issue, no server.
//!
//! `open/0001-db_backup-is-silent-on-bezalel.md`, moved to `closed/` when it is
//! closed. People read the files with anything, and may edit them, close them
//! (move the file, or write `state: closed`) or delete them. What is not an
//! issue is left alone and named in a warning.

mod page;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use self::page::{Comment, Page};
use self::store::{Found, Scan};
use super::settings::{self, Source};
use super::warnings::Warnings;
use super::{Edit, Fault, Forge, ForgeIssue, Kind, Listing, NewIssue, Parts, Settings, State};
use crate::clock::Clock;
use crate::error::DeliveryError;

/// This kind, for the registry.
pub const KIND: Kind = Kind {
    name: "folder",
    summary: "a folder of markdown files, needs no server",
    sample: r#"[forge]
kind = "folder"
path = "/var/lib/beat-check/issues"   # else `issues` in the state folder
label = "heartbeat"                   # for people; "" for none
user = "beat-check"                   # whom new files name as their author
"#,
    parse: |source| Ok(Box::new(FolderSettings::parse(source)?)),
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    path: Option<Spanned<PathBuf>>,
    label: Option<Spanned<String>>,
    user: Option<Spanned<String>>,
}

/// The checked settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderSettings {
    name: Option<String>,
    path: Option<PathBuf>,
    label: Option<String>,
    user: String,
}

impl FolderSettings {
    /// Reads the table of a forge in a config text.
    ///
    /// # Errors
    /// The first fault in it, with its place.
    pub fn parse(source: Source<'_>) -> Result<Self, Fault> {
        let table: Table = settings::table(source)?.unwrap_or_default();
        Ok(Self {
            name: source.name(),
            path: settings::check_path("path", table.path.as_ref())?,
            label: settings::check_label(table.label.as_ref())?,
            user: settings::check_user(table.user.as_ref())?
                .unwrap_or_else(|| "beat-check".to_owned()),
        })
    }
}

impl FolderSettings {
    /// The folder below the state folder, where no path is set: two forges never
    /// share one by accident.
    fn own_folder(&self) -> PathBuf {
        PathBuf::from(match &self.name {
            None => "issues".to_owned(),
            Some(name) => format!("issues-{name}"),
        })
    }
}

impl Settings for FolderSettings {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn needs_token(&self) -> bool {
        false
    }

    fn token_file(&self) -> Option<&Path> {
        None
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn place(&self) -> String {
        let path = self.path.clone().unwrap_or_else(|| self.own_folder());
        format!("folder {}", path.display())
    }

    fn boxed(&self) -> Box<dyn Settings> {
        Box::new(self.clone())
    }

    fn with_repo(&self, _: &str) -> Result<Box<dyn Settings>, String> {
        Err("a folder has no repositories".to_owned())
    }

    fn open(&self, parts: Parts) -> Result<Box<dyn Forge>, DeliveryError> {
        let root = self.path.clone();
        Ok(Box::new(Folder {
            table: settings::header(self.name.as_deref()),
            root: root.unwrap_or_else(|| parts.state_dir.join(self.own_folder())),
            label: self.label.clone(),
            user: self.user.clone(),
            clock: parts.clock,
            warnings: Warnings::default(),
        }))
    }
}

struct Folder {
    /// The table of its settings, for hints.
    table: String,
    root: PathBuf,
    label: Option<String>,
    user: String,
    clock: Rc<dyn Clock>,
    warnings: Warnings,
}

impl Folder {
    fn doing(&self, doing: &str) -> String {
        format!("{doing} in {}", store::shown(&self.root))
    }

    /// An error of the file system, in words.
    fn fault(&self, doing: &str, fault: &io::Error) -> DeliveryError {
        let doing = self.doing(doing);
        let root = store::shown(&self.root);
        match fault.kind() {
            io::ErrorKind::PermissionDenied => DeliveryError::never(doing, "permission denied")
                .hint(format!("let the user that runs beat-check write in {root}")),
            io::ErrorKind::ReadOnlyFilesystem => {
                DeliveryError::never(doing, "the file system is read-only")
                    .hint(format!("name another folder with `path` in {}", self.table))
            }
            io::ErrorKind::NotADirectory => DeliveryError::never(doing, "not a directory")
                .hint(format!("name a folder with `path` in {}", self.table)),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                DeliveryError::later(doing, "no space is left").hint("make room on that disk")
            }
            _ => DeliveryError::later(doing, fault.to_string()),
        }
    }

    /// Looks through the folder under a shared lock.
    fn look(&self, doing: &str) -> Result<Scan, DeliveryError> {
        let scan = store::lock(&self.root, false, &*self.clock)
            .and_then(|_guard| store::scan(&self.root))
            .map_err(|fault| self.fault(doing, &fault))?;
        for warning in &scan.warnings {
            self.warnings.add(warning.clone());
        }
        Ok(scan)
    }

    fn list(
        &self,
        doing: &str,
        author: &str,
        wanted: &dyn Fn(&Found) -> bool,
    ) -> Result<Listing, DeliveryError> {
        let scan = self.look(doing)?;
        let complete = !scan.hidden;
        let ours = |found: &Found| found.page.author == author && wanted(found);
        let issues = scan.found.into_iter().filter(ours).map(issue).collect();
        Ok(Listing { issues, complete })
    }

    /// Changes one issue under the lock. `change` is handed the issue with the
    /// state that people see.
    fn change(
        &self,
        doing: &str,
        number: u64,
        change: &dyn Fn(&mut Page, DateTime<Utc>),
    ) -> Result<(), DeliveryError> {
        let failed = |fault: io::Error| self.fault(doing, &fault);
        let _guard = store::lock(&self.root, true, &*self.clock).map_err(failed)?;
        store::sweep(&self.root);
        let mut scan = store::scan(&self.root).map_err(failed)?;
        scan.found.retain(|found| found.page.number == number);
        let Some(found) = scan.found.first() else {
            let why = format!("there is no issue #{number} (any more)");
            return Err(DeliveryError::never(self.doing(doing), why));
        };
        let now = self.clock.now();
        let before = found.state();
        let mut page = found.page.clone();
        page.state = before;
        change(&mut page, now);
        page.updated = Some(now);
        page.closed_at = match (page.state, before) {
            (State::Open, _) => None,
            (State::Closed, State::Open) => Some(now),
            (State::Closed, State::Closed) => closed_at(found),
        };
        // A failure in the middle leaves the old state or the new one.
        store::save(&self.root, found, page).map_err(|fault| failed(fault).acted())
    }
}

/// When an issue was closed: as noted by us, else when a person last touched the
/// file.
fn closed_at(found: &Found) -> Option<DateTime<Utc>> {
    match (found.state(), found.page.settled) {
        (State::Open, _) => None,
        (State::Closed, Some(State::Closed)) => found.page.closed_at,
        (State::Closed, _) => found.touched,
    }
}

/// When an issue last changed.
fn changed_at(found: &Found) -> Option<DateTime<Utc>> {
    let unsettled = found.page.settled != Some(found.state());
    if unsettled { found.touched } else { None }.max(found.page.updated)
}

fn issue(found: Found) -> ForgeIssue {
    ForgeIssue {
        number: found.page.number,
        url: url::Url::from_file_path(&found.path)
            .map_or_else(|()| found.path.display().to_string(), |url| url.to_string()),
        state: found.state(),
        closed_at: closed_at(&found),
        title: found.page.title,
        body: found.page.body,
        author: found.page.author,
    }
}

/// The readable part of a file's name.
fn slug(title: &str) -> String {
    let title = title.trim_start();
    let title = match title
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((_, rest)) if !rest.trim().is_empty() => rest,
        _ => title,
    };
    let mut slug = String::new();
    for c in title.chars().take(200) {
        if c.is_ascii_alphanumeric() || "._".contains(c) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 80 {
            break;
        }
    }
    let slug = slug.trim_matches(['-', '.']);
    if slug.is_empty() { "issue" } else { slug }.to_owned()
}

impl Forge for Folder {
    fn describe(&self) -> String {
        format!("folder {}", store::shown(&self.root))
    }

    fn own_user(&self) -> Result<String, DeliveryError> {
        Ok(self.user.clone())
    }

    fn open_issues(&self, author: &str) -> Result<Listing, DeliveryError> {
        self.list("list the open issues", author, &|found| {
            found.state() == State::Open
        })
    }

    fn closed_issues(&self, author: &str, since: DateTime<Utc>) -> Result<Listing, DeliveryError> {
        self.list("list the closed issues", author, &|found| {
            found.state() == State::Closed && changed_at(found).is_none_or(|at| at >= since)
        })
    }

    fn create(&self, issue_wanted: &NewIssue) -> Result<ForgeIssue, DeliveryError> {
        let doing = "open an issue";
        if issue_wanted.title.trim().is_empty() {
            return Err(DeliveryError::never(
                self.doing(doing),
                "the title is blank",
            ));
        }
        let failed = |fault: io::Error| self.fault(doing, &fault);
        let _guard = store::lock(&self.root, true, &*self.clock).map_err(failed)?;
        store::sweep(&self.root);
        let scan = store::scan(&self.root).map_err(failed)?;
        let now = self.clock.now();
        let labels = settings::all_labels(self.label.as_deref(), issue_wanted);
        let labels: Vec<String> = labels.iter().map(|one| page::quoted(one)).collect();
        let labels: Vec<String> = match &labels[..] {
            [] => Vec::new(),
            all => vec![format!("labels: [{}]", all.join(", "))],
        };
        let fill = |number| Page {
            number,
            title: issue_wanted.title.clone(),
            state: State::Open,
            settled: Some(State::Open),
            author: self.user.clone(),
            created: Some(now),
            updated: Some(now),
            closed_at: None,
            other: labels.clone(),
            body: issue_wanted.body.clone(),
            comments: Vec::new(),
        };
        store::create(&self.root, &scan, &slug(&issue_wanted.title), &fill)
            .map(issue)
            .map_err(|fault| failed(fault).acted())
    }

    fn edit(&self, number: u64, edit: &Edit) -> Result<(), DeliveryError> {
        if *edit == Edit::default() {
            return Ok(());
        }
        let doing = format!("change issue #{number}");
        self.change(&doing, number, &|page, _| {
            if let Some(title) = &edit.title {
                page.title.clone_from(title);
            }
            if let Some(body) = &edit.body {
                page.body.clone_from(body);
            }
            page.state = edit.state.unwrap_or(page.state);
        })
    }

    fn comments(&self, number: u64, author: &str) -> Result<Vec<String>, DeliveryError> {
        let doing = format!("read the comments of issue #{number}");
        let mut scan = self.look(&doing)?;
        scan.found.retain(|found| found.page.number == number);
        let Some(found) = scan.found.pop() else {
            let why = format!("there is no issue #{number} (any more)");
            return Err(DeliveryError::never(self.doing(&doing), why));
        };
        let comments = found.page.comments.into_iter();
        let ours = comments.filter(|comment| comment.author == author);
        Ok(ours.map(|comment| comment.body).collect())
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), DeliveryError> {
        let doing = format!("comment on issue #{number}");
        if body.trim().is_empty() {
            return Err(DeliveryError::never(
                self.doing(&doing),
                "the comment is blank",
            ));
        }
        self.change(&doing, number, &|page, now| {
            page.comments.push(Comment {
                author: self.user.clone(),
                at: page::stamp(now),
                body: body.to_owned(),
            });
        })
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.all()
    }
}

#[cfg(test)]
mod tests;
