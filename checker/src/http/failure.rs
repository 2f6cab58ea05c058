//! How one try fails, and where a redirect may lead.

use super::{Address, Answer, Call, Method, one_line, status};
use crate::error::DeliveryError;

/// A failed try. `unsent`: the other side plainly did nothing, so that even a
/// POST may be repeated.
pub(super) struct Failure {
    pub(super) error: DeliveryError,
    pub(super) unsent: bool,
}

/// A failure after which a POST is not repeated.
pub(super) fn done(error: DeliveryError) -> Failure {
    Failure {
        error,
        unsent: false,
    }
}

/// A success that `read` did not take: something was done, and it is not known
/// what.
pub(super) fn refused_answer(call: &Call<'_>, answer: &Answer, why: &str) -> Failure {
    let why = one_line(&call.caller.redact(why));
    let shown = call.caller.show(&call.address);
    let mut error = DeliveryError::later(call.doing, format!("{shown} {why}"));
    error.may_have_acted = true;
    error.status = Some(answer.status);
    done(error)
}

/// Where to go on after a redirect: within the same origin only, and only where
/// the method stays the same.
pub(super) fn redirected(
    call: &Call<'_>,
    from: &Address,
    answer: &Answer,
) -> Result<Address, Failure> {
    let meaning = status::meaning(answer.status);
    let stop = |why: String, hint: String| {
        let mut error = DeliveryError::never(call.doing, why).hint(hint);
        error.may_have_acted = meaning.may_have_acted && !call.method.is_repeatable();
        error.status = Some(answer.status);
        Err(done(error))
    };
    let shown = call.caller.show(from);
    let status = answer.status;
    let Some(to) = answer.header("location").and_then(|text| from.follow(text)) else {
        return stop(
            format!("{shown} answered {status} without a place to go"),
            "correct `url` and `repo`".to_owned(),
        );
    };
    if !from.same_origin(&to) {
        let origin = call.caller.redact(&to.origin());
        return stop(
            format!(
                "{shown} answered {status} and leads to another server, {origin}; nothing was sent there"
            ),
            format!("if that is right, set `url` to a place at {origin}"),
        );
    }
    if call.method != Method::Get && !matches!(status, 307 | 308) {
        let place = one_line(&call.caller.show(&to));
        return stop(
            format!("{shown} answered {status}: it has moved to {place}"),
            "set `repo` (and `url`) to the new name".to_owned(),
        );
    }
    Ok(to)
}
