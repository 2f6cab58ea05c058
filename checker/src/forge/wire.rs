//! What forges over HTTP answer, as far as it is read. Whatever may be null is
//! optional; unknown fields are ignored.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::paging::Entry;
use super::{Edit, ForgeIssue, State};

/// An issue in the shape of GitHub, which Gitea took over.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct IssueJson {
    pub(crate) number: u64,
    pub(crate) html_url: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) state: String,
    pub(crate) user: Option<UserJson>,
    pub(crate) closed_at: Option<String>,
    pub(crate) pull_request: Option<IgnoredAny>,
    pub(crate) labels: Option<Vec<LabelJson>>,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Names")]
pub(crate) struct UserJson {
    pub(crate) login: String,
}

/// GitHub has a `login`, GitLab a `username`, Gitea sends both.
#[derive(Deserialize)]
struct Names {
    login: Option<String>,
    username: Option<String>,
}

impl TryFrom<Names> for UserJson {
    type Error = &'static str;

    fn try_from(names: Names) -> Result<Self, Self::Error> {
        let login = names.login.or(names.username);
        let login = login.ok_or("a user has neither login nor username")?;
        Ok(Self { login })
    }
}

/// A label.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LabelJson {
    pub(crate) id: Option<u64>,
    pub(crate) name: Option<String>,
}

/// A comment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CommentJson {
    pub(crate) body: Option<String>,
    pub(crate) user: Option<UserJson>,
}

impl IssueJson {
    /// The issue of the port, or what is wrong with it.
    pub(crate) fn issue(self, url: String) -> Result<ForgeIssue, String> {
        if self.number == 0 {
            return Err("it has the number 0".to_owned());
        }
        Ok(ForgeIssue {
            number: self.number,
            url,
            title: self.title.unwrap_or_default(),
            body: self.body.unwrap_or_default(),
            state: state(&self.state)?,
            author: self.user.map(|user| user.login).unwrap_or_default(),
            closed_at: self.closed_at.as_deref().and_then(time),
        })
    }
}

impl IssueJson {
    /// The names of its labels.
    pub(crate) fn label_names(&self) -> Vec<String> {
        let labels = self.labels.iter().flatten();
        labels.filter_map(|label| label.name.clone()).collect()
    }

    /// Whether an edit was done as the answer claims.
    pub(crate) fn check_edited(&self, number: u64, wanted: Option<State>) -> Result<(), String> {
        let kept = wanted.is_some_and(|wanted| state(&self.state) != Ok(wanted));
        if self.number != number || kept {
            return Err("the forge answered that it did, and did not".to_owned());
        }
        Ok(())
    }
}

/// What has been made; that it has an id is the proof.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Made {
    #[serde(rename = "id")]
    _id: u64,
}

/// Title and body of an edit as JSON; `body` is what the forge calls a body.
pub(crate) fn edit_json(edit: &Edit, body: &str) -> Map<String, Value> {
    let mut json = Map::new();
    for (key, value) in [("title", &edit.title), (body, &edit.body)] {
        if let Some(value) = value {
            json.insert(key.to_owned(), value.as_str().into());
        }
    }
    json
}

/// The bodies of the comments that `author` wrote.
pub(crate) fn bodies_of(comments: Vec<CommentJson>, author: &str) -> Vec<String> {
    let ours = |comment: &CommentJson| {
        let login = comment.user.as_ref().map(|user| user.login.as_str());
        login.is_some_and(|login| same_user(login, author))
    };
    let comments = comments.into_iter().filter(ours);
    comments
        .map(|comment| comment.body.unwrap_or_default())
        .collect()
}

/// The word that GitHub and Gitea use for a state.
pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Closed => "closed",
    }
}

/// Reads a state.
pub(crate) fn state(text: &str) -> Result<State, String> {
    match text {
        "open" | "opened" => Ok(State::Open),
        "closed" => Ok(State::Closed),
        _ => Err("it has an unknown state".to_owned()),
    }
}

/// Reads a time; what cannot be read is as good as not told.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    // Gitea's "never" is 1970 or the year 1.
    (time.timestamp() > 0).then_some(time)
}

/// Whether two logins are the same user: forges do not tell case apart.
pub(crate) fn same_user(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Keeps an issue of the wanted state and author; others are left out.
pub(crate) fn keep(issue: ForgeIssue, wanted: State, author: &str) -> Entry {
    if issue.state == wanted && same_user(&issue.author, author) {
        Entry::Ours(issue)
    } else {
        Entry::Other(issue.number)
    }
}
