//! The forge: issues, their history, and all that may go wrong on the way to them. It
//! keeps count of what was asked and knows what each issue is about from the day that
//! it was opened, whatever people do to its text afterwards.

use serde_json::Value;

use crate::timetable::Moment;

/// The user whose token the checkers have.
pub const BOT: &str = "watchbot";
/// Somebody else.
pub const PERSON: &str = "dorothy";

/// What an issue is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// One job: host, user, name.
    Job(String, String, String),
    /// Many jobs of a host, each by its hash; all of them where there is no list.
    Many(String, Option<Vec<String>>),
    /// Nothing of ours.
    Other,
}

/// Reads the first line of a body by what the documentation says of it.
#[must_use]
pub fn about(body: &str) -> (About, String) {
    let line = body.lines().next().unwrap_or_default();
    let json = line
        .strip_prefix("<!-- heartbeat-checker ")
        .and_then(|rest| rest.strip_suffix(" -->"));
    let json: Option<Value> = json.and_then(|json| serde_json::from_str(json).ok());
    let Some(json) = json else {
        return (About::Other, String::new());
    };
    let word = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let kind = word("kind");
    let host = word("host");
    if json["job"].is_string() {
        return (About::Job(host, word("user"), word("job")), kind);
    }
    let list = json["storm"].as_array().map(|list| {
        let texts = list.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    });
    (About::Many(host, list), kind)
}

/// What may change of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    /// Its title.
    pub title: String,
    /// Its body.
    pub body: String,
    /// When it was closed.
    pub closed: Option<Moment>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Who wrote it.
    pub author: &'static str,
    /// What.
    pub body: String,
}

/// An issue.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Who opened it.
    pub author: &'static str,
    /// As it is.
    pub face: Face,
    /// As it was, and until when; for lists that lag.
    pub before: Vec<(Moment, Option<Face>)>,
    /// When it was opened.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// Its comments.
    pub comments: Vec<Comment>,
    /// What it is about.
    pub about: About,
    /// What the checker last said in it.
    pub kind: String,
    /// When a person last touched it.
    pub touched: Moment,
    /// Whether people have taken away all by which it could be known.
    pub defaced: bool,
}

/// What a checker did to the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It opened an issue.
    Opened(u64, About),
    /// It opened an issue again.
    Reopened(u64, About),
    /// It took jobs into one issue.
    Joined(u64, String, Vec<String>),
    /// It closed an issue.
    Closed(u64, About),
    /// It commented; the first line.
    Said(u64, String),
    /// It changed what is not its own.
    Touched(u64),
}

/// What befalls the forge, each until then.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trouble {
    /// It cannot be reached.
    pub down: Moment,
    /// It fails now and then; how often in a thousand.
    pub flaky: (Moment, i64),
    /// It refuses.
    pub limited: Moment,
    /// Lists lag so many seconds.
    pub lags: (Moment, i64),
    /// So few issues on a page.
    pub pages: (Moment, i64),
    /// A foreign issue comes with every page that is asked for.
    pub moving: (Moment, i64),
    /// So many answers are lost, of requests that were carried out.
    pub mum: i64,
    /// The next request to open an issue arrives twice.
    pub repeat: bool,
}

/// The forge.
#[derive(Debug, Default)]
pub struct Server {
    /// All issues; the number is the place, from 1.
    pub issues: Vec<Issue>,
    /// Those that are open, by their place.
    pub open: Vec<usize>,
    /// What befalls it.
    pub trouble: Trouble,
    /// What checkers did, until somebody takes it.
    pub deeds: Vec<Deed>,
    /// Whether lists ever lag: else nothing need be remembered.
    pub remembers: bool,
}

impl Server {
    /// The issue of a number.
    pub fn issue(&mut self, number: u64) -> Option<&mut Issue> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.issues.get_mut(at)
    }

    /// Opens an issue.
    pub fn create(
        &mut self,
        author: &'static str,
        title: String,
        body: String,
        now: Moment,
    ) -> u64 {
        let (about, kind) = if author == BOT {
            about(&body)
        } else {
            (About::Other, String::new())
        };
        let number = self.issues.len() as u64 + 1;
        if author == BOT {
            self.deeds.push(Deed::Opened(number, about.clone()));
        }
        let face = Face {
            title,
            body,
            closed: None,
        };
        self.issues.push(Issue {
            number,
            author,
            face,
            before: vec![(now, None)],
            created: now,
            updated: now,
            comments: Vec::new(),
            about,
            kind,
            touched: 0,
            defaced: false,
        });
        self.open.push(self.issues.len() - 1);
        number
    }

    /// Changes an issue; what is `None` stays.
    pub fn edit(
        &mut self,
        number: u64,
        title: Option<String>,
        body: Option<String>,
        open: Option<bool>,
        now: Moment,
    ) {
        let remembers = self.remembers;
        let Some(issue) = self.issue(number) else {
            return;
        };
        if remembers {
            issue.before.retain(|(until, _)| now - until < 3_600_000);
            issue.before.push((now, Some(issue.face.clone())));
        }
        if let Some(title) = title {
            issue.face.title = title;
        }
        if let Some(body) = body {
            issue.face.body = body;
        }
        match (open, issue.face.closed) {
            (Some(false), None) => issue.face.closed = Some(now),
            (Some(true), Some(_)) => issue.face.closed = None,
            _ => {}
        }
        issue.updated = now;
        let at = usize::try_from(number).unwrap_or(1) - 1;
        let is_open = issue.face.closed.is_none();
        self.open.retain(|one| *one != at);
        if is_open {
            self.open.push(at);
            self.open.sort_unstable();
        }
    }

    /// A checker changes an issue.
    pub fn edit_by_bot(
        &mut self,
        number: u64,
        body: Option<String>,
        open: Option<bool>,
        now: Moment,
    ) {
        let Some(issue) = self.issue(number) else {
            return;
        };
        if issue.author != BOT {
            self.deeds.push(Deed::Touched(number));
            return;
        }
        let was_open = issue.face.closed.is_none();
        let mut deeds = Vec::new();
        if let Some(body) = &body {
            let (now_about, kind) = about(body);
            if let (About::Many(host, Some(new)), About::Many(_, old)) = (&now_about, &issue.about)
            {
                let old: &[String] = old.as_ref().map_or(&[][..], |old| old);
                let came: Vec<String> = new
                    .iter()
                    .filter(|one| !old.contains(one))
                    .cloned()
                    .collect();
                if !came.is_empty() {
                    deeds.push(Deed::Joined(number, host.clone(), came));
                }
            }
            if now_about != About::Other {
                issue.about = now_about;
                issue.kind = kind;
            }
        }
        match (was_open, open) {
            (true, Some(false)) => deeds.push(Deed::Closed(number, issue.about.clone())),
            (false, Some(true)) => deeds.push(Deed::Reopened(number, issue.about.clone())),
            _ => {}
        }
        self.deeds.extend(deeds);
        self.edit(number, None, body, open, now);
    }

    /// An issue as a list shows it that lags.
    #[must_use]
    pub fn shown<'a>(&self, issue: &'a Issue, now: Moment) -> Option<&'a Face> {
        let (until, seconds) = self.trouble.lags;
        if now >= until {
            return Some(&issue.face);
        }
        let then = now - seconds * 1_000;
        // The first state that lasted beyond that time.
        let old = issue.before.iter().find(|(until, _)| *until > then);
        match old {
            Some((_, face)) => face.as_ref(),
            None => Some(&issue.face),
        }
    }
}
