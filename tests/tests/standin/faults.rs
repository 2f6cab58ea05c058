//! Faults: what acts, what comes through, and that nothing outlives the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use house_tests::sink::Sink;
use house_tests::standin::client::Client;
use house_tests::standin::{Fault, Flavour, Reply, Rule, Standin, nobody};
use serde_json::json;

use super::{Rig, numbers};

fn issues_after(rig: &Rig, fault: Fault) -> (std::io::Result<u16>, usize) {
    rig.forge.inject(Rule::nth(1), fault);
    let answer = rig.client.post(rig.issues, &json!({"title": "t"}));
    let status = answer.map(|a| a.status);
    (
        status,
        rig.forge.world(|w| std::mem::take(&mut w.issues).len()),
    )
}

#[test]
fn every_fault_acts_or_does_not() {
    let rig = Rig::new(Flavour::Forgejo);
    let table = [
        (Fault::status(500), Some(500), 0),
        (Fault::busy(429, 7), Some(429), 0),
        (Fault::page(502), Some(502), 0),
        (Fault::Answer(Reply::empty(503)), Some(503), 0),
        (Fault::Answer(Reply::text(200, "hello")), Some(200), 0),
        (Fault::ActAndAnswer(Reply::empty(500)), Some(500), 1),
        (Fault::ActAndDrop, None, 1),
        (Fault::ActAndCut(5), None, 1),
        (Fault::ActAndHalf, Some(201), 1),
        (Fault::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()), None, 0),
        (Fault::Close, None, 0),
        (Fault::elsewhere("http://127.0.0.1:1"), Some(307), 0),
    ];
    for (fault, status, made) in table {
        let name = format!("{fault:?}");
        let (came, count) = issues_after(&rig, fault);
        assert_eq!((came.ok(), count), (status, made), "{name}");
    }
    assert_eq!(rig.post("", &json!({"title": "t"})).status, 201);
}

#[test]
fn the_log_tells_what_was_answered_whole() {
    let rig = Rig::new(Flavour::Forgejo);
    for fault in [Fault::ActAndHalf, Fault::Close, Fault::status(500)] {
        let _any = issues_after(&rig, fault);
    }
    let log = rig.forge.log();
    let told: Vec<_> = log.iter().map(|l| (l.status, l.acted)).collect();
    assert_eq!(told, [(None, true), (None, false), (Some(500), false)]);
    assert!(log[0].line().ends_with("issues -> no answer"));
    assert!(log[0].writes());
    assert_eq!(log[0].json(), Some(json!({"title": "t"})));
    assert_eq!(log[0].header("Authorization").unwrap().len(), 26);
}

#[test]
fn an_answer_can_be_cut_at_every_byte() {
    let rig = Rig::new(Flavour::GitHub);
    let head = format!(
        "GET {} HTTP/1.1\r\nUser-Agent: x\r\nAuthorization: Bearer {}\r\n\
         Connection: close\r\n\r\n",
        rig.issues,
        rig.forge.token()
    );
    rig.forge.world(|w| w.rate.remaining = 1_000_000);
    let whole = rig.client.raw(head.as_bytes()).unwrap().len();
    for bytes in 0..whole {
        rig.forge.inject(Rule::nth(1), Fault::ActAndCut(bytes));
        assert_eq!(rig.client.raw(head.as_bytes()).unwrap().len(), bytes);
    }
    assert_eq!(rig.forge.log().len(), whole + 1);
}

#[test]
fn half_a_body_is_noticed() {
    let rig = Rig::new(Flavour::GitLab);
    rig.fill(3);
    rig.forge
        .inject(Rule::on("GET", "/issues"), Fault::ActAndHalf);
    let half = rig.get("");
    assert_eq!((half.status, half.whole), (200, false));
    assert_eq!(half.json(), json!(null));
}

#[test]
fn rules_count_skip_and_repeat() {
    let rig = Rig::new(Flavour::Gitea);
    let statuses = |count: usize| -> Vec<u16> { (0..count).map(|_| rig.get("").status).collect() };
    rig.forge.inject(Rule::nth(3), Fault::status(500));
    assert_eq!(statuses(4), [200, 200, 500, 200]);
    rig.forge.inject(
        Rule::on("GET", "/issues").skip(1).times(2),
        Fault::status(502),
    );
    rig.forge.inject(Rule::on("POST", ""), Fault::status(503));
    assert_eq!(statuses(4), [200, 502, 502, 200]);
    assert_eq!(rig.forge.pending_faults(), 1);
    assert_eq!(rig.post("", &json!({"title": "t"})).status, 503);
    rig.forge
        .inject(Rule::on("", "").always(), Fault::status(504));
    assert_eq!(statuses(2), [504, 504]);
    rig.forge.clear_faults();
    assert_eq!(statuses(1), [200]);
}

#[test]
fn a_page_in_the_middle_fails() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(5);
    let second = |r: &house_tests::standin::Request| r.param("page").as_deref() == Some("2");
    rig.forge.inject(Rule::when(second), Fault::page(502));
    let pages: Vec<u16> = (1..4)
        .map(|p| rig.get(&format!("?limit=2&page={p}")).status)
        .collect();
    assert_eq!(pages, [200, 502, 200]);
}

#[test]
fn something_happens_between_two_pages() {
    let rig = Rig::new(Flavour::GitHub);
    rig.fill(4);
    let drift = Fault::meanwhile(|w| w.close(4, "alice"));
    rig.forge.inject(Rule::on("GET", "/issues").skip(1), drift);
    let one = rig.get("?per_page=2&page=1");
    let two = rig.get("?per_page=2&page=2");
    assert_eq!((numbers(&one), numbers(&two)), (vec![4, 3], vec![1]));
}

#[test]
fn redirects_within_and_to_another_origin() {
    let rig = Rig::new(Flavour::GitLab);
    let sink = Sink::start();
    rig.forge
        .inject(Rule::nth(1), Fault::elsewhere(&sink.url()));
    let away = rig.get("?page=2");
    let to = format!("{}{}?page=2", sink.url(), rig.issues);
    assert_eq!(
        (away.status, away.header("location")),
        (307, Some(to.as_str()))
    );
    let within = Fault::Redirect {
        status: 308,
        to: "/api/v4/projects/81/issues".to_owned(),
    };
    rig.forge.inject(Rule::nth(1), within);
    let near = rig.get("");
    assert_eq!(near.header("location"), Some("/api/v4/projects/81/issues"));
    assert!(sink.requests().is_empty());
}

#[test]
fn silence_lasts_until_the_server_is_dropped() {
    for fault in [Fault::Hang, Fault::ActAndStall(20)] {
        let rig = Rig::new(Flavour::Forgejo);
        rig.forge.inject(Rule::nth(1), fault);
        let address = rig.forge.url().replace("http://", "");
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET /api/v1/version HTTP/1.1\r\n\r\n")
            .unwrap();
        assert!(rig.forge.wait_for(1));
        drop(rig);
        let mut came = Vec::new();
        let _ended = stream.read_to_end(&mut came);
        assert!(came.len() <= 20);
    }
}

#[test]
fn silence_has_a_limit() {
    let forge = Standin::setup(Flavour::Forgejo)
        .hold(Duration::from_millis(1))
        .start();
    forge.inject(Rule::nth(1), Fault::Hang);
    assert!(Client::new(&forge).get("/api/v1/version").is_err());
}

#[test]
fn connections_are_kept_and_pipelined() {
    let rig = Rig::new(Flavour::Forgejo);
    let one = "GET /api/v1/version HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /api/v1/version HTTP/1.0\r\n\r\n";
    let came = rig
        .client
        .raw(format!("{one}{one}{last}").as_bytes())
        .unwrap();
    let text = String::from_utf8(came).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(text.matches("Connection: close").count(), 1);
}

#[test]
fn chunked_bodies_and_expectations() {
    let rig = Rig::new(Flavour::GitLab);
    let head = format!(
        "POST {} HTTP/1.1\r\nPRIVATE-TOKEN: {}\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        rig.issues,
        rig.forge.token()
    );
    let body = "8\r\n{\"title\"\r\n5\r\n:\"t\"}\r\n0\r\n\r\n";
    let came = rig.client.raw(format!("{head}{body}").as_bytes()).unwrap();
    let text = String::from_utf8(came).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created"),
        "{text}"
    );
}

#[test]
fn garbage_never_takes_it_down() {
    for flavour in Flavour::ALL {
        let rig = Rig::new(flavour);
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(70_000));
        let garbage: [&[u8]; 9] = [
            b"\0\0\0\0\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            long.as_bytes(),
        ];
        for bytes in garbage {
            let came = with_end(&rig, bytes);
            let text = String::from_utf8_lossy(&came).into_owned();
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
        }
        for path in [
            "/%",
            "/%zz/%ff",
            "//",
            "/api/v1/repos/%2F/%00/issues/x",
            "/api/v4/projects//issues",
        ] {
            assert!(rig.client.get(path).unwrap().status >= 400, "{path}");
        }
        let odd = format!(
            "?page=-1&limit=x&per_page=0&labels=,,&q=%ff&page={}",
            u64::MAX
        );
        assert_eq!(rig.get(&odd).status, 200);
        assert_eq!(
            rig.get(&format!("?page={}&limit=50", u64::MAX)).text(),
            "[]"
        );
        assert!(rig.get("/18446744073709551616").status >= 400);
        for body in ["", "null", "[]", "7", "\"x\"", "{\"title\":{}}", "\u{1}"] {
            let answer = rig
                .client
                .send("POST", rig.issues, body.as_bytes())
                .unwrap();
            assert!((400..500).contains(&answer.status), "{body}");
        }
    }
}

/// Sends bytes and ends the sending side, as a client that gives up does.
fn with_end(rig: &Rig, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(rig.forge.url().replace("http://", "")).unwrap();
    let _sent = stream.write_all(bytes);
    let _ended = stream.shutdown(std::net::Shutdown::Write);
    let mut came = Vec::new();
    let _ended = stream.read_to_end(&mut came);
    came
}

#[test]
fn down_and_nobody() {
    let rig = Rig::new(Flavour::GitHub);
    rig.forge.set_down(true);
    assert!(rig.client.get("/user").is_err());
    rig.forge.set_down(false);
    assert_eq!(rig.client.get("/user").unwrap().status, 200);
    assert!(Client::stranger(&nobody()).get("/").is_err());
}

#[test]
fn a_proxy_refuses_what_is_too_large() {
    for flavour in [Flavour::GitHub, Flavour::GitLab] {
        let rig = Rig::new(flavour);
        let head = "POST / HTTP/1.1\r\nContent-Length: 41943041\r\n\r\n";
        let came = rig.client.raw(head.as_bytes()).unwrap();
        assert!(came.starts_with(b"HTTP/1.1 413 "));
        assert!(!rig.forge.is_down());
    }
}
