//! For tests: a server that plays a list of answers, one a connection, and
//! remembers what it was asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What comes back.
#[derive(Debug, Clone)]
pub(crate) enum Canned {
    /// These bytes, then the end of the connection.
    Raw(String),
    /// Something that is no TLS, as soon as there is a connection.
    Garbage,
    /// Nothing, and the connection stays open.
    Hang,
    /// A head, then one byte every few milliseconds.
    Dribble,
}

impl Canned {
    /// An answer with a length.
    pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Raw(format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
        ))
    }
}

/// The server. Its thread ends with the test's process.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn play(answers: Vec<Canned>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = Self {
            url,
            asked: Arc::clone(&asked),
        };
        thread::spawn(move || {
            let mut held = Vec::new();
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                if let Canned::Garbage = answer {
                    drop(stream.write_all(b"220 this is mail, not TLS\r\n"));
                    held.push(stream);
                    continue;
                }
                asked.lock().unwrap().push(read_request(&mut stream));
                match answer {
                    Canned::Raw(text) => drop(stream.write_all(text.as_bytes())),
                    Canned::Hang | Canned::Garbage => held.push(stream),
                    Canned::Dribble => {
                        let head = "HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n[";
                        drop(stream.write_all(head.as_bytes()));
                        while stream.write_all(b" ").is_ok() {
                            thread::park_timeout(Duration::from_millis(10));
                        }
                    }
                }
            }
            thread::park_timeout(Duration::from_secs(60));
        });
        server
    }

    /// The requests so far, head and body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a head and as much body as it announces.
fn read_request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).to_string();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")
                        .map(str::to_owned)
                })
                .and_then(|length| length.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(count) => read.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
}
