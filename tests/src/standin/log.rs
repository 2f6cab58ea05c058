//! What was asked of the stand-in, and whether the token travelled as it should.

use std::ops::Deref;

use chrono::{DateTime, Utc};

use super::Flavour;
use super::message::{Request, decode};

/// One request that came in.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The request.
    pub request: Request,
    /// The status that was answered whole; `None` when the answer was cut,
    /// withheld or never sent.
    pub status: Option<u16>,
    /// Whether the forge acted on it.
    pub acted: bool,
    /// When it came, by the forge's clock.
    pub at: DateTime<Utc>,
}

impl Deref for Logged {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

impl Logged {
    /// `POST /api/v1/repos/ops/watch/issues -> 201`, for messages and snapshots.
    #[must_use]
    pub fn line(&self) -> String {
        let status = self
            .status
            .map_or_else(|| "no answer".to_owned(), |s| s.to_string());
        format!("{} {} -> {status}", self.method, self.target())
    }

    /// True for anything that may change something.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.method != "GET" && self.method != "HEAD"
    }

    /// Says where the token was found although it does not belong there, or
    /// that it came in the wrong header.
    ///
    /// # Errors
    /// The reason, without the token.
    pub fn token_hygiene(&self, flavour: Flavour, token: &str) -> Result<(), String> {
        let line = format!("{} {}", self.method, self.path);
        let target = decode(&self.target(), true);
        let named = ["token", "access_token", "private_token"];
        if target.contains(token)
            || self
                .params()
                .iter()
                .any(|(n, _)| named.contains(&n.as_str()))
        {
            return Err(format!("{line}: a token in the address"));
        }
        if String::from_utf8_lossy(&self.body).contains(token) {
            return Err(format!("{line}: the token in the body"));
        }
        for (name, value) in self.headers.iter().filter(|(_, v)| v.contains(token)) {
            let right = match flavour {
                Flavour::Forgejo | Flavour::Gitea => {
                    name == "authorization"
                        && (*value == format!("token {token}")
                            || *value == format!("Bearer {token}"))
                }
                Flavour::GitHub => name == "authorization" && *value == format!("Bearer {token}"),
                Flavour::GitLab => name == "private-token" && value == token,
            };
            if !right {
                return Err(format!(
                    "{line}: the token in the header {name:?}, in a wrong form"
                ));
            }
        }
        Ok(())
    }

    /// Whether any header carries the token.
    #[must_use]
    pub fn carries(&self, token: &str) -> bool {
        self.headers.iter().any(|(_, v)| v.contains(token))
    }
}
