//! One small HTTP/1.1 server on the loopback: a thread for each connection,
//! keep-alive, and an answer that can be cut at any byte or held back for good.
//!
//! It knows nothing of forges. All of its threads end when it is dropped.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::message::{Reply, Request};

/// Longest request head that is read.
const HEAD_LIMIT: usize = 64 * 1024;
/// Longest body that is read; also what took a real Gitea down.
pub const BODY_LIMIT: usize = 40 * 1024 * 1024;

/// What to put on the wire, and what to do with the connection afterwards.
#[derive(Debug)]
pub struct Outcome {
    /// Bytes to send, perhaps not all of an answer, perhaps none.
    pub bytes: Vec<u8>,
    /// What happens to the connection.
    pub then: Then,
}

/// What happens to a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It waits for the next request.
    Keep,
    /// It is closed.
    Close,
    /// It is kept open in silence, at most this long, then closed.
    Hold(Duration),
}

/// Whatever answers the requests of a [`Server`].
pub trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn serve(&self, request: Request) -> Outcome;

    /// True while connections are to be closed as soon as they are accepted.
    fn refuses(&self) -> bool {
        false
    }

    /// A body longer than [`BODY_LIMIT`] was announced. `None` closes the
    /// connection without an answer.
    fn oversize(&self) -> Option<Reply> {
        Some(Reply::text(413, "request entity too large\n"))
    }
}

/// The server. Dropping it closes every connection and joins every thread.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    inner: Arc<Inner>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Inner {
    desk: Mutex<Desk>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Desk {
    stopping: bool,
    next: u64,
    streams: HashMap<u64, TcpStream>,
    workers: Vec<JoinHandle<()>>,
}

impl Inner {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, limit: Duration) {
        let _ended = self
            .bell
            .wait_timeout_while(self.desk(), limit, |desk| !desk.stopping);
    }
}

impl Server {
    /// Listens on a free port of 127.0.0.1 and answers by `service`.
    ///
    /// # Errors
    /// When the loopback cannot be listened on.
    pub fn start<S: Service>(service: Arc<S>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let inner = Arc::new(Inner::default());
        let desk = Arc::clone(&inner);
        let accepting = thread::Builder::new()
            .name("standin-accept".to_owned())
            .spawn(move || accept(&listener, &desk, &service))?;
        Ok(Self {
            address,
            inner,
            accepting: Some(accepting),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        {
            let mut desk = self.inner.desk();
            desk.stopping = true;
            for stream in desk.streams.values() {
                let _gone = stream.shutdown(Shutdown::Both);
            }
        }
        self.inner.bell.notify_all();
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ended = accepting.join();
        }
        let workers = std::mem::take(&mut self.inner.desk().workers);
        for worker in workers {
            let _ended = worker.join();
        }
    }
}

/// Closes a connection however its thread ends.
struct Leave<'a>(&'a Inner, u64);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if let Some(stream) = self.0.desk().streams.remove(&self.1) {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept<S: Service>(listener: &TcpListener, inner: &Arc<Inner>, service: &Arc<S>) {
    for stream in listener.incoming() {
        let mut desk = inner.desk();
        if desk.stopping {
            return;
        }
        let Ok(stream) = stream else { continue };
        if service.refuses() {
            continue;
        }
        let Ok(twin) = stream.try_clone() else {
            continue;
        };
        let id = desk.next;
        desk.next += 1;
        desk.workers.retain(|worker| !worker.is_finished());
        let (own, with) = (Arc::clone(inner), Arc::clone(service));
        let worker = thread::Builder::new()
            .name(format!("standin-{id}"))
            .spawn(move || {
                let _left = Leave(&own, id);
                let _over = converse(&stream, &own, with.as_ref());
            });
        if let Ok(worker) = worker {
            desk.streams.insert(id, twin);
            desk.workers.push(worker);
        }
    }
}

fn converse<S: Service>(mut stream: &TcpStream, inner: &Inner, service: &S) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut pending = Vec::new();
    loop {
        let request = match read_request(stream, &mut pending)? {
            Incoming::Request(request) => request,
            Incoming::End => return Ok(()),
            Incoming::Oversize => {
                let reply = service.oversize();
                return reply.map_or(Ok(()), |r| stream.write_all(&r.to_bytes(false, true).1));
            }
            Incoming::Garbage(status) => {
                let reply = Reply::text(status, "cannot make sense of this request\n");
                return stream.write_all(&reply.to_bytes(false, true).1);
            }
        };
        let outcome = service.serve(request);
        stream.write_all(&outcome.bytes)?;
        match outcome.then {
            Then::Keep => {}
            Then::Close => return Ok(()),
            Then::Hold(limit) => {
                inner.hold(limit);
                return Ok(());
            }
        }
    }
}

enum Incoming {
    Request(Request),
    End,
    Oversize,
    Garbage(u16),
}

/// Reads one request; what follows it stays in `pending`.
fn read_request(mut stream: &TcpStream, pending: &mut Vec<u8>) -> io::Result<Incoming> {
    let (mut request, length) = loop {
        match parse_head(pending) {
            Head::Complete(head, used) => {
                pending.drain(..used);
                break (head.request, head.length);
            }
            Head::Garbage => return Ok(Incoming::Garbage(400)),
            Head::Partial if pending.len() > HEAD_LIMIT => return Ok(Incoming::Garbage(431)),
            Head::Partial => {
                if fill(stream, pending)? == 0 {
                    return Ok(Incoming::End);
                }
            }
        }
    };
    if request.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    match length {
        Length::Bytes(count) if count > BODY_LIMIT => return Ok(Incoming::Oversize),
        Length::Bytes(count) => {
            while pending.len() < count {
                if fill(stream, pending)? == 0 {
                    return Ok(Incoming::End);
                }
            }
            request.body = pending.drain(..count).collect();
        }
        Length::Chunks => loop {
            match take_chunk(pending) {
                Chunk::Data(data) if request.body.len() + data.len() > BODY_LIMIT => {
                    return Ok(Incoming::Oversize);
                }
                Chunk::Data(data) => request.body.extend(data),
                Chunk::Last => break,
                Chunk::Garbage => return Ok(Incoming::Garbage(400)),
                Chunk::Partial if pending.len() > BODY_LIMIT + HEAD_LIMIT => {
                    return Ok(Incoming::Oversize);
                }
                Chunk::Partial => {
                    if fill(stream, pending)? == 0 {
                        return Ok(Incoming::End);
                    }
                }
            }
        },
    }
    Ok(Incoming::Request(request))
}

fn fill(mut stream: &TcpStream, pending: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 16 * 1024];
    let count = stream.read(&mut buffer)?;
    pending.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count)
}

struct ParsedHead {
    request: Request,
    length: Length,
}

enum Length {
    Bytes(usize),
    Chunks,
}

enum Head {
    Complete(ParsedHead, usize),
    Partial,
    Garbage,
}

fn parse_head(bytes: &[u8]) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut parsed = httparse::Request::new(&mut headers);
    let used = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Head::Partial,
        Err(_) => return Head::Garbage,
    };
    let target = parsed.path.unwrap_or("/");
    let target = target.split('#').next().unwrap_or(target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        ..Request::default()
    };
    for header in parsed.headers.iter() {
        request.headers.push((
            header.name.to_ascii_lowercase(),
            String::from_utf8_lossy(header.value).into_owned(),
        ));
    }
    let connection = request.header("connection").unwrap_or_default();
    request.last = parsed.version == Some(0) || connection.eq_ignore_ascii_case("close");
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|v| v.to_ascii_lowercase().contains("chunked"));
    let length = match request.header("content-length").map(|v| v.trim().parse()) {
        _ if chunked => Length::Chunks,
        None => Length::Bytes(0),
        Some(Ok(count)) => Length::Bytes(count),
        Some(Err(_)) => return Head::Garbage,
    };
    Head::Complete(ParsedHead { request, length }, used)
}

enum Chunk {
    Data(Vec<u8>),
    Last,
    Partial,
    Garbage,
}

fn take_chunk(pending: &mut Vec<u8>) -> Chunk {
    let (start, size) = match httparse::parse_chunk_size(pending) {
        Ok(httparse::Status::Complete((start, size))) => (start, size),
        Ok(httparse::Status::Partial) => return Chunk::Partial,
        Err(_) => return Chunk::Garbage,
    };
    let Ok(size) = usize::try_from(size) else {
        return Chunk::Garbage;
    };
    let Some(end) = start.checked_add(size).and_then(|e| e.checked_add(2)) else {
        return Chunk::Garbage;
    };
    if pending.len() < end {
        return Chunk::Partial;
    }
    let data: Vec<u8> = pending.drain(..end).skip(start).take(size).collect();
    if size == 0 {
        Chunk::Last
    } else {
        Chunk::Data(data)
    }
}
