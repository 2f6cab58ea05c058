//! The line to the made-up forge: where a pass may die, meet another one, or lose an
//! answer; a planted bug may twist what goes over it.

use std::rc::Rc;
use std::time::Duration;

use checker::clock::Clock;
use checker::http::{Address, Answer, Broken, Call, Method, Wire};
use serde_json::Value;

use super::{Luck, Passing, pass};
use crate::api;
use crate::bugs::Bug;
use crate::server::about;

/// The line to the forge.
pub(super) struct Line(pub(super) Rc<Passing>);

impl Wire for Line {
    fn carry(&self, call: &Call<'_>, address: &Address) -> Result<Answer, Broken> {
        let passing = &*self.0;
        let nobody = || {
            Err(Broken {
                what: "does not answer".into(),
                unsent: true,
            })
        };
        if !passing.lives(false) {
            return nobody();
        }
        passing.requests.set(passing.requests.get() + 1);
        if let Some((request, host)) = passing.luck.meets
            && request == passing.requests.get()
        {
            passing.met.set(true);
            let kind = if host == passing.host {
                "twin"
            } else {
                "meets"
            };
            passing.scene.tally.borrow_mut().happened(kind);
            let deeds = std::mem::take(&mut passing.scene.server.borrow_mut().deeds);
            let other = pass(&passing.scene, host, passing.at, Luck::default());
            let mut server = passing.scene.server.borrow_mut();
            server.deeds = deeds;
            server.deeds.extend(other.deeds);
        }
        let took = Duration::from_millis(40);
        passing.clock.sleep(took);
        let elapsed = i64::try_from(passing.clock.elapsed().as_millis()).unwrap_or(0);
        let now = passing.at + elapsed;
        let roll = (passing.host as u64) << 32 | passing.requests.get().unsigned_abs();
        let mut hit = passing.hit.get();
        let answer = {
            let mut server = passing.scene.server.borrow_mut();
            let mut tally = passing.scene.tally.borrow_mut();
            let (bent, fakes) = bend_call(call, passing.scene.bug);
            let call = Call {
                json: bent.as_ref().or(call.json),
                ..call.clone()
            };
            let answer = api::serve(&mut server, &call, address, now, roll, &mut hit, &mut tally);
            answer.map(|mut answer| {
                if fakes {
                    let text = String::from_utf8_lossy(&answer.body);
                    let text = text.replace("\"state\":\"open\"", "\"state\":\"closed\"");
                    answer.body = text.into_bytes();
                }
                answer
            })
        };
        passing.hit.set(hit);
        if !passing.lives(true) {
            return nobody();
        }
        twist(answer, call, address, passing)
    }
}

/// What a planted bug makes of a request, and whether its answer claims that all was
/// done.
fn bend_call(call: &Call<'_>, bug: Option<Bug>) -> (Option<Value>, bool) {
    let Some(json) = call.json.filter(|_| call.method == Method::Patch) else {
        return (None, false);
    };
    let mut bent = json.clone();
    match bug {
        Some(Bug::CloseForgotten) if json["state"] == "closed" => {
            bent["state"] = "open".into();
            (Some(bent), true)
        }
        Some(Bug::GoneIsWell)
            if json["body"]
                .as_str()
                .is_some_and(|body| about(body).1 == "gone") =>
        {
            bent["state"] = "closed".into();
            (Some(bent), false)
        }
        _ => (None, false),
    }
}

/// What a planted bug makes of an answer.
fn twist(
    answer: Result<Answer, Broken>,
    call: &Call<'_>,
    address: &Address,
    passing: &Passing,
) -> Result<Answer, Broken> {
    let made = |status: u16, body: String| Answer {
        status,
        headers: Vec::new(),
        body: body.into_bytes(),
        moved_to: None,
    };
    let path = address.path();
    let list = call.method == Method::Get && path.ends_with("/issues");
    let good = answer.as_ref().is_ok_and(|answer| answer.status < 300);
    match passing.scene.bug {
        Some(Bug::LostIsDone)
            if call.method == Method::Post && !good && path.ends_with("/issues") =>
        {
            let title = call.json.map(|json| json["title"].to_string());
            let title = title.unwrap_or_default();
            Ok(made(
                201,
                format!(
                    "{{\"number\":99999,\"title\":{title},\"state\":\"open\",\"user\":{{\"login\":\"watchbot\"}}}}"
                ),
            ))
        }
        Some(Bug::CommentsUnread) if call.method == Method::Get && path.ends_with("/comments") => {
            Ok(made(200, "[]".into()))
        }
        Some(Bug::NothingOpen) if list && !good => Ok(made(200, "[]".into())),
        Some(Bug::FirstPageOnly) if list => answer.map(|mut answer| {
            answer.headers = vec![("link".into(), "rel=\"last\"".into())];
            answer
        }),
        Some(Bug::MarkerIgnored) if list && (passing.at / 1_000) % 97 < 5 => {
            let open = address.as_str().contains("state=open");
            if open {
                Ok(made(200, "[]".into()))
            } else {
                answer
            }
        }
        Some(Bug::AsideForgotten) if list && address.as_str().contains("state=closed") => {
            Ok(made(200, "[]".into()))
        }
        Some(Bug::Everybodys) if list => answer.map(|mut answer| {
            let text = String::from_utf8_lossy(&answer.body);
            answer.body = text.replace("\"dorothy\"", "\"watchbot\"").into_bytes();
            answer
        }),
        _ => answer,
    }
}
