//! The sink records, and answers as told.

use house_tests::sink::Sink;
use house_tests::standin::Reply;
use house_tests::standin::client::Client;

#[test]
fn it_records_and_answers_as_told() {
    let sink = Sink::start();
    let client = Client::stranger(&sink.url());
    assert_eq!(client.get("/ping/start?rid=1").unwrap().text(), "OK");
    sink.answer(503);
    let answer = client.send("POST", "/ping/7", b"log").unwrap();
    assert_eq!((answer.status, answer.body.len()), (503, 0));
    sink.answer_with(Reply::text(200, "later").header("Retry-After", 3));
    assert_eq!(client.get("/").unwrap().header("retry-after"), Some("3"));
    assert_eq!(
        sink.lines(),
        ["GET /ping/start?rid=1", "POST /ping/7", "GET /"]
    );
    assert_eq!(sink.requests()[1].body, b"log");
    assert!(sink.wait_for(3));
}

#[test]
fn it_can_be_silent() {
    let sink = Sink::start();
    sink.hang();
    let client = Client::stranger(&sink.url());
    let asking = std::thread::spawn(move || client.get("/ping").is_err());
    assert!(sink.wait_for(1));
    drop(sink);
    assert!(asking.join().unwrap());
}
