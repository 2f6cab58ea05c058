//! Calls against a server that plays a list of answers.

use serde_json::{Value, json};

use super::canned::{Canned, Server};
use super::*;
use crate::clock::FakeClock;
use crate::secret::Secret;

const TOKEN: &str = "tok3n-value";

struct Rig {
    clock: Rc<FakeClock>,
    http: Http,
    caller: Caller,
}

fn rig() -> Rig {
    let start = "2026-11-22T02:00:00Z".parse().unwrap();
    let clock = Rc::new(FakeClock::at(start));
    let limits = Limits {
        request: Duration::from_millis(400),
        answer_bytes: 1000,
        ..Limits::default()
    };
    Rig {
        http: Http::new(limits, clock.clone(), Duration::from_secs(120)),
        clock,
        caller: Caller {
            authorization: Some(("authorization", "token ", Secret::new(TOKEN).unwrap())),
            ..Caller::default()
        },
    }
}

impl Rig {
    fn call(&self, method: Method, url: &str) -> Result<Value, DeliveryError> {
        let json = json!({"title": "x"});
        let call = Call {
            doing: "open an issue",
            caller: &self.caller,
            method,
            address: Address::parse(url).unwrap(),
            json: (method != Method::Get).then_some(&json),
        };
        self.http.call(&call, &Answer::json)
    }

    fn slept(&self) -> Vec<f64> {
        let slept = self.clock.slept();
        slept.iter().map(Duration::as_secs_f64).collect()
    }
}

fn ok() -> Canned {
    Canned::reply(200, "", "[1]")
}

fn status(status: u16) -> Canned {
    Canned::reply(status, "", "{\"message\":\"no\"}")
}

/// What a call does after these answers: how often it asked, how long it slept,
/// and its error, if any.
fn play(method: Method, answers: Vec<Canned>) -> (usize, Vec<f64>, Result<Value, DeliveryError>) {
    let server = Server::play(answers);
    let rig = rig();
    let done = rig.call(method, &format!("{}/api?q=1", server.url));
    if let Err(error) = &done {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(TOKEN), "{text}");
        assert!(!text.contains("q=1"), "{text}");
    }
    (server.asked().len(), rig.slept(), done)
}

#[test]
fn nothing_is_set_up_before_the_first_call() {
    let rig = rig();
    assert!(rig.http.plain.get().is_none() && rig.http.encrypted.get().is_none());
    let server = Server::play(vec![ok()]);
    rig.call(Method::Get, &server.url).unwrap();
    assert!(rig.http.encrypted.get().is_none(), "no TLS for plain http");
    let asked = server.asked().remove(0).to_ascii_lowercase();
    assert!(
        asked.contains(&format!("user-agent: {USER_AGENT}")),
        "{asked}"
    );
    assert!(
        asked.contains("authorization: token tok3n-value"),
        "{asked}"
    );
    assert!(!asked.contains("accept-encoding"), "{asked}");
}

#[test]
fn a_function_answers_as_the_web_would() {
    let asked = Rc::new(std::cell::RefCell::new(Vec::new()));
    let (seen, mut rig) = (Rc::clone(&asked), rig());
    rig.http = rig.http.answered_by(move |method, address| {
        let mut seen = seen.borrow_mut();
        seen.push((method, address.as_str().to_owned()));
        let header = ("location".to_owned(), "/b".to_owned());
        Answer {
            status: [503, 307, 200][seen.len() - 1],
            headers: vec![header],
            body: b"[1]".to_vec(),
            moved_to: None,
        }
    });
    let answer = rig.call(Method::Get, "https://git.example.org/a");
    assert_eq!(answer, Ok(json!([1])));
    let addresses: Vec<String> = asked.borrow().iter().map(|(_, to)| to.clone()).collect();
    let (a, b) = ("https://git.example.org/a", "https://git.example.org/b");
    assert_eq!(addresses, [a, a, b]);
    assert_eq!(rig.slept().len(), 1);
    assert!(
        rig.http.encrypted.get().is_none(),
        "nothing is set up for it"
    );
}

#[test]
fn reading_is_repeated_after_what_may_pass() {
    let passing: [Canned; 7] = [
        status(500),
        status(502),
        status(429),
        Canned::Raw(String::new()),
        Canned::Raw("HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\n[1".to_owned()),
        Canned::reply(200, "", "<html>maintenance</html>"),
        Canned::Hang,
    ];
    for answer in passing {
        let (asked, slept, done) = play(Method::Get, vec![answer.clone(), ok()]);
        assert_eq!((asked, done), (2, Ok(json!([1]))), "{answer:?}");
        assert_eq!(slept, [0.5], "half of a second: the jitter is 0.5");
    }
    let (asked, slept, done) = play(Method::Get, vec![status(500), status(503), status(502)]);
    assert_eq!((asked, slept), (3, vec![0.5, 1.0]));
    let error = done.unwrap_err();
    assert!(
        error
            .why
            .ends_with("answered 502 (the server is not available): no (tried 3 times)"),
        "{error}"
    );
    assert_eq!((error.status, error.retry), (Some(502), Retry::Later(None)));
}

#[test]
fn what_stays_is_not_tried_again() {
    for code in [400, 401, 403, 404, 410, 412, 413, 422, 423, 451] {
        let (asked, slept, done) = play(Method::Get, vec![status(code), ok()]);
        let error = done.unwrap_err();
        assert_eq!(
            (asked, slept.len(), error.retry),
            (1, 0, Retry::Never),
            "{code}"
        );
        assert_eq!((error.status, error.may_have_acted), (Some(code), false));
    }
}

#[test]
fn a_post_is_not_repeated_once_it_may_have_been_received() {
    let doubtful: [Canned; 7] = [
        status(500),
        status(502),
        status(503),
        status(504),
        Canned::Raw(String::new()),
        Canned::Raw("HTTP/1.1 201 X\r\nContent-Length: 50\r\n\r\n{\"number".to_owned()),
        Canned::Hang,
    ];
    for answer in doubtful {
        let (asked, slept, done) = play(Method::Post, vec![answer.clone(), ok()]);
        let error = done.unwrap_err();
        assert_eq!(
            (asked, slept.len(), error.may_have_acted),
            (1, 0, true),
            "{answer:?}"
        );
        assert!(matches!(error.retry, Retry::Later(_)));
    }
    for method in [Method::Patch, Method::Put] {
        let (asked, _, done) = play(method, vec![status(500), ok()]);
        assert_eq!((asked, done), (2, Ok(json!([1]))));
    }
}

#[test]
fn a_post_that_was_plainly_refused_is_repeated() {
    let refused = [
        Canned::reply(429, "", ""),
        Canned::reply(503, "Retry-After: 2\r\n", ""),
        Canned::reply(403, "Retry-After: 2\r\n", ""),
        Canned::reply(
            403,
            "",
            "{\"message\":\"You have exceeded a secondary rate limit\"}",
        ),
        Canned::reply(403, "X-RateLimit-Remaining: 0\r\n", ""),
    ];
    for answer in refused {
        let (asked, slept, done) = play(Method::Post, vec![answer.clone(), ok()]);
        assert_eq!((asked, done), (2, Ok(json!([1]))), "{answer:?}");
        assert!(!slept.is_empty());
    }
    let (asked, _, done) = play(Method::Post, vec![status(403), ok()]);
    assert_eq!((asked, done.is_err()), (1, true));
}

#[test]
fn the_wait_that_is_asked_for_is_obeyed_within_the_deadline() {
    let cases = [
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: Sun, 22 Nov 2026 02:00:09 GMT\r\n", 9.0),
        (
            "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1795312810\r\n",
            11.0,
        ),
        ("Retry-After: 0\r\n", 0.5),
    ];
    for (header, wait) in cases {
        let (_, slept, done) = play(Method::Get, vec![Canned::reply(429, header, ""), ok()]);
        assert_eq!((slept, done.is_ok()), (vec![wait], true), "{header}");
    }
    let long = Canned::reply(429, "Retry-After: 3600\r\n", "");
    let (asked, slept, done) = play(Method::Get, vec![long, ok()]);
    let error = done.unwrap_err();
    assert_eq!((asked, slept.len()), (1, 0));
    assert_eq!(error.retry, Retry::Later(Some(Duration::from_secs(3600))));
    assert!(
        error
            .why
            .ends_with("it asks to wait longer than this pass may take"),
        "{error}"
    );
}

#[test]
fn a_limit_without_a_time_waits_as_the_forge_wants() {
    let server = Server::play(vec![status(429), ok()]);
    let mut rig = rig();
    rig.caller.limit_wait = Some(Duration::from_secs(60));
    rig.call(Method::Post, &server.url).unwrap();
    assert_eq!(rig.slept(), [60.0]);
}

#[test]
fn after_the_deadline_nothing_is_tried() {
    let server = Server::play(vec![ok()]);
    let rig = rig();
    rig.clock.advance(Duration::from_secs(120));
    let error = rig.call(Method::Post, &server.url).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot open an issue: the time for this pass is used up"
    );
    assert_eq!((server.asked().len(), error.may_have_acted), (0, false));
}

#[test]
fn where_nobody_listens_nothing_was_sent() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let rig = rig();
    for url in [format!("http://{address}"), format!("https://{address}")] {
        let before = rig.slept().len();
        let error = rig.call(Method::Post, &url).unwrap_err();
        assert_eq!(
            (rig.slept().len() - before, error.may_have_acted),
            (2, false)
        );
        assert!(
            error.why.contains(&format!("no connection to {url}: ")),
            "{error}"
        );
        assert!(error.why.to_lowercase().contains("refused"), "{error}");
    }
}

#[test]
fn a_name_that_is_not_known_is_told() {
    let error = rig()
        .call(Method::Post, "http://no-such-host.invalid/")
        .unwrap_err();
    assert!(error.why.contains("no-such-host.invalid"), "{error}");
    assert!(!error.may_have_acted);
}

#[test]
fn a_handshake_that_fails_sent_nothing() {
    let server = Server::play(vec![Canned::Garbage; 3]);
    let rig = rig();
    let url = server.url.replace("http://", "https://");
    let error = rig.call(Method::Post, &url).unwrap_err();
    assert!(!error.may_have_acted, "{error}");
}

#[test]
fn an_answer_has_bounds() {
    let (asked, _, done) = play(
        Method::Get,
        vec![Canned::reply(200, "", &" ".repeat(1001)), ok()],
    );
    let error = done.unwrap_err();
    assert_eq!((asked, error.retry), (1, Retry::Never));
    assert!(
        error.why.contains("answered more than 1000 bytes"),
        "{error}"
    );
    let (_, _, done) = play(Method::Post, vec![Canned::Dribble]);
    let error = done.unwrap_err();
    assert!(error.may_have_acted, "{error}");
}

#[test]
fn redirects_of_reading_are_followed_at_home_only() {
    for code in [301, 302, 303, 307, 308] {
        let away = Canned::reply(code, "Location: /new/place?x=2\r\n", "");
        let server = Server::play(vec![away, ok()]);
        rig()
            .call(Method::Get, &format!("{}/old", server.url))
            .unwrap();
        assert!(
            server.asked()[1].starts_with("GET /new/place?x=2 "),
            "{code}"
        );
    }
    let elsewhere = Server::play(vec![ok()]);
    let away = Canned::reply(
        302,
        &format!("Location: {}/?token={TOKEN}\r\n", elsewhere.url),
        "",
    );
    for method in [Method::Get, Method::Post] {
        let (asked, _, done) = play(method, vec![away.clone(), ok()]);
        let error = done.unwrap_err();
        assert_eq!((asked, error.retry), (1, Retry::Never));
        assert!(error.why.contains("leads to another server"), "{error}");
    }
    assert_eq!(elsewhere.asked().len(), 0, "nothing goes to another origin");
    let round = vec![Canned::reply(302, "Location: /api?q=1\r\n", ""); 8];
    let (asked, _, done) = play(Method::Get, round);
    assert_eq!(asked, 6);
    assert!(done.unwrap_err().why.contains("in a circle"));
    for location in ["", "Location: javascript:x\r\n", "Location: http://[\r\n"] {
        let (_, _, done) = play(Method::Get, vec![Canned::reply(302, location, "")]);
        assert!(done.unwrap_err().why.contains("without a place to go"));
    }
}

#[test]
fn a_redirected_post_stays_a_post_or_is_not_made() {
    for (code, acted) in [(301, false), (302, true), (303, true)] {
        let away = Canned::reply(code, "Location: /repos/ops/new\r\n", "");
        for (method, acted) in [(Method::Post, acted), (Method::Patch, false)] {
            let (asked, _, done) = play(method, vec![away.clone(), ok()]);
            let error = done.unwrap_err();
            assert_eq!((asked, error.may_have_acted), (1, acted), "{code}");
            assert!(
                error.why.contains("it has moved to http://127.0.0.1"),
                "{error}"
            );
            assert!(error.hint.unwrap().contains("new name"));
        }
    }
    for code in [307, 308] {
        let away = Canned::reply(code, "Location: /repos/ops/new\r\n", "");
        let server = Server::play(vec![away, ok()]);
        rig().call(Method::Post, &server.url).unwrap();
        let second = server.asked().remove(1);
        assert!(second.starts_with("POST /repos/ops/new "), "{second}");
        assert!(second.ends_with("\r\n\r\n{\"title\":\"x\"}"), "{second}");
    }
}

#[test]
fn what_the_other_side_echoes_is_redacted_and_cut() {
    let echo = format!(
        "{{\"message\":\"bad token {TOKEN} \\u001b[31m{}\"}}",
        "x".repeat(500)
    );
    let (_, _, done) = play(Method::Get, vec![Canned::reply(401, "", &echo)]);
    let error = done.unwrap_err();
    assert!(error.why.contains("bad token (secret) [31mxxx"), "{error}");
    assert!(error.why.chars().count() < 300, "{error}");
}

#[test]
fn a_ping_shows_no_path() {
    let rig = rig();
    let server = Server::play(vec![status(404)]);
    let address = Address::parse(&format!("{}/8c1f-secret-uuid?a=b", server.url)).unwrap();
    let error = rig.http.ping("ping the watchdog", &address).unwrap_err();
    assert!(!format!("{error:?}").contains("uuid"), "{error:?}");
    assert!(!server.asked()[0].contains(TOKEN));
}
