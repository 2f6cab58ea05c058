//! The stand-in at work: finds the flavour's answer, lets faults have their way
//! with it, and writes the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::fault::{Book, Fault};
use super::http::{Outcome, Service, Then};
use super::message::{Reply, Request};
use super::model::World;
use super::{Flavour, Logged, Site, gitea, github, gitlab};

#[derive(Debug)]
pub(super) struct Core {
    pub(super) prefix: String,
    pub(super) site: OnceLock<Site>,
    pub(super) hold: Duration,
    pub(super) down: AtomicBool,
    pub(super) inside: Mutex<Inside>,
    pub(super) bell: Condvar,
}

#[derive(Debug)]
pub(super) struct Inside {
    pub(super) world: World,
    pub(super) book: Book,
    pub(super) log: Vec<Logged>,
}

impl Core {
    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The forge's own answer, faults aside.
    fn act(&self, world: &mut World, request: &Request) -> Reply {
        let Some(site) = self.site.get() else {
            return Reply::empty(503);
        };
        let mut segments = request.segments();
        let prefix = self.prefix.trim_start_matches('/');
        if !prefix.is_empty() {
            if segments.first().is_none_or(|s| s != prefix) {
                return Reply::html(404, "404 Not Found");
            }
            segments.remove(0);
        }
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match world.flavour {
            Flavour::Forgejo | Flavour::Gitea => gitea::answer(world, site, request, &parts),
            Flavour::GitHub => github::answer(world, site, request, &parts),
            Flavour::GitLab => gitlab::answer(world, site, request, &parts),
        }
    }
}

/// What comes of one request, before it is put into bytes.
struct Plan {
    reply: Reply,
    acted: bool,
    much: Much,
    then: Option<Then>,
}

/// How much of the answer is sent.
enum Much {
    All,
    First(usize),
    HalfTheBody,
    Instead(Vec<u8>),
}

impl Core {
    /// Acts, or does not, as the fault wants it.
    fn plan(&self, world: &mut World, request: &Request, fault: Option<&Fault>) -> Plan {
        let plan = |reply: Reply, acted, much, then| Plan {
            reply,
            acted,
            much,
            then,
        };
        let close = Some(Then::Close);
        let hold = Some(Then::Hold(self.hold));
        let nothing = Reply::empty(200);
        match fault {
            Some(Fault::Answer(reply)) => plan(reply.clone(), false, Much::All, None),
            Some(Fault::Redirect { status, to }) => {
                let reply = Fault::redirect(*status, to, request);
                plan(reply, false, Much::All, None)
            }
            Some(Fault::Raw(bytes)) => plan(nothing, false, Much::Instead(bytes.clone()), close),
            Some(Fault::Close) => plan(nothing, false, Much::First(0), close),
            Some(Fault::Hang) => plan(nothing, false, Much::First(0), hold),
            acting => {
                let reply = self.act(world, request);
                match acting {
                    Some(Fault::ActAndAnswer(other)) => plan(other.clone(), true, Much::All, None),
                    Some(Fault::ActAndDrop) => plan(reply, true, Much::First(0), close),
                    Some(Fault::ActAndCut(at)) => plan(reply, true, Much::First(*at), close),
                    Some(Fault::ActAndHalf) => plan(reply, true, Much::HalfTheBody, close),
                    Some(Fault::ActAndStall(at)) => plan(reply, true, Much::First(*at), hold),
                    _ => plan(reply, true, Much::All, None),
                }
            }
        }
    }
}

impl Service for Core {
    fn serve(&self, request: Request) -> Outcome {
        let mut inside = self.inside();
        let Inside { world, book, log } = &mut *inside;
        let at = world.clock.now();
        let fault = book.strike(&request, world);
        let plan = self.plan(world, &request, fault);
        let usual = if request.last {
            Then::Close
        } else {
            Then::Keep
        };
        let date = at.format("%a, %d %b %Y %H:%M:%S GMT");
        let reply = plan.reply.header("Date", date);
        let (start, mut bytes) = reply.to_bytes(request.method == "HEAD", request.last);
        let all = bytes.len();
        let whole = match plan.much {
            Much::All => true,
            Much::First(count) => {
                bytes.truncate(count);
                count >= all
            }
            Much::HalfTheBody => {
                bytes.truncate(start + (all - start) / 2);
                false
            }
            Much::Instead(other) => {
                bytes = other;
                false
            }
        };
        let status = whole.then_some(reply.status);
        log.push(Logged {
            request,
            status,
            acted: plan.acted,
            at,
        });
        drop(inside);
        self.bell.notify_all();
        Outcome {
            bytes,
            then: plan.then.unwrap_or(usual),
        }
    }

    fn refuses(&self) -> bool {
        self.down.load(Ordering::SeqCst)
    }

    fn oversize(&self) -> Option<Reply> {
        if self.inside().world.flavour.is_gitea() {
            self.down.store(true, Ordering::SeqCst);
            return None;
        }
        Some(Reply::html(413, "413 Request Entity Too Large"))
    }
}
