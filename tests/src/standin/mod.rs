//! A stand-in forge: a real HTTP server on the loopback that behaves like
//! Forgejo, Gitea, GitHub or GitLab as far as issues go, faults included.
//!
//! It is faithful and unkind: lists drift, filters are ignored, names are taken
//! twice, answers break off. It serves one repository, `ops/watch`, to one
//! token. It is no forge: no pages, no repositories' contents, no sign-in.
//!
//! ```
//! use house_tests::standin::client::Client;
//! use house_tests::standin::{Fault, Flavour, Rule, Standin};
//!
//! let forge = Standin::start(Flavour::Forgejo);
//! let seven = forge.world(|w| w.open_issue("alice", "the lamp is out", ""));
//! forge.inject(Rule::on("POST", "/comments"), Fault::ActAndDrop);
//! // … the checker runs against forge.url() with forge.token() …
//! Client::new(&forge).get("/api/v1/repos/ops/watch/issues").unwrap();
//! assert!(forge.world(|w| w.issue(seven).is_some_and(|i| i.open)));
//! forge.assert_token_hygiene();
//! ```

pub mod client;
mod clock;
mod core;
mod fault;
mod gitea;
mod gitea_labels;
mod gitea_view;
mod github;
mod github_labels;
mod github_limits;
mod github_view;
mod gitlab;
mod gitlab_view;
pub mod http;
mod log;
pub mod message;
pub mod model;
mod paging;
mod people;
pub mod text;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

pub use clock::Clock;
pub use fault::{Fault, Rule};
pub use log::Logged;
pub use message::{Reply, Request};
pub use model::{Access, Scope, World};

use self::core::{Core, Inside};
use fault::Book;
use http::Server;

/// Which forge to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Forgejo 9.
    Forgejo,
    /// Gitea 1.15, which differs in small and nasty ways.
    Gitea,
    /// GitHub, also below `/api/v3` as GitHub Enterprise.
    GitHub,
    /// GitLab.
    GitLab,
}

impl Flavour {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Forgejo, Self::Gitea, Self::GitHub, Self::GitLab];

    /// What the checker's configuration calls it: `gitea`, `github`, `gitlab`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Forgejo | Self::Gitea => "gitea",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
        }
    }

    /// Forgejo or Gitea.
    #[must_use]
    pub fn is_gitea(self) -> bool {
        matches!(self, Self::Forgejo | Self::Gitea)
    }
}

/// Where the server believes it is.
#[derive(Debug)]
struct Site {
    /// The root that answers tell of, prefix included.
    root: String,
}

/// How a stand-in is set up.
#[derive(Debug)]
pub struct Setup {
    flavour: Flavour,
    prefix: String,
    root: Option<String>,
    clock: Clock,
    hold: Duration,
}

impl Setup {
    /// Serves everything below a path such as `/git`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            inner => format!("/{inner}"),
        };
        self
    }

    /// The root that answers tell of, where it is not the one that is asked:
    /// `https://git.example.org`.
    #[must_use]
    pub fn root(mut self, root: &str) -> Self {
        self.root = Some(root.trim_end_matches('/').to_owned());
        self
    }

    /// The forge's clock; the machine's unless set.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long a connection is held by [`Fault::Hang`], at most; a minute
    /// unless set.
    #[must_use]
    pub fn hold(mut self, limit: Duration) -> Self {
        self.hold = limit;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When the loopback cannot be listened on.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without its forge")]
    pub fn start(self) -> Standin {
        let core = Arc::new(Core {
            prefix: self.prefix,
            site: OnceLock::new(),
            hold: self.hold,
            down: AtomicBool::new(false),
            inside: Mutex::new(Inside {
                world: World::new(self.flavour, self.clock),
                book: Book::default(),
                log: Vec::new(),
            }),
            bell: Condvar::new(),
        });
        let server = Server::start(Arc::clone(&core)).expect("cannot listen on 127.0.0.1");
        let url = format!("http://{}{}", server.address(), core.prefix);
        let site = Site {
            root: self.root.unwrap_or_else(|| url.clone()),
        };
        let _first = core.site.set(site);
        Standin {
            flavour: self.flavour,
            url,
            core,
            _server: server,
        }
    }
}

/// A running stand-in forge; it ends when dropped.
#[derive(Debug)]
pub struct Standin {
    flavour: Flavour,
    url: String,
    core: Arc<Core>,
    _server: Server,
}

impl Standin {
    /// Starts one with nothing special about it.
    #[must_use]
    pub fn start(flavour: Flavour) -> Self {
        Self::setup(flavour).start()
    }

    /// Sets one up.
    #[must_use]
    pub fn setup(flavour: Flavour) -> Setup {
        Setup {
            flavour,
            prefix: String::new(),
            root: None,
            clock: Clock::real(),
            hold: Duration::from_secs(60),
        }
    }

    /// Which forge it is.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The address for the checker's configuration, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token that was good at the start.
    #[must_use]
    pub fn token(&self) -> String {
        let token = self.world(|w| w.account.token.clone());
        token.trim_end_matches("-withdrawn").to_owned()
    }

    /// Login of the user whose token that is.
    #[must_use]
    pub fn own_user(&self) -> String {
        self.world(|w| w.account.login.clone())
    }

    /// The repository as it was named at the start: `ops/watch`.
    #[must_use]
    pub fn repo(&self) -> String {
        self.world(|w| {
            let now = (w.repo.owner.clone(), w.repo.name.clone());
            let (owner, name) = w.repo.former.first().unwrap_or(&now);
            format!("{owner}/{name}")
        })
    }

    /// Looks at the forge, or edits it as people would. No request is served
    /// meanwhile.
    pub fn world<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        look(&mut self.core.inside().world)
    }

    /// Lets something go wrong.
    pub fn inject(&self, rule: Rule, fault: Fault) {
        self.core.inside().book.add(rule, fault);
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.core.inside().book.clear();
    }

    /// Faults that have not struck as often as they should.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.core.inside().book.pending()
    }

    /// Everything that was asked so far.
    #[must_use]
    pub fn log(&self) -> Vec<Logged> {
        self.core.inside().log.clone()
    }

    /// The log as lines, `GET /path?query -> 200`.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        self.core.inside().log.iter().map(Logged::line).collect()
    }

    /// Forgets what was asked so far.
    pub fn clear_log(&self) {
        self.core.inside().log.clear();
    }

    /// Waits until the log holds so many requests. False when it does not come
    /// to that within ten seconds.
    #[must_use]
    pub fn wait_for(&self, requests: usize) -> bool {
        let limit = Duration::from_secs(10);
        let short = |inside: &mut Inside| inside.log.len() < requests;
        let waited = self
            .core
            .bell
            .wait_timeout_while(self.core.inside(), limit, short);
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }

    /// While down, every connection is closed as soon as it is accepted. A Gitea
    /// that was sent 40 MiB goes down by itself.
    pub fn set_down(&self, down: bool) {
        self.core.down.store(down, Ordering::SeqCst);
    }

    /// Whether it is down.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.core.down.load(Ordering::SeqCst)
    }

    /// Demands that no request had the token in its address or body, that every
    /// header that carried it was the right one, and that one did.
    ///
    /// # Panics
    /// When it is not so.
    pub fn assert_token_hygiene(&self) {
        let (token, log) = (self.token(), self.log());
        for entry in &log {
            let clean = entry.token_hygiene(self.flavour, &token);
            assert!(clean.is_ok(), "{}", clean.err().unwrap_or_default());
        }
        assert!(
            log.iter().any(|entry| entry.carries(&token)),
            "no request carried the token"
        );
    }
}

/// An address on the loopback where nobody listens.
///
/// # Panics
/// When the loopback has no free port.
#[must_use]
#[expect(clippy::expect_used, reason = "a test cannot go on without it")]
pub fn nobody() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("no free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::sync::Arc;

    use super::{Fault, Flavour, Rule, Standin};

    #[test]
    fn no_thread_outlives_it() {
        let forge = Standin::start(Flavour::Forgejo);
        let address = forge.url().replace("http://", "");
        forge.inject(Rule::nth(1), Fault::Hang);
        let request = b"GET /api/v1/version HTTP/1.1\r\n\r\n";
        let mut connections = Vec::new();
        for bytes in [&request[..], &request[..], &request[..9], b""] {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(bytes).unwrap();
            connections.push(stream);
        }
        assert!(forge.wait_for(2));
        let core = Arc::downgrade(&forge.core);
        drop(forge);
        assert!(core.upgrade().is_none(), "a thread still holds the forge");
    }
}
