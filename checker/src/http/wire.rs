//! What carries a request to the other side: the network as a rule, something of
//! one's own where the other side is made up. Everything else stays as it is:
//! limits, retries, redirects, what a status means.

use std::rc::Rc;
use std::time::Duration;

use super::failure::{Failure, done};
use super::{Address, Answer, Call, Http, Limits, Method};
use crate::clock::Clock;
use crate::error::DeliveryError;

/// Carries one request and brings its answer.
pub trait Wire {
    /// Carries it.
    ///
    /// # Errors
    /// When no answer came.
    fn carry(&self, call: &Call<'_>, address: &Address) -> Result<Answer, Broken>;
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What happened, in words.
    pub what: String,
    /// Whether the request has never reached the other side.
    pub unsent: bool,
}

impl Http {
    /// The same as [`Http::new`], and another way than the network.
    #[must_use]
    pub fn over(
        wire: Rc<dyn Wire>,
        limits: Limits,
        clock: Rc<dyn Clock>,
        deadline: Duration,
    ) -> Self {
        let mut http = Self::new(limits, clock, deadline);
        http.wire = Some(wire);
        http
    }

    /// The same, answered by a function: nothing is connected to, and each answer
    /// is treated as one of the web. Fuzzing needs thousands a second.
    #[must_use]
    pub fn answered_by(mut self, answers: impl Fn(Method, &Address) -> Answer + 'static) -> Self {
        self.wire = Some(Rc::new(Answering(answers)));
        self
    }
}

/// A function at the other end.
struct Answering<F>(F);

impl<F: Fn(Method, &Address) -> Answer> Wire for Answering<F> {
    fn carry(&self, call: &Call<'_>, address: &Address) -> Result<Answer, Broken> {
        Ok((self.0)(call.method, address))
    }
}

/// The failure of a try that brought no answer.
pub(super) fn broken(call: &Call<'_>, address: &Address, broken: Broken) -> Failure {
    let why = format!("{} {}", call.caller.show(address), broken.what);
    let mut error = DeliveryError::later(call.doing, why);
    error.may_have_acted = !broken.unsent;
    Failure {
        unsent: broken.unsent,
        ..done(error)
    }
}
