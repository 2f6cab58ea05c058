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

impl Service for Core {
    fn serve(&self, request: Request) -> Outcome {
        let mut inside = self.inside();
        let Inside { world, book, log } = &mut *inside;
        let at = world.clock.now();
        let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let to_head = request.method == "HEAD";
        let plain = if request.last {
            Then::Close
        } else {
            Then::Keep
        };
        let render = |reply: Reply, then| {
            let reply = reply.header("Date", &date);
            reply.to_bytes(to_head, then == Then::Close)
        };
        let whole = |reply: Reply, acted: bool| {
            let status = Some(reply.status);
            (render(reply, plain).1, plain, status, acted)
        };
        let cut = |reply: Reply, then, upto: &dyn Fn(usize, usize) -> usize| {
            let (start, mut bytes) = render(reply, plain);
            bytes.truncate(upto(start, bytes.len()));
            (bytes, then, None, true)
        };
        let hold = Then::Hold(self.hold);
        let (bytes, then, status, acted) = match book.strike(&request, world) {
            None | Some(Fault::Meanwhile(_)) => whole(self.act(world, &request), true),
            Some(Fault::Answer(reply)) => whole(reply.clone(), false),
            Some(Fault::Redirect { status, to }) => {
                whole(Fault::redirect(*status, to, &request), false)
            }
            Some(Fault::ActAndAnswer(reply)) => {
                self.act(world, &request);
                whole(reply.clone(), true)
            }
            Some(Fault::ActAndDrop) => cut(self.act(world, &request), Then::Close, &|_, _| 0),
            Some(Fault::ActAndCut(at)) => {
                let at = *at;
                cut(self.act(world, &request), Then::Close, &|_, all| {
                    at.min(all)
                })
            }
            Some(Fault::ActAndHalf) => {
                let half = |start: usize, all: usize| start + (all - start) / 2;
                cut(self.act(world, &request), Then::Close, &half)
            }
            Some(Fault::ActAndStall(at)) => {
                let at = *at;
                cut(self.act(world, &request), hold, &|_, all| at.min(all))
            }
            Some(Fault::Close) => (Vec::new(), Then::Close, None, false),
            Some(Fault::Hang) => (Vec::new(), hold, None, false),
        };
        log.push(Logged {
            request,
            status,
            acted,
            at,
        });
        drop(inside);
        self.bell.notify_all();
        Outcome { bytes, then }
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
