//! HTTP, for every receiver: time limits, retries, redirects, bounded answers,
//! and no secret in any message. The only file that names `reqwest`.
//!
//! What it does not do: it knows no forge, and it never turns one call into
//! another. Proxies: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are honoured for
//! `https` (the proxy sees the host, not the token); a plain `http` address is
//! always asked directly, so that no proxy reads a token.
#![allow(clippy::disallowed_types, reason = "this is the file that speaks HTTP")]

mod address;
mod answer;
mod call;
mod failure;
pub mod status;
mod wait;
mod wire;

use std::cell::OnceCell;
use std::io::Read;
use std::rc::Rc;
use std::time::Duration;

use reqwest::blocking::{Client, Response};

use self::failure::{Failure, done, redirected, refused_answer};

pub use address::Address;
pub use answer::{Answer, one_line};
pub use call::{Call, Caller, Limits, Method};
pub use wire::{Broken, Wire};

use crate::clock::Clock;
use crate::error::{DeliveryError, Retry};

/// How the checker calls itself.
pub const USER_AGENT: &str = concat!("heartbeat-checker/", env!("CARGO_PKG_VERSION"));

/// A chain of redirects longer than this is a loop.
const MAX_REDIRECTS: usize = 5;

/// The way to the web for one pass. Nothing is set up before the first call.
pub struct Http {
    limits: Limits,
    clock: Rc<dyn Clock>,
    deadline: Duration,
    plain: OnceCell<Client>,
    encrypted: OnceCell<Client>,
    /// Where it is not the network.
    wire: Option<Rc<dyn Wire>>,
}

impl Http {
    /// `deadline` is the time of `clock.elapsed()` after which nothing is tried
    /// and every call ends.
    #[must_use]
    pub fn new(limits: Limits, clock: Rc<dyn Clock>, deadline: Duration) -> Self {
        Self {
            limits,
            clock,
            deadline,
            plain: OnceCell::new(),
            encrypted: OnceCell::new(),
            wire: None,
        }
    }

    /// The clock of the pass.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// What is left of the pass.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.clock.elapsed())
    }

    /// Makes a call and reads its answer with `read`, which is handed successes
    /// (2xx) only and may refuse one, saying why. Repeated within the limits
    /// where that is safe.
    ///
    /// # Errors
    /// When no answer came that `read` took.
    pub fn call<T>(
        &self,
        call: &Call<'_>,
        read: &dyn Fn(&Answer) -> Result<T, String>,
    ) -> Result<T, DeliveryError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let Failure { mut error, unsent } = match self.attempt(call, read) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            // Reading changes nothing.
            error.may_have_acted &= call.method != Method::Get;
            if tries > 1 {
                error.why = format!("{} (tried {tries} times)", error.why);
            }
            let Retry::Later(asked) = error.retry else {
                return Err(error);
            };
            if tries >= self.limits.tries || !(call.method.is_repeatable() || unsent) {
                return Err(error);
            }
            let pause = wait::backoff(
                tries,
                self.limits.first_wait,
                self.limits.longest_wait,
                self.clock.jitter(),
            );
            let pause = asked.map_or(pause, |asked| asked.max(pause));
            if pause >= self.left() {
                if asked.is_some() {
                    let longer = "; it asks to wait longer than this pass may take";
                    error.why.push_str(longer);
                }
                return Err(error);
            }
            self.clock.sleep(pause);
        }
    }

    /// Asks an address and looks at nothing but success: for a ping. Its path
    /// is never shown, since it may be all that protects it.
    ///
    /// # Errors
    /// When no success was answered.
    pub fn ping(&self, doing: &str, address: &Address) -> Result<(), DeliveryError> {
        let caller = Caller {
            hide_path: true,
            ..Caller::default()
        };
        let call = Call {
            doing,
            caller: &caller,
            method: Method::Get,
            address: address.clone(),
            json: None,
        };
        self.call(&call, &|_| Ok(()))
    }

    /// One try, redirects included.
    fn attempt<T>(
        &self,
        call: &Call<'_>,
        read: &dyn Fn(&Answer) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let mut address = call.address.clone();
        let mut moved_to = None;
        for _ in 0..=MAX_REDIRECTS {
            let mut answer = self.exchange(call, &address)?;
            answer.moved_to.clone_from(&moved_to);
            match answer.status {
                200..=299 => {
                    return read(&answer).map_err(|why| refused_answer(call, &answer, &why));
                }
                301 | 302 | 303 | 307 | 308 => {
                    address = redirected(call, &address, &answer)?;
                    moved_to = Some(call.caller.show(&address));
                }
                _ => return Err(self.status_failure(call, &address, &answer)),
            }
        }
        Err(done(
            DeliveryError::never(call.doing, "it is redirected in a circle")
                .hint("correct `url` and `repo`"),
        ))
    }

    /// One request and its whole answer.
    fn exchange(&self, call: &Call<'_>, address: &Address) -> Result<Answer, Failure> {
        let limit = self.limits.request.min(self.left());
        if limit.is_zero() {
            let why = "the time for this pass is used up";
            return Err(done(DeliveryError::later(call.doing, why)));
        }
        if let Some(wire) = &self.wire {
            let carried = wire.carry(call, address);
            return carried.map_err(|fault| wire::broken(call, address, fault));
        }
        let client = self.client(address.is_https()).map_err(|why| {
            done(
                DeliveryError::never(call.doing, why)
                    .hint("install ca-certificates, or set SSL_CERT_FILE to your own roots"),
            )
        })?;
        let mut request = client
            .request(as_reqwest(call.method), address.as_str())
            .timeout(limit);
        if !call
            .caller
            .headers
            .iter()
            .any(|(name, _)| *name == "accept")
        {
            request = request.header("accept", "application/json");
        }
        for (name, value) in &call.caller.headers {
            request = request.header(*name, value);
        }
        if let Some((name, before, secret)) = &call.caller.authorization {
            let value =
                reqwest::header::HeaderValue::from_str(&format!("{before}{}", secret.reveal()));
            let mut value = value.map_err(|_| {
                done(DeliveryError::never(
                    call.doing,
                    "the token fits in no header",
                ))
            })?;
            value.set_sensitive(true);
            request = request.header(*name, value);
        }
        if let Some(json) = call.json {
            request = request.json(json);
        }
        let response = request
            .send()
            .map_err(|fault| self.send_failure(call, address, limit, fault))?;
        self.read_answer(call, address, response)
    }

    /// Reads an answer to its end, bounded.
    fn read_answer(
        &self,
        call: &Call<'_>,
        address: &Address,
        response: Response,
    ) -> Result<Answer, Failure> {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let cut = |why: String| {
            let why = format!("{} {why} (status {status})", call.caller.show(address));
            let mut error = DeliveryError::later(call.doing, why);
            error.may_have_acted = status < 400 || status::meaning(status).may_have_acted;
            error.status = Some(status);
            done(error)
        };
        let mut body = Vec::new();
        response
            .take(self.limits.answer_bytes + 1)
            .read_to_end(&mut body)
            .map_err(|_| cut("broke off in the middle of its answer".to_owned()))?;
        if body.len() as u64 > self.limits.answer_bytes {
            let mut failure = cut(format!(
                "answered more than {} bytes",
                self.limits.answer_bytes
            ));
            failure.error.retry = Retry::Never;
            return Err(failure);
        }
        Ok(Answer {
            status,
            headers,
            body,
            moved_to: None,
        })
    }

    /// The client, set up at its first use.
    fn client(&self, encrypted: bool) -> Result<&Client, String> {
        let cell = if encrypted {
            &self.encrypted
        } else {
            &self.plain
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.limits.connect)
            // Shorter than any server's: a POST must not meet a closing connection.
            .pool_idle_timeout(Duration::from_secs(2));
        // An error means that one is there already, which is as good. reqwest
        // wants one even where nothing is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if !encrypted {
            // No proxy, and no reading of root certificates.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        let client = builder
            .build()
            .map_err(|fault| format!("TLS cannot be set up: {}", innermost(&fault)))?;
        Ok(cell.get_or_init(|| client))
    }

    /// Why no answer came.
    fn send_failure(
        &self,
        call: &Call<'_>,
        address: &Address,
        limit: Duration,
        fault: reqwest::Error,
    ) -> Failure {
        let shown = call.caller.show(address);
        let detail = one_line(&call.caller.redact(&innermost(&fault)));
        if fault.is_builder() {
            return done(DeliveryError::never(
                call.doing,
                format!("{shown}: {detail}"),
            ));
        }
        if fault.is_connect() {
            return unreachable(call, address, &fault, &detail);
        }
        let why = if fault.is_timeout() {
            // As far as seconds go: what is left of a pass is no round number.
            let seconds = limit.as_secs_f32().round().max(1.0);
            format!("{shown} gave no answer within {seconds} s")
        } else {
            format!("{shown} broke off without an answer: {detail}")
        };
        let mut error = DeliveryError::later(call.doing, why);
        error.may_have_acted = true;
        done(error)
    }

    /// What a status that is no success means.
    fn status_failure(&self, call: &Call<'_>, address: &Address, answer: &Answer) -> Failure {
        let header = |name: &str| answer.header(name);
        let asked = wait::asked(&header, self.clock.now());
        let said = answer.said(&|text| call.caller.redact(text));
        let limited = match answer.status {
            429 => true,
            // GitHub's limits come as 403 too.
            403 => {
                header("retry-after").is_some()
                    || header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0")
                    || said.to_ascii_lowercase().contains("rate limit")
            }
            _ => false,
        };
        let mut meaning = status::meaning(answer.status);
        if limited {
            meaning = status::meaning(429);
        }
        let said = if said.is_empty() {
            said
        } else {
            format!(": {said}")
        };
        let why = format!(
            "{} answered {} ({}){said}",
            call.caller.show(address),
            answer.status,
            meaning.words
        );
        let refused = limited || (answer.status == 503 && header("retry-after").is_some());
        let retry = if meaning.later {
            Retry::Later(asked.or(if limited {
                call.caller.limit_wait
            } else {
                None
            }))
        } else {
            Retry::Never
        };
        Failure {
            error: DeliveryError {
                doing: call.doing.to_owned(),
                why,
                hint: meaning.hint.map(str::to_owned),
                retry,
                may_have_acted: meaning.may_have_acted && !refused,
                status: Some(answer.status),
            },
            unsent: refused,
        }
    }
}

impl Drop for Http {
    /// Clients are taken down aside: one whose look-up of a name hangs would
    /// hold up the end of the pass.
    fn drop(&mut self) {
        let clients = [self.plain.take(), self.encrypted.take()];
        if clients.iter().any(Option::is_some) {
            // Where no thread can be had, they go down here.
            let _ = std::thread::Builder::new().spawn(move || drop(clients));
        }
    }
}

fn as_reqwest(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Put => reqwest::Method::PUT,
    }
}

/// No connection: nothing was sent.
fn unreachable(
    call: &Call<'_>,
    address: &Address,
    fault: &reqwest::Error,
    detail: &str,
) -> Failure {
    let host = address.host();
    let mut error = DeliveryError::later(call.doing, String::new());
    if fault.is_dns() {
        error.why = format!("no address is known for {host}: {detail}");
    } else if fault.is_timeout() {
        error.why = format!("no connection to {} in time", address.origin());
    } else if detail.contains("certificate") {
        error.why = format!("{host} shows a certificate that is not trusted: {detail}");
        let hint = if detail.contains("CaUsedAsEndEntity") {
            "that certificate is a CA's own: let the CA sign another one for the server"
        } else {
            "for a CA of your own, set SSL_CERT_FILE to its file"
        };
        error.hint = Some(hint.to_owned());
        error.retry = Retry::Never;
    } else {
        error.why = format!("no connection to {}: {detail}", address.origin());
        let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        if let Some(name) = proxies.iter().find(|name| address.is_https() && set(name)) {
            error.hint = Some(format!(
                "the way goes through a proxy: check {name} and NO_PROXY"
            ));
        }
    }
    Failure {
        error,
        unsent: true,
    }
}

/// The innermost cause: the outer ones repeat the address and say nothing more.
fn innermost(fault: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
pub(crate) mod canned;
#[cfg(test)]
mod tests;
