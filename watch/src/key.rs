//! The identity of a job: host, user and name. Never a title, never a text that
//! is cut in two.

use std::fmt;
use std::sync::Arc;

use heartbeat::JobName;

/// Host and user: what all jobs in one place of a store share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// Name of the host that the store belongs to.
    pub host: Box<str>,
    /// Name of the user whose place in the store the beats lie in.
    pub user: Box<str>,
}

/// Whose a beat is. Cheap to clone: a million keys share their owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// Host and user.
    pub owner: Arc<Owner>,
    /// Name of the job.
    pub job: JobName,
}

impl JobKey {
    /// Puts a key together.
    #[must_use]
    pub fn new(host: &str, user: &str, job: JobName) -> Self {
        let owner = Arc::new(Owner {
            host: host.into(),
            user: user.into(),
        });
        Self { owner, job }
    }

    /// Name of the host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.owner.host
    }

    /// Name of the user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.owner.user
    }

    /// How people know the job on its host: `db_backup`, or `vacuum (postgres)`
    /// for a user other than root.
    #[must_use]
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            job: self.job.as_str(),
            user: self.user(),
        }
    }
}

/// See [`JobKey::shown`].
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    job: &'a str,
    user: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.job)?;
        if self.user == "root" {
            return Ok(());
        }
        write!(f, " ({})", self.user)
    }
}
