//! A proxy between a checker and a forge, on the loopback, that does harm: it is slow, it
//! cuts a connection after so many bytes in either direction, or it puts other bytes in
//! place of an answer. It knows as much of HTTP as to tell where an answer begins.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the checker to the forge.
    Asked,
    /// From the forge to the checker.
    Answered,
}

/// The harm that is done.
#[derive(Debug, Clone)]
pub enum Harm {
    /// None; bytes are counted.
    None,
    /// After so many bytes that way, counted over all connections, that connection ends.
    Cut {
        /// Which way they are counted.
        way: Way,
        /// How many pass.
        after: u64,
        /// Whether no further connection is taken from then on.
        dead: bool,
    },
    /// The answer to the request of this number (from 1) is this, and the connection ends.
    Instead {
        /// Which request.
        request: u64,
        /// What comes in its place.
        answer: Vec<u8>,
        /// Whether the forge gets the request and acts on it.
        acted: bool,
    },
}

#[derive(Debug)]
struct Shared {
    forge: SocketAddr,
    harm: Harm,
    latency: Duration,
    asked: AtomicU64,
    answered: AtomicU64,
    requests: AtomicU64,
    struck: AtomicBool,
    stopping: Mutex<bool>,
    bell: Condvar,
}

impl Shared {
    /// Waits the latency, or until the end.
    fn linger(&self) {
        if !self.latency.is_zero() {
            let guard = self.stopping.lock().unwrap_or_else(PoisonError::into_inner);
            let _ended = self
                .bell
                .wait_timeout_while(guard, self.latency, |end| !*end);
        }
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of these bytes pass that way, and whether the connection ends then.
    fn passes(&self, way: Way, count: usize) -> (usize, bool) {
        let counter = match way {
            Way::Asked => &self.asked,
            Way::Answered => &self.answered,
        };
        let before = counter.fetch_add(count as u64, Ordering::SeqCst);
        match self.harm {
            Harm::Cut {
                way: cut, after, ..
            } if cut == way && before <= after && before + count as u64 > after => {
                let first = !self.struck.swap(true, Ordering::SeqCst);
                let pass = usize::try_from(after - before).unwrap_or(0);
                if first { (pass, true) } else { (count, false) }
            }
            _ => (count, false),
        }
    }

    fn is_dead(&self) -> bool {
        matches!(self.harm, Harm::Cut { dead: true, .. }) && self.struck.load(Ordering::SeqCst)
    }
}

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts one before a forge at `url`, that does this harm and takes so long over each
    /// piece that it passes on.
    ///
    /// # Panics
    /// When the loopback cannot be listened on, or `url` is no address of it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test cannot go on without it")]
    pub fn start(url: &str, harm: Harm, latency: Duration) -> Self {
        let forge = url.trim_start_matches("http://").parse();
        let shared = Arc::new(Shared {
            forge: forge.expect("a forge on the loopback"),
            harm,
            latency,
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            struck: AtomicBool::new(false),
            stopping: Mutex::new(false),
            bell: Condvar::new(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("no free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let own = Arc::clone(&shared);
        let accepting = thread::spawn(move || accept(&listener, &own));
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// The address for the checker's configuration.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that came so far: asked, and answered.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let load = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        (load(&self.shared.asked), load(&self.shared.answered))
    }

    /// Requests that began so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Whether the harm was done.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.shared.struck.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let stopping = self.shared.stopping.lock();
        *stopping.unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.bell.notify_all();
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ended = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut pumps: Vec<(TcpStream, JoinHandle<()>)> = Vec::new();
    for stream in listener.incoming() {
        if shared.is_stopping() {
            break;
        }
        let Ok(stream) = stream else { continue };
        if shared.is_dead() {
            continue;
        }
        let Ok(twin) = stream.try_clone() else {
            continue;
        };
        let own = Arc::clone(shared);
        pumps.retain(|(_, pump)| !pump.is_finished());
        pumps.push((twin, thread::spawn(move || carry(&stream, &own))));
    }
    for (stream, _) in &pumps {
        let _gone = stream.shutdown(Shutdown::Both);
    }
    for (_, pump) in pumps {
        let _ended = pump.join();
    }
}

/// Carries one connection, request by request.
fn carry(client: &TcpStream, shared: &Arc<Shared>) {
    let Ok(forge) = TcpStream::connect(shared.forge) else {
        return;
    };
    let _ = (client.set_nodelay(true), forge.set_nodelay(true));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _over = answers(&forge, client, shared);
            end(client, &forge);
        });
        let _over = requests(client, &forge, shared);
        end(client, &forge);
    });
}

fn end(client: &TcpStream, forge: &TcpStream) {
    let _gone = client.shutdown(Shutdown::Both);
    let _gone = forge.shutdown(Shutdown::Both);
}

fn answers(mut forge: &TcpStream, mut client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = forge.read(&mut buffer)?;
        // An answer that another one was put in place of is not passed on.
        let replaced = matches!(shared.harm, Harm::Instead { request, .. }
            if shared.requests.load(Ordering::SeqCst) == request);
        if count == 0 || replaced {
            return Ok(());
        }
        shared.linger();
        let (pass, cut) = shared.passes(Way::Answered, count);
        client.write_all(buffer.get(..pass).unwrap_or_default())?;
        if cut {
            return Ok(());
        }
    }
}

fn requests(mut client: &TcpStream, mut forge: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let piece = buffer.get(..count).unwrap_or_default();
        // The checker waits for each answer before it asks again, so that a request begins
        // with a piece; only a long body has further ones.
        let begins = [&b"GET "[..], b"POST ", b"PATCH ", b"PUT "];
        let number = if begins.iter().any(|begin| piece.starts_with(begin)) {
            shared.requests.fetch_add(1, Ordering::SeqCst) + 1
        } else {
            0
        };
        shared.linger();
        if let Harm::Instead {
            request,
            answer,
            acted,
        } = &shared.harm
            && *request == number
        {
            shared.struck.store(true, Ordering::SeqCst);
            if *acted {
                act(whole(piece.to_vec(), client)?, shared)?;
            }
            return client.write_all(answer);
        }
        let (pass, cut) = shared.passes(Way::Asked, count);
        forge.write_all(piece.get(..pass).unwrap_or_default())?;
        if cut {
            return Ok(());
        }
    }
}

/// A request with all of its body, of which this is the beginning.
fn whole(mut request: Vec<u8>, mut client: &TcpStream) -> io::Result<Vec<u8>> {
    let wanted = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let (head, _) = text.split_once("\r\n\r\n")?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        Some(head.len() + 4 + length.map_or(0, |length| length.trim().parse().unwrap_or(0)))
    };
    let mut buffer = [0; 16 * 1024];
    while wanted(&request).is_none_or(|wanted| request.len() < wanted) {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        request.extend(buffer.get(..count).unwrap_or_default());
    }
    Ok(request)
}

/// Lets the forge act on a request, and waits until it has answered.
fn act(request: Vec<u8>, shared: &Shared) -> io::Result<()> {
    let mut forge = TcpStream::connect(shared.forge)?;
    forge.write_all(&request)?;
    let mut first = [0; 1];
    forge.read_exact(&mut first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standin::{Flavour, Standin};

    fn get(url: &str) -> String {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        let request = b"GET /api/v1/version HTTP/1.1\r\nConnection: close\r\n\r\n";
        let _sent = stream.write_all(request);
        let mut answer = Vec::new();
        let _read = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    #[test]
    fn it_passes_on_counts_and_cuts() {
        let forge = Standin::start(Flavour::Forgejo);
        let whole = get(forge.url());
        let plain = Proxy::start(forge.url(), Harm::None, Duration::from_millis(5));
        assert_eq!(get(&plain.url()).len(), whole.len());
        let (asked, answered) = plain.bytes();
        assert_eq!(
            (asked, answered, plain.requests()),
            (51, whole.len() as u64, 1)
        );
        for after in [0, 1, 20, answered - 1] {
            let harm = Harm::Cut {
                way: Way::Answered,
                after,
                dead: false,
            };
            let proxy = Proxy::start(forge.url(), harm, Duration::ZERO);
            assert_eq!(get(&proxy.url()).len() as u64, after);
            assert!(proxy.struck());
            // Once.
            assert_eq!(get(&proxy.url()).len(), whole.len());
        }
        for (after, dead) in [(0, false), (50, true)] {
            let harm = Harm::Cut {
                way: Way::Asked,
                after,
                dead,
            };
            let proxy = Proxy::start(forge.url(), harm, Duration::ZERO);
            assert_eq!(get(&proxy.url()), "");
            assert_eq!(get(&proxy.url()).is_empty(), dead);
        }
    }

    #[test]
    fn it_answers_in_the_place_of_the_forge() {
        let forge = Standin::start(Flavour::Forgejo);
        for (acted, seen) in [(true, 1), (false, 0)] {
            forge.clear_log();
            let harm = Harm::Instead {
                request: 1,
                answer: b"rubbish".to_vec(),
                acted,
            };
            let proxy = Proxy::start(forge.url(), harm, Duration::ZERO);
            assert_eq!(get(&proxy.url()), "rubbish");
            assert_eq!(forge.log().len(), seen);
        }
    }
}
