//! A raw HTTP client for tests: one connection a request, nothing followed,
//! nothing repeated, and what came is kept byte for byte.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{Flavour, Standin};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body as far as it came.
    pub body: Vec<u8>,
    /// Whether the body is as long as Content-Length says.
    pub whole: bool,
}

impl Answer {
    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as JSON, null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends whatever it is told to a stand-in.
#[derive(Debug, Clone)]
pub struct Client {
    address: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client that carries the stand-in's token the right way.
    #[must_use]
    pub fn new(forge: &Standin) -> Self {
        let token = forge.token();
        let (name, value) = match forge.flavour() {
            Flavour::Forgejo | Flavour::Gitea => ("Authorization", format!("token {token}")),
            Flavour::GitHub => ("Authorization", format!("Bearer {token}")),
            Flavour::GitLab => ("PRIVATE-TOKEN", token),
        };
        Self::stranger(forge.url()).with(name, &value)
    }

    /// A client without a token, for any server. A sub-path in the address is
    /// left out: paths are given whole.
    #[must_use]
    pub fn stranger(url: &str) -> Self {
        let bare = url.strip_prefix("http://").unwrap_or(url);
        Self {
            address: bare.split('/').next().unwrap_or(bare).to_owned(),
            headers: Vec::new(),
        }
        .with("User-Agent", "house-tests")
        .with("Content-Type", "application/json")
    }

    /// Adds a header, or replaces it.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut this = self.without(name);
        this.headers.push((name.to_owned(), value.to_owned()));
        this
    }

    /// Takes a header away.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// Sends one request and reads until the connection ends or the body is
    /// whole.
    ///
    /// # Errors
    /// When no head of an answer came within ten seconds.
    pub fn send(&self, method: &str, target: &str, body: &[u8]) -> io::Result<Answer> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        ));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        let came = self.raw(&bytes)?;
        parse(&came).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"))
    }

    /// Sends these bytes on a connection of their own and gives all that comes
    /// until it ends.
    ///
    /// # Errors
    /// When nothing can be sent, or the connection does not end in ten seconds.
    pub fn raw(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(bytes)?;
        let mut came = Vec::new();
        match stream.read_to_end(&mut came) {
            Err(e) if e.kind() != io::ErrorKind::ConnectionReset => Err(e),
            _ => Ok(came),
        }
    }

    /// GET.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn get(&self, target: &str) -> io::Result<Answer> {
        self.send("GET", target, b"")
    }

    /// Any method with a JSON body.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn json(&self, method: &str, target: &str, body: &Value) -> io::Result<Answer> {
        self.send(method, target, body.to_string().as_bytes())
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post(&self, target: &str, body: &Value) -> io::Result<Answer> {
        self.json("POST", target, body)
    }

    /// PATCH with a JSON body.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn patch(&self, target: &str, body: &Value) -> io::Result<Answer> {
        self.json("PATCH", target, body)
    }

    /// PUT with a JSON body.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn put(&self, target: &str, body: &Value) -> io::Result<Answer> {
        self.json("PUT", target, body)
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(used) = parsed.parse(bytes).ok()? else {
        return None;
    };
    let status = parsed.code?;
    let headers: Vec<(String, String)> = (parsed.headers.iter())
        .map(|h| {
            (
                h.name.to_ascii_lowercase(),
                String::from_utf8_lossy(h.value).into_owned(),
            )
        })
        .collect();
    let body = bytes.get(used..).unwrap_or_default().to_vec();
    let mut lengths = headers.iter().filter(|(n, _)| n == "content-length");
    let length = lengths.next().and_then(|(_, v)| v.parse::<usize>().ok());
    let whole = length.is_none_or(|l| l == body.len());
    Some(Answer {
        status,
        headers,
        body,
        whole,
    })
}
