//! What the forge answers over HTTP, in the shape of Gitea's API. The real client
//! asks; what is lost on the way is lost here.

use checker::http::{Address, Answer, Broken, Call, Method};
use serde_json::{Value, json};

use crate::dice::mix;
use crate::host::time;
use crate::server::{BOT, Comment, Deed, Face, Issue, PERSON, Server};
use crate::tally::Tally;
use crate::timetable::Moment;

/// What became of a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Luck {
    /// It arrives and is answered.
    Good,
    /// It does not arrive.
    Unsent,
    /// It is refused with this status.
    Refused(u16),
    /// It is carried out, and the answer is lost.
    Mum,
}

/// Carries out a request. `hit` is set when anything was in its way.
///
/// # Errors
/// When no answer comes back.
pub fn serve(
    server: &mut Server,
    call: &Call<'_>,
    address: &Address,
    now: Moment,
    roll: u64,
    hit: &mut bool,
    tally: &mut Tally,
) -> Result<Answer, Broken> {
    let mut luck = luck(server, call, now, roll);
    let broken = |what: &str, unsent| {
        Err(Broken {
            what: what.to_owned(),
            unsent,
        })
    };
    if server.trouble.mum > 0 && call.method != Method::Get && luck == Luck::Good {
        server.trouble.mum -= 1;
        tally.happened("mum");
        luck = Luck::Mum;
    }
    *hit |= luck != Luck::Good;
    match luck {
        Luck::Unsent => {
            tally.happened("down");
            broken("does not answer", true)
        }
        Luck::Refused(status) => {
            tally.happened(if status == 429 { "limited" } else { "flaky" });
            Ok(refusal(status))
        }
        Luck::Mum => {
            let _ = act(server, call, address, now, hit, tally);
            broken("broke off without an answer", false)
        }
        Luck::Good => Ok(act(server, call, address, now, hit, tally)),
    }
}

fn luck(server: &Server, call: &Call<'_>, now: Moment, roll: u64) -> Luck {
    let trouble = &server.trouble;
    if now < trouble.down {
        return Luck::Unsent;
    }
    if now < trouble.limited {
        return Luck::Refused(429);
    }
    let (until, often) = trouble.flaky;
    let chance = mix(&[now.unsigned_abs(), roll]);
    if now < until && ((chance % 1_000) as i64) < often {
        return match (chance >> 20) % 4 {
            0 => Luck::Unsent,
            1 => Luck::Refused(503),
            2 => Luck::Refused(500),
            _ if call.method == Method::Get => Luck::Refused(502),
            _ => Luck::Mum,
        };
    }
    Luck::Good
}

fn refusal(status: u16) -> Answer {
    let mut headers = Vec::new();
    if status == 429 {
        headers.push(("retry-after".to_owned(), "600".to_owned()));
    }
    answer(status, headers, &json!({"message": "not now"}))
}

fn answer(status: u16, headers: Vec<(String, String)>, json: &Value) -> Answer {
    Answer {
        status,
        headers,
        body: json.to_string().into_bytes(),
        moved_to: None,
    }
}

fn ok(status: u16, json: &Value) -> Answer {
    answer(status, Vec::new(), json)
}

fn shown(issue: &Issue, face: &Face) -> Value {
    let closed = face.closed.map(|at| time(at).to_rfc3339());
    json!({
        "number": issue.number,
        "html_url": format!("http://127.0.0.1/ops/watch/issues/{}", issue.number),
        "title": face.title,
        "body": face.body,
        "state": if face.closed.is_some() { "closed" } else { "open" },
        "user": {"login": issue.author},
        "closed_at": closed,
        "labels": [{"id": 1, "name": "heartbeat"}],
    })
}

fn act(
    server: &mut Server,
    call: &Call<'_>,
    address: &Address,
    now: Moment,
    hit: &mut bool,
    tally: &mut Tally,
) -> Answer {
    let path = address.path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(3).collect();
    let text = |key: &str| {
        let value = call.json.and_then(|json| json[key].as_str());
        value.map(str::to_owned)
    };
    let missing = || ok(404, &json!({"message": "there is no such thing"}));
    match (call.method, &parts[..]) {
        (Method::Get, ["user"]) => ok(200, &json!({"login": BOT})),
        (Method::Get, ["version"]) => ok(200, &json!({"version": "1.15.11"})),
        (Method::Get, ["repos", _, _]) => {
            ok(200, &json!({"full_name": "ops/watch", "has_issues": true}))
        }
        (Method::Get, ["repos", _, _, "labels"]) => {
            ok(200, &json!([{"id": 1, "name": "heartbeat"}]))
        }
        (Method::Get, ["repos", _, _, "issues"]) => list(server, address, now, hit, tally),
        (Method::Post, ["repos", _, _, "issues"]) => {
            let new = |key| text(key).unwrap_or_default();
            if std::mem::take(&mut server.trouble.repeat) {
                tally.happened("repeat");
                *hit = true;
                server.create(BOT, new("title"), new("body"), now);
            }
            let number = server.create(BOT, new("title"), new("body"), now);
            let made = server.issue(number).map(|issue| shown(issue, &issue.face));
            ok(201, &made.unwrap_or_default())
        }
        (Method::Patch, ["repos", _, _, "issues", number]) => {
            let number = number.parse().unwrap_or(0);
            let open = text("state").map(|state| state == "open");
            server.edit_by_bot(number, text("body"), open, now);
            let Some(issue) = server.issue(number) else {
                return missing();
            };
            ok(201, &shown(issue, &issue.face))
        }
        (Method::Get, ["repos", _, _, "issues", number, "comments"]) => {
            let Some(issue) = server.issue(number.parse().unwrap_or(0)) else {
                return missing();
            };
            let comments = issue.comments.iter();
            let all = comments.map(|one| json!({"body": one.body, "user": {"login": one.author}}));
            ok(200, &Value::Array(all.collect()))
        }
        (Method::Post, ["repos", _, _, "issues", number, "comments"]) => {
            let body = text("body").unwrap_or_default();
            let number = number.parse().unwrap_or(0);
            let first = body.lines().next().unwrap_or_default().to_owned();
            let Some(issue) = server.issue(number) else {
                return missing();
            };
            issue.comments.push(Comment { author: BOT, body });
            issue.updated = now;
            server.deeds.push(Deed::Said(number, first));
            ok(201, &json!({"id": 1}))
        }
        _ => missing(),
    }
}

/// One page of a list, newest first.
fn list(
    server: &mut Server,
    address: &Address,
    now: Moment,
    hit: &mut bool,
    tally: &mut Tally,
) -> Answer {
    let address = address.as_str();
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let value = |key: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    let number = |key, otherwise| {
        value(key)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let page: usize = number("page", 1);
    if now < server.trouble.moving.0 && page > 1 {
        tally.happened("moving");
        *hit = true;
        let title = format!("A question, the {}th", server.issues.len());
        server.create(PERSON, title, String::new(), now);
    }
    let mut size: usize = number("limit", 50);
    let (until, most) = server.trouble.pages;
    if now < until {
        size = size.min(usize::try_from(most).unwrap_or(1));
    }
    let wants_closed = value("state") == Some("closed");
    let author = value("created_by");
    let since = value("since").map(|text| text.replace("%3A", ":").replace("%2B", "+"));
    let since = since.and_then(|text| {
        let time = chrono::DateTime::parse_from_rfc3339(&text).ok()?;
        Some(time.timestamp_millis())
    });
    let lags = now < server.trouble.lags.0;
    let fits = |issue: &&Issue| {
        // Whoever wrote our marker into an issue: to know that is the client's business.
        let theirs = issue.face.body.starts_with("<!-- heartbeat");
        author.is_none_or(|author| theirs || issue.author == author)
            && since.is_none_or(|since| issue.updated >= since)
    };
    let mut found: Vec<(&Issue, &Face)> = Vec::new();
    let mut take = |issue| {
        if let Some(face) = server.shown(issue, now) {
            if lags && *face != issue.face {
                tally.happened("lags");
                *hit = true;
            }
            if face.closed.is_some() == wants_closed {
                found.push((issue, face));
            }
        } else {
            tally.happened("lags");
            *hit = true;
        }
    };
    if wants_closed || lags {
        server.issues.iter().rev().filter(fits).for_each(&mut take);
    } else {
        let open = server.open.iter().rev().map(|at| &server.issues[*at]);
        open.filter(fits).for_each(&mut take);
    }
    if found.len() > size {
        tally.happened("pages");
    }
    let total = found.len().to_string();
    let shown: Vec<Value> = found
        .into_iter()
        .skip((page - 1) * size)
        .take(size)
        .map(|(issue, face)| shown(issue, face))
        .collect();
    let headers = vec![("x-total-count".to_owned(), total)];
    answer(200, headers, &Value::Array(shown))
}
