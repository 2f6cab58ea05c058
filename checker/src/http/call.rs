//! What a call is: its bounds, who makes it, what is asked.

use std::time::Duration;

use super::Address;
use crate::secret::Secret;

/// Bounds of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time to connect, TLS included.
    pub connect: Duration,
    /// Longest time for one try, from connecting to the end of the answer.
    pub request: Duration,
    /// How often a call is tried in all.
    pub tries: u32,
    /// The wait after the first failure is at most this long; it doubles.
    pub first_wait: Duration,
    /// The wait never grows beyond this by itself; the other side may ask for
    /// more.
    pub longest_wait: Duration,
    /// Longest answer that is read, in bytes.
    pub answer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(30),
            tries: 3,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(20),
            answer_bytes: 8 * 1024 * 1024,
        }
    }
}

/// The methods that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create: never repeated once it may have been received.
    Post,
    /// Change some fields to given values: repeating changes nothing more.
    Patch,
    /// As [`Method::Patch`], in GitLab's way.
    Put,
}

impl Method {
    /// Whether sending it twice is the same as sending it once.
    #[must_use]
    pub fn is_repeatable(self) -> bool {
        self != Self::Post
    }
}

/// Who calls: what goes along with every call to one receiver.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Headers without a secret.
    pub headers: Vec<(&'static str, String)>,
    /// The header that carries the secret, what comes before the secret in it,
    /// and the secret.
    pub authorization: Option<(&'static str, &'static str, Secret)>,
    /// The wait after a refusal for too many calls that names no time.
    pub limit_wait: Option<Duration>,
    /// Show no more than the origin of an address: its path is a secret.
    pub hide_path: bool,
}

impl Caller {
    /// `text` without the secret.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        match &self.authorization {
            Some((_, _, secret)) => secret.redact(text),
            None => text.to_owned(),
        }
    }

    /// An address for people.
    #[must_use]
    pub fn show(&self, address: &Address) -> String {
        if self.hide_path {
            self.redact(&address.origin())
        } else {
            self.redact(&address.shown())
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// What is being done, for the error: `open an issue in ops/watch`.
    pub doing: &'a str,
    /// Who calls.
    pub caller: &'a Caller,
    /// The method.
    pub method: Method,
    /// Where to.
    pub address: Address,
    /// What is sent, as JSON.
    pub json: Option<&'a serde_json::Value>,
}
