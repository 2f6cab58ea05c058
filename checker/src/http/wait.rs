//! How long to wait before a call is tried again. Pure: headers and `now` in,
//! a duration out.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// What the other side asked for: `Retry-After`, else the time at which a used-up
/// limit is filled again. `header` looks up a header by its lower-case name.
#[must_use]
pub(super) fn asked<'a>(
    header: &dyn Fn(&str) -> Option<&'a str>,
    now: DateTime<Utc>,
) -> Option<Duration> {
    if let Some(wait) = header("retry-after").and_then(|text| retry_after(text, now)) {
        return Some(wait);
    }
    let used_up = |name| header(name).is_some_and(|left| left.trim() == "0");
    let reset = if used_up("x-ratelimit-remaining") {
        header("x-ratelimit-reset")
    } else if used_up("ratelimit-remaining") {
        header("ratelimit-reset")
    } else {
        None
    };
    let at = DateTime::from_timestamp(reset?.trim().parse().ok()?, 0)?;
    // A second more: the forge counts in whole seconds.
    Some(until(at, now).saturating_add(Duration::from_secs(1)))
}

/// Reads `Retry-After`: whole seconds, or a date.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some(until(at.to_utc(), now))
}

fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (at - now).to_std().unwrap_or(Duration::ZERO)
}

/// The wait after the `failed`th failed try (from 1): a random part (`jitter`,
/// 0 to 1) of a time that doubles from `first` up to `longest`.
#[must_use]
pub(super) fn backoff(failed: u32, first: Duration, longest: Duration, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
    doubled.min(longest).mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_headers_ask_for() {
        let now = DateTime::from_timestamp(1_445_412_480, 0).unwrap(); // 2015-10-21 07:28
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<u64>);
        let cases: [Case<'_>; 11] = [
            (&[], None),
            (&[("retry-after", "7")], Some(7)),
            (&[("retry-after", " 0 ")], Some(0)),
            (
                &[("retry-after", "Wed, 21 Oct 2015 07:30:00 GMT")],
                Some(120),
            ),
            (&[("retry-after", "Wed, 21 Oct 2015 07:00:00 GMT")], Some(0)),
            (&[("retry-after", "soon")], None),
            (
                &[("retry-after", "99999999999999999999999")],
                Some(u64::MAX),
            ),
            (
                &[
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1445412500"),
                ],
                Some(21),
            ),
            (
                &[
                    ("x-ratelimit-remaining", "3"),
                    ("x-ratelimit-reset", "1445412500"),
                ],
                None,
            ),
            (
                &[
                    ("ratelimit-remaining", "0"),
                    ("ratelimit-reset", "1445412400"),
                ],
                Some(1),
            ),
            (
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "x")],
                None,
            ),
        ];
        for (headers, seconds) in cases {
            let header = |name: &str| {
                let found = headers.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| *value)
            };
            assert_eq!(
                asked(&header, now),
                seconds.map(Duration::from_secs),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn backoff_doubles_up_to_its_cap() {
        let wait = |failed, jitter| {
            backoff(
                failed,
                Duration::from_secs(1),
                Duration::from_secs(20),
                jitter,
            )
            .as_secs_f64()
        };
        assert_eq!([wait(1, 1.0), wait(2, 1.0), wait(5, 1.0)], [1.0, 2.0, 16.0]);
        assert_eq!(
            [wait(6, 1.0), wait(60, 1.0), wait(3, 0.5)],
            [20.0, 20.0, 2.0]
        );
        assert_eq!(wait(3, 0.0), 0.0);
    }
}
