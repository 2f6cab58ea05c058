//! What forges answer: the real clients of Gitea, GitHub and GitLab, with answers out
//! of the bytes in place of a server. Whatever comes, what is told is of one line and
//! without the token, and only what was asked for is taken for an issue of ours.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use checker::clock::FakeClock;
use checker::error::DeliveryError;
use checker::forge::{self, Edit, Forge, Listing, NewIssue, Parts, State};
use checker::http::{Answer, Http, Limits, Method};
use checker::secret::Secret;
use chrono::DateTime;

const TOKEN: &str = "t0ken-value";
const USER: &str = "watchbot";

const CONFIGS: [&str; 4] = [
    "[forge]\nkind = \"gitea\"\nurl = \"https://git.example.org\"\nrepo = \"ops/watch\"\nuser = \"watchbot\"\nmax_pages = 3\n",
    "[forge]\nkind = \"github\"\nrepo = \"ops/watch\"\nuser = \"watchbot\"\nmax_pages = 3\n",
    "[forge]\nkind = \"gitlab\"\nurl = \"https://git.example.org\"\nrepo = \"ops/sub/watch\"\nuser = \"watchbot\"\nmax_pages = 3\n",
    "[forge]\nkind = \"gitea\"\nurl = \"https://git.example.org/sub\"\nrepo = \"ops/watch\"\n",
];

/// The first line chooses forge and call, then come answers with a line of `---`
/// between: status and headers, an empty line, the body.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
    let digit = |at: usize| {
        let byte = head.as_bytes().get(at).copied().unwrap_or(b'0');
        usize::from(byte.wrapping_sub(b'0'))
    };
    let answers: Vec<Answer> = rest.split("\n---\n").map(answer).collect();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let forge = open(CONFIGS[digit(0) % CONFIGS.len()], answers, &asked);
    one_call(&*forge, digit(1), &asked);
    for warning in forge.warnings() {
        is_fit(&warning);
    }
    is_fit(&forge.describe());
}

fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.trim().parse().ok());
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_lowercase(), value.to_owned()))
    });
    Answer {
        status: status.unwrap_or(200),
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
        moved_to: None,
    }
}

fn open(config: &str, answers: Vec<Answer>, asked: &Rc<RefCell<Vec<Method>>>) -> Box<dyn Forge> {
    let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    let clock = Rc::new(FakeClock::at(now));
    let seen = Rc::clone(asked);
    let http = Http::new(Limits::default(), clock.clone(), Duration::from_secs(120));
    let http = http.answered_by(move |method, _| {
        let mut seen = seen.borrow_mut();
        seen.push(method);
        // The last one goes on for ever.
        let at = (seen.len() - 1).min(answers.len() - 1);
        answers[at].clone()
    });
    let parts = Parts {
        http: Rc::new(http),
        clock,
        token: Secret::new(TOKEN).ok(),
        state_dir: PathBuf::from("/nonexistent"),
    };
    let settings = forge::settings(config).expect("it is well");
    settings.open(parts).expect("there is a token")
}

fn one_call(forge: &dyn Forge, which: usize, asked: &RefCell<Vec<Method>>) {
    let since = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let new = NewIssue {
        title: "db_backup is silent".to_owned(),
        body: "marker\ntext".to_owned(),
        labels: vec!["db".to_owned()],
    };
    let edit = Edit {
        title: Some("new".to_owned()),
        body: Some("body".to_owned()),
        state: Some(State::Closed),
    };
    let writes = || {
        let asked = asked.borrow();
        asked
            .iter()
            .filter(|method| **method != Method::Get)
            .count()
    };
    match which % 7 {
        0 => failed(forge.own_user().map(|user| drop(user))),
        1 => listed(forge.open_issues(USER), State::Open),
        2 => listed(forge.closed_issues(USER, since), State::Closed),
        3 => match forge.create(&new) {
            Ok(issue) => {
                assert!(issue.number > 0 && writes() > 0);
                assert_eq!(issue.title.trim(), new.title);
                is_fit(&issue.url);
            }
            Err(error) => told(&error),
        },
        4 => {
            let done = forge.edit(7, &edit);
            assert!(done.is_err() || writes() > 0);
            failed(done);
        }
        5 => failed(forge.comments(7, USER).map(|_| ())),
        _ => {
            let done = forge.comment(7, "text");
            assert!(done.is_err() || writes() > 0);
            failed(done);
        }
    }
    if matches!(which % 7, 0 | 1 | 2 | 5) {
        assert_eq!(writes(), 0, "reading changes nothing");
    }
    // Retries, pages and reading again have their bounds.
    assert!(asked.borrow().len() < 200);
}

fn failed(done: Result<(), DeliveryError>) {
    if let Err(error) = done {
        told(&error);
    }
}

fn listed(listing: Result<Listing, DeliveryError>, wanted: State) {
    match listing {
        Ok(listing) => {
            let mut last = 0;
            for issue in &listing.issues {
                assert!(issue.number > last, "each once, in their order");
                last = issue.number;
                assert_eq!(issue.state, wanted);
                assert_eq!(issue.author.to_lowercase(), USER);
                is_fit(&issue.url);
            }
        }
        Err(error) => {
            assert!(!error.may_have_acted, "reading changes nothing");
            told(&error);
        }
    }
}

fn told(error: &DeliveryError) {
    is_fit(&error.to_string());
    if let Some(hint) = &error.hint {
        is_fit(hint);
    }
}

/// One line, without the token.
fn is_fit(text: &str) {
    assert!(crate::is_one_line(text), "{text:?}");
    assert!(!text.contains(TOKEN), "{text:?}");
}
