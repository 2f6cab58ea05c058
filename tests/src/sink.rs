//! A server that only records what it is asked: for ping addresses, and to see
//! that no token ever arrives at another origin.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::standin::http::{Outcome, Server, Service, Then};
use crate::standin::{Reply, Request};

/// A running sink; it ends when dropped.
#[derive(Debug)]
pub struct Sink {
    core: Arc<Core>,
    server: Server,
}

#[derive(Debug)]
struct Core {
    inside: Mutex<Inside>,
    bell: Condvar,
}

#[derive(Debug)]
struct Inside {
    /// `None` never answers.
    reply: Option<Reply>,
    requests: Vec<Request>,
}

impl Sink {
    /// Starts one that answers 200 and `OK`.
    ///
    /// # Panics
    /// When the loopback cannot be listened on.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without it")]
    pub fn start() -> Self {
        let core = Arc::new(Core {
            inside: Mutex::new(Inside {
                reply: Some(Reply::text(200, "OK")),
                requests: Vec::new(),
            }),
            bell: Condvar::new(),
        });
        let server = Server::start(Arc::clone(&core)).expect("cannot listen on 127.0.0.1");
        Self { core, server }
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// From now on it answers this status and an empty body.
    pub fn answer(&self, status: u16) {
        self.answer_with(Reply::empty(status));
    }

    /// From now on it answers this.
    pub fn answer_with(&self, reply: Reply) {
        self.core.inside().reply = Some(reply);
    }

    /// From now on it never answers.
    pub fn hang(&self) {
        self.core.inside().reply = None;
    }

    /// Everything that was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.core.inside().requests.clone()
    }

    /// Everything as lines: `POST /ping/start`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let inside = self.core.inside();
        let line = |r: &Request| format!("{} {}", r.method, r.target());
        inside.requests.iter().map(line).collect()
    }

    /// Waits until so many requests came. False when they do not within ten
    /// seconds.
    #[must_use]
    pub fn wait_for(&self, requests: usize) -> bool {
        let limit = Duration::from_secs(10);
        let short = |inside: &mut Inside| inside.requests.len() < requests;
        let waited = self
            .core
            .bell
            .wait_timeout_while(self.core.inside(), limit, short);
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }
}

impl Core {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service for Core {
    fn serve(&self, request: Request) -> Outcome {
        let mut inside = self.inside();
        let then = if request.last {
            Then::Close
        } else {
            Then::Keep
        };
        let outcome = match &inside.reply {
            Some(reply) => Outcome {
                bytes: reply
                    .to_bytes(request.method == "HEAD", then == Then::Close)
                    .1,
                then,
            },
            None => Outcome {
                bytes: Vec::new(),
                then: Then::Hold(Duration::from_secs(60)),
            },
        };
        inside.requests.push(request);
        drop(inside);
        self.bell.notify_all();
        outcome
    }
}
