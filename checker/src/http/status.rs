//! What an HTTP status means for a delivery: one table for every receiver.

/// What a status tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// In words, for people.
    pub words: &'static str,
    /// What to do about it, where there is something.
    pub hint: Option<&'static str>,
    /// Whether the same call may go through later.
    pub later: bool,
    /// Whether a call that is not repeatable may have had its effect.
    pub may_have_acted: bool,
}

const fn never(words: &'static str, hint: Option<&'static str>) -> Meaning {
    Meaning {
        words,
        hint,
        later: false,
        may_have_acted: false,
    }
}

const fn later(words: &'static str, may_have_acted: bool) -> Meaning {
    Meaning {
        words,
        hint: None,
        later: true,
        may_have_acted,
    }
}

/// Reads a status that is no success.
#[must_use]
pub fn meaning(status: u16) -> Meaning {
    match status {
        // A success that is not the one expected: something did happen.
        200..=299 => Meaning {
            may_have_acted: true,
            ..never("another success than the one expected", None)
        },
        301 | 307 | 308 => never("it has moved", Some("correct `url` and `repo`")),
        300..=399 => Meaning {
            // "Done, look over there" looks the same as "not here".
            may_have_acted: true,
            ..never("it has moved", Some("correct `url` and `repo`"))
        },
        400 => never("the request was not understood", None),
        401 => never(
            "the token is not accepted",
            Some("check that the token is whole, not revoked and not expired"),
        ),
        403 => never(
            "not allowed",
            Some(
                "give the token the scope to write issues, and its user the right to (a locked issue needs it)",
            ),
        ),
        404 => never(
            "not found",
            Some("check `url`, `repo` and what the token may see"),
        ),
        405 | 501 => never(
            "the server does not do that here",
            Some("check `kind` and `url`"),
        ),
        407 => never(
            "the proxy wants a login",
            Some("check HTTPS_PROXY and NO_PROXY"),
        ),
        408 => later("the server waited too long for the request", true),
        409 => later("it conflicts with something else going on", false),
        410 => never(
            "gone, or issues are turned off",
            Some("turn issues on in the repository"),
        ),
        411 | 431 => never("the request was not understood", None),
        412 => never(
            "a condition is not met",
            Some("an issue that depends on open ones cannot be closed"),
        ),
        413 => never("the request is too large for the server", None),
        415 | 422 => never("the request was refused as invalid", None),
        423 => never(
            "locked or archived",
            Some("unarchive the repository, or name another"),
        ),
        425 => later("too early", false),
        429 => later("too many requests", false),
        451 => never("withheld for legal reasons", None),
        402..=499 => never("refused", None),
        500 => later("the server failed", true),
        502..=504 => later("the server is not available", true),
        505..=599 => later("the server failed", true),
        _ => never("an answer that is no HTTP", Some("check `url`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn the_table() {
        let mut table = String::new();
        for status in [
            200, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 407, 408, 409, 410, 412,
            413, 415, 418, 422, 423, 425, 429, 451, 500, 501, 502, 503, 504, 507, 599, 600,
        ] {
            let Meaning {
                words,
                later,
                may_have_acted,
                ..
            } = meaning(status);
            let later = if later { "later" } else { "never" };
            let acted = if may_have_acted { "may have acted" } else { "" };
            writeln!(table, "{status} {later} | {words} | {acted}").unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
