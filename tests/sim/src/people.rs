//! What people do to issues: close, open again, write, change titles, labels and text,
//! and copy what they do not understand.

use crate::oracle::Oracle;
use crate::pass::Scene;
use crate::script::{Fault, Kind};
use crate::server::{BOT, Comment, PERSON};
use crate::timetable::{DAY, Moment};

/// What a person does. True when there was something to do it to.
pub fn befall(scene: &Scene, oracle: &mut Oracle, fault: &Fault, at: Moment) -> bool {
    let number = {
        let server = scene.server.borrow();
        let wants_open = fault.kind != Kind::Reopen;
        // Old issues are nobody's concern.
        let fits = server.issues.iter().filter(|issue| {
            let young = at - issue.updated < 60 * DAY;
            issue.author == BOT && young && issue.face.closed.is_none() == wants_open
        });
        let all: Vec<u64> = fits.map(|issue| issue.number).collect();
        if all.is_empty() {
            return false;
        }
        all[fault.job % all.len()]
    };
    let mut server = scene.server.borrow_mut();
    let Some(issue) = server.issue(number) else {
        return false;
    };
    let marked = issue.face.body.starts_with("<!-- heartbeat");
    let ours = issue.face.title.starts_with("[heartbeat-checker]");
    let body = issue.face.body.clone();
    let (mut title, mut text, mut open) = (None, None, None);
    match fault.kind {
        Kind::Close => {
            open = Some(false);
            oracle.closed_by_hand(scene, issue, at);
        }
        Kind::Reopen => {
            open = Some(true);
            oracle.opened_by_hand(scene, issue);
        }
        // Both the title and the marker gone, nobody knows it any more.
        Kind::Retitle if marked => title = Some("The disk of the database".to_owned()),
        Kind::Relabel => {}
        Kind::Below => text = Some(format!("{body}\n\nI am on it.\n")),
        Kind::Above if ours => text = Some(format!("I am on it.\n\n{body}")),
        Kind::CutEnd => text = Some(body.replace("<!-- /heartbeat-checker -->", "")),
        Kind::Comment => {
            issue.comments.push(Comment {
                author: PERSON,
                body: "What is this?".into(),
            });
        }
        Kind::Copy => {
            let title = issue.face.title.clone();
            server.create(PERSON, title, body, at);
            return true;
        }
        _ => return false,
    }
    issue.touched = at;
    server.edit(number, title, text, open, at);
    true
}
