//! Names of users, through the system's name service.

use nix::unistd::{Uid, User};

/// The name of a user id, where the system knows one.
#[must_use]
pub fn user_name(uid: u32) -> Option<String> {
    // The same everywhere, and most stores are root's.
    if uid == 0 {
        return Some("root".to_owned());
    }
    User::from_uid(Uid::from_raw(uid))
        .ok()
        .flatten()
        .map(|user| user.name)
}

/// The id of a user name, where the system knows one.
#[must_use]
pub fn user_id(name: &str) -> Option<u32> {
    User::from_name(name)
        .ok()
        .flatten()
        .map(|user| user.uid.as_raw())
}
