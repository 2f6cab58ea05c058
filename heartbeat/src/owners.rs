//! Users: their names, through the system's name service, and how their files look
//! from inside a user namespace.

use std::fs::read_to_string;
use std::sync::OnceLock;

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

/// The id that a user's files show to this process. In a user namespace, as a
/// service with `PrivateUsers=` has one, only some users keep their ids; the files
/// of all others show one and the same.
pub(crate) fn as_seen_here(uid: u32) -> u32 {
    static HERE: OnceLock<(String, u32)> = OnceLock::new();
    let (map, other) = HERE.get_or_init(|| {
        let other = read_to_string("/proc/sys/kernel/overflowuid");
        (
            read_to_string("/proc/self/uid_map").unwrap_or_default(),
            other
                .ok()
                .and_then(|id| id.trim().parse().ok())
                .unwrap_or(65_534),
        )
    });
    if is_mapped(map, uid) { uid } else { *other }
}

/// Whether a map (lines of first id here, first id outside, how many) has an id. A
/// map that cannot be read has all.
fn is_mapped(map: &str, uid: u32) -> bool {
    let mut lines = map.lines().filter_map(|line| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u64>);
        let (first, _, count) = (
            numbers.next()?.ok()?,
            numbers.next()?,
            numbers.next()?.ok()?,
        );
        Some(first..first + count)
    });
    map.is_empty() || lines.any(|ids| ids.contains(&u64::from(uid)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_of_the_system() {
        assert_eq!(user_name(0).as_deref(), Some("root"));
        assert_eq!(user_id("root"), Some(0));
        // Each system has a user with this id; not all call it `daemon`.
        let first = user_name(1).unwrap();
        assert_ne!(first, "root");
        assert_eq!(user_id(&first), Some(1));
        assert_eq!(user_name(4_000_000_001), None);
        assert_eq!(user_id("nobody has this name"), None);
    }

    #[test]
    fn ids_look_as_the_map_of_this_process_says() {
        let map = read_to_string("/proc/self/uid_map").unwrap();
        for uid in [0, 1, 7] {
            let shown = as_seen_here(uid);
            assert_eq!(shown == uid, is_mapped(&map, uid), "{uid}: {shown}");
        }
    }

    #[test]
    fn maps() {
        let whole = "         0          0 4294967295\n";
        let service = "         0          0          1\n       998        998          1\n";
        let container = "0 100000 65536";
        for (map, uid, expected) in [
            (whole, 0, true),
            (whole, 4_242_424, true),
            (service, 0, true),
            (service, 998, true),
            (service, 997, false),
            (service, 1_000, false),
            (container, 65_535, true),
            (container, 65_536, false),
            ("", 7, true),
            ("rubbish", 7, false),
        ] {
            assert_eq!(is_mapped(map, uid), expected, "{map} {uid}");
        }
    }
}
