//! A forge under test: an adapter of the registry, and the place it talks to.

use std::rc::Rc;
use std::time::Duration;

use checker::clock::FakeClock;
use checker::error::DeliveryError;
use checker::forge::{Forge, ForgeIssue, NewIssue, Parts, Settings, settings};
use checker::http::{Http, Limits};
use checker::secret::Secret;
use chrono::{DateTime, Utc};
use house_tests::contracts;
use house_tests::standin::{Clock, Flavour, Standin};

/// What time it is for both sides.
pub(crate) const START: &str = "2026-11-22T06:00:00Z";

/// Where an adapter's issues are.
pub(crate) enum Place {
    Standin(Standin),
    Folder(tempfile::TempDir),
}

pub(crate) struct Rig {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) clock: Rc<FakeClock>,
    /// Lines added to the `[forge]` table.
    pub(crate) extra: String,
    /// Longest time of one request.
    pub(crate) patience: Duration,
}

impl Rig {
    fn new(name: String, place: Place) -> Self {
        Self {
            name,
            place,
            clock: Rc::new(FakeClock::at(time(START))),
            extra: String::new(),
            patience: Duration::from_secs(20),
        }
    }

    pub(crate) fn of(flavour: Flavour) -> Self {
        let setup = Standin::setup(flavour).hold(Duration::from_secs(2));
        let standin = setup.clock(Clock::standing_at(time(START))).start();
        Self::new(format!("{flavour:?}"), Place::Standin(standin))
    }

    /// One for every forge over HTTP.
    pub(crate) fn remote() -> impl Iterator<Item = Self> {
        Flavour::ALL.into_iter().map(Self::of)
    }

    /// One for every forge.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let folder = Place::Folder(tempfile::tempdir().unwrap());
        Self::remote().chain([Self::new("Folder".to_owned(), folder)])
    }

    /// The server; there is none for the folder.
    pub(crate) fn standin(&self) -> &Standin {
        match &self.place {
            Place::Standin(standin) => standin,
            Place::Folder(_) => panic!("a folder has no server"),
        }
    }

    pub(crate) fn config(&self) -> String {
        let extra = &self.extra;
        match &self.place {
            Place::Folder(_) => format!("[forge]\nkind = \"folder\"\n{extra}"),
            Place::Standin(standin) => format!(
                "[forge]\nkind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\n{extra}",
                standin.flavour().kind(),
                standin.url(),
                standin.repo(),
            ),
        }
    }

    /// What a new pass hands to a forge.
    pub(crate) fn parts(&self) -> Parts {
        let limits = Limits {
            request: self.patience,
            ..Limits::default()
        };
        // The time of a pass is its own, so that its deadline is.
        let pass = Rc::new(FakeClock::at(time(START)));
        let (token, state_dir) = match &self.place {
            Place::Standin(standin) => (Some(standin.token()), "/nonexistent".into()),
            Place::Folder(dir) => (None, dir.path().to_owned()),
        };
        Parts {
            http: Rc::new(Http::new(limits, pass, Duration::from_secs(120))),
            clock: self.clock.clone(),
            token: token.map(|token| Secret::new(&token).unwrap()),
            state_dir,
        }
    }

    /// The forge as a new pass opens it.
    pub(crate) fn open(&self) -> Box<dyn Forge> {
        self.settings().open(self.parts()).unwrap()
    }

    /// Its checked settings.
    pub(crate) fn settings(&self) -> Box<dyn Settings> {
        settings(&self.config()).unwrap()
    }

    /// Own open issues, which must all have been seen.
    pub(crate) fn listed(&self, forge: &dyn Forge) -> Vec<ForgeIssue> {
        let own = forge.own_user().unwrap();
        let listing = forge.open_issues(&own).unwrap();
        let warnings = forge.warnings();
        assert!(listing.complete, "{}: {warnings:?}", self.name);
        listing.issues
    }

    /// Numbers of own open issues as the forge itself knows them.
    pub(crate) fn truly_open(&self) -> Vec<u64> {
        self.standin().world(|world| {
            let own = world.account.login.clone();
            let open = world.open_issues().into_iter();
            let mut numbers: Vec<u64> = open
                .filter(|issue| issue.author == own)
                .map(|issue| issue.number)
                .collect();
            numbers.sort_unstable();
            numbers
        })
    }

    /// No secret anywhere in an error or a warning; gives the error's text.
    pub(crate) fn told(&self, error: &DeliveryError) -> String {
        let text = format!(
            "{error}{}",
            error
                .hint
                .as_deref()
                .map_or(String::new(), |hint| format!("\n  hint: {hint}"))
        );
        self.assert_clean(&format!("{text} {error:?}"));
        text
    }

    pub(crate) fn assert_clean(&self, text: &str) {
        if let Place::Standin(standin) = &self.place {
            let token = standin.token();
            assert!(!text.contains(&token), "{}: {text}", self.name);
            assert!(
                !text.contains("per_page") && !text.contains("created_by"),
                "{text}"
            );
        }
    }

    /// Every request fits the forge's description, and the token travelled as it
    /// should.
    pub(crate) fn assert_manners(&self) {
        let Place::Standin(standin) = &self.place else {
            return;
        };
        standin.assert_token_hygiene();
        if contracts::available() {
            let troubles = contracts::troubles(standin);
            assert!(troubles.is_empty(), "{}: {troubles:#?}", self.name);
        }
        for entry in standin.log() {
            for (name, _) in entry.params() {
                let lying = ["q", "labels", "search", "label_name"];
                assert!(!lying.contains(&name.as_str()), "{}", entry.line());
            }
        }
    }
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn new_issue(job: &str) -> NewIssue {
    NewIssue {
        title: format!("[heartbeat-checker] {job} is silent on bezalel"),
        body: format!(
            "<!-- heartbeat-checker {{\"job\":\"{job}\"}} -->\r\nIt is silent: \u{1f634} `@all`\n\n  x\n"
        ),
        labels: Vec::new(),
    }
}

/// The same with labels of its own.
pub(crate) fn labelled(job: &str, labels: &[&str]) -> NewIssue {
    NewIssue {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        ..new_issue(job)
    }
}
