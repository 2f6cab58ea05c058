//! What can go wrong between a checker and a forge, and at which request.
//!
//! A rule says when, a fault says what. The forge itself stays as it is: an
//! answer can be withheld, cut or replaced, with or without the act behind it.

use std::fmt;

use super::message::{Reply, Request};
use super::model::World;

type Test = Box<dyn Fn(&Request) -> bool + Send>;
type Change = Box<dyn FnMut(&mut World) + Send>;

/// When a fault strikes.
pub struct Rule {
    test: Test,
    skip: usize,
    left: usize,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule {{ skip: {}, left: {} }}", self.skip, self.left)
    }
}

impl Rule {
    /// The `n`-th request from now, counted from 1, and only that one.
    #[must_use]
    pub fn nth(n: usize) -> Self {
        Self::when(|_| true).skip(n.saturating_sub(1))
    }

    /// The next request with this method whose path contains this text. An
    /// empty method or text fits all.
    #[must_use]
    pub fn on(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self::when(move |r| (method.is_empty() || r.method == method) && r.path.contains(&path))
    }

    /// The next request that passes the test.
    #[must_use]
    pub fn when(test: impl Fn(&Request) -> bool + Send + 'static) -> Self {
        Self {
            test: Box::new(test),
            skip: 0,
            left: 1,
        }
    }

    /// Lets the first `count` requests that fit pass.
    #[must_use]
    pub fn skip(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    /// Strikes this often.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = count;
        self
    }

    /// Strikes until the faults are cleared.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    fn strikes(&mut self, request: &Request) -> bool {
        if self.left == 0 || !(self.test)(request) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.left != usize::MAX {
            self.left -= 1;
        }
        true
    }
}

/// What goes wrong.
pub enum Fault {
    /// This answer, and nothing happens behind it.
    Answer(Reply),
    /// The forge acts, and answers this instead.
    ActAndAnswer(Reply),
    /// The forge acts and the connection breaks before the first byte.
    ActAndDrop,
    /// The forge acts and so many bytes of the answer come, head included.
    ActAndCut(usize),
    /// The forge acts; the head and half of the body come.
    ActAndHalf,
    /// The forge acts and so many bytes come, then silence.
    ActAndStall(usize),
    /// Nothing happens, and these bytes come, HTTP or not; then the connection
    /// ends.
    Raw(Vec<u8>),
    /// Nothing happens and the connection breaks.
    Close,
    /// Nothing happens and nothing ever comes.
    Hang,
    /// A redirect with this status; nothing happens. A `to` that ends in a slash
    /// gets path and query of the request appended.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Where to.
        to: String,
    },
    /// Somebody changes something just before; then all goes on.
    Meanwhile(Change),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(reply) => write!(f, "Answer({})", reply.status),
            Self::ActAndAnswer(reply) => write!(f, "ActAndAnswer({})", reply.status),
            Self::ActAndDrop => f.write_str("ActAndDrop"),
            Self::ActAndCut(bytes) => write!(f, "ActAndCut({bytes})"),
            Self::ActAndHalf => f.write_str("ActAndHalf"),
            Self::ActAndStall(bytes) => write!(f, "ActAndStall({bytes})"),
            Self::Raw(bytes) => write!(f, "Raw({} bytes)", bytes.len()),
            Self::Close => f.write_str("Close"),
            Self::Hang => f.write_str("Hang"),
            Self::Redirect { status, to } => write!(f, "Redirect({status}, {to})"),
            Self::Meanwhile(_) => f.write_str("Meanwhile"),
        }
    }
}

impl Fault {
    /// A status with a short JSON body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer(Reply::json(
            status,
            &serde_json::json!({"message": "standin fault"}),
        ))
    }

    /// 429 or 503 that asks to come back after so many seconds.
    #[must_use]
    pub fn busy(status: u16, seconds: u32) -> Self {
        Self::Answer(Reply::text(status, "Retry later\n").header("Retry-After", seconds))
    }

    /// A page of HTML with this status, as proxies send.
    #[must_use]
    pub fn page(status: u16) -> Self {
        Self::Answer(Reply::html(status, &format!("{status} from a proxy")))
    }

    /// A change by somebody else just before the request is served.
    #[must_use]
    pub fn meanwhile(change: impl FnMut(&mut World) + Send + 'static) -> Self {
        Self::Meanwhile(Box::new(change))
    }

    /// A temporary redirect of the same request to another origin, such as
    /// `http://127.0.0.1:4711`.
    #[must_use]
    pub fn elsewhere(origin: &str) -> Self {
        let to = format!("{}/", origin.trim_end_matches('/'));
        Self::Redirect { status: 307, to }
    }

    pub(super) fn redirect(status: u16, to: &str, request: &Request) -> Reply {
        let to = match to.strip_suffix('/') {
            Some(origin) => format!("{origin}{}", request.target()),
            None => to.to_owned(),
        };
        Reply::empty(status).header("Location", to)
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(super) struct Book {
    rules: Vec<(Rule, Fault)>,
}

impl Book {
    pub(super) fn add(&mut self, rule: Rule, fault: Fault) {
        self.rules.push((rule, fault));
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Rules that have not struck as often as they should.
    pub(super) fn pending(&self) -> usize {
        let waiting = |r: &&(Rule, Fault)| r.0.left > 0 && r.0.left != usize::MAX;
        self.rules.iter().filter(waiting).count()
    }

    /// Lets changes happen, and gives the first fault that strikes. Every rule
    /// counts the request, also those behind it.
    pub(super) fn strike(&mut self, request: &Request, world: &mut World) -> Option<&Fault> {
        let mut struck = None;
        for (at, (rule, fault)) in self.rules.iter_mut().enumerate() {
            if !rule.strikes(request) {
                continue;
            }
            if let Fault::Meanwhile(change) = fault {
                change(world);
            } else if struck.is_none() {
                struck = Some(at);
            }
        }
        struck
            .and_then(|at| self.rules.get(at))
            .map(|(_, fault)| fault)
    }
}
