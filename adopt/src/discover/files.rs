//! Which crontabs Debian's cron takes: names, owners, modes, links. Pure; each rule is
//! one that the daemon has, and was tried with it.

use crate::root::{Meta, Sort};

/// Why cron passes over a file, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    /// Completing "cron ignores this file: …".
    pub(super) why: String,
    pub(super) fix: String,
}

fn refusal(code: &'static str, why: impl Into<String>, fix: impl Into<String>) -> Refusal {
    Refusal {
        code,
        why: why.into(),
        fix: fix.into(),
    }
}

/// Endings by which people and packages set files aside on purpose.
const SET_ASIDE: [&str; 12] = [
    "~",
    ".bak",
    ".backup",
    ".disabled",
    ".off",
    ".old",
    ".orig",
    ".save",
    ".swp",
    ".rpmsave",
    ".rpmnew",
    ".example",
];

/// Whether a file is set aside on purpose: hidden, or with the ending of a copy.
pub(super) fn set_aside(name: &str) -> bool {
    name.starts_with('.')
        || SET_ASIDE.iter().any(|ending| name.ends_with(ending))
        || name.contains(".dpkg-")
        || name.contains(".ucf-")
}

/// Whether a name is one that cron reads in `cron.d`, and `run-parts` in its folders.
pub(super) fn plain_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// What a name without the characters that cron does not like would be.
pub(super) fn better_name(name: &str) -> String {
    let stem = name.strip_suffix(".cron").or(name.strip_suffix(".sh"));
    let sound = |c: char| {
        if plain_name(c.encode_utf8(&mut [0; 4])) {
            c
        } else {
            '-'
        }
    };
    stem.unwrap_or(name).chars().map(sound).collect()
}

/// Why cron passes over a crontab of the system. `own` is the file itself, `meta` what
/// it leads to, where it is a link.
pub(super) fn system(path: &str, own: &Meta, meta: &Meta) -> Option<Refusal> {
    if own.sort == Sort::Link && own.uid != 0 {
        return Some(refusal(
            "cron-owner",
            "it is a link that does not belong to root",
            format!("chown -h root {path}"),
        ));
    }
    if let Some(refusal) = no_file(path, meta) {
        return Some(refusal);
    }
    if meta.uid != 0 {
        return Some(refusal(
            "cron-owner",
            "it does not belong to root",
            format!("chown root {path}"),
        ));
    }
    if meta.mode & 0o022 != 0 {
        return Some(refusal(
            "cron-mode",
            format!("others than root may write to it (mode {:04o})", meta.mode),
            format!("chmod go-w {path}"),
        ));
    }
    hard_links(path, meta)
}

/// Why cron passes over a user's crontab. `uid` is that user's.
pub(super) fn user(path: &str, name: &str, uid: u32, own: &Meta) -> Option<Refusal> {
    if own.sort == Sort::Link {
        return Some(refusal(
            "cron-link",
            "it is a link, which cron does not follow there",
            format!("Put the file itself in its place: crontab -u {name} {path}"),
        ));
    }
    if let Some(refusal) = no_file(path, own) {
        return Some(refusal);
    }
    if own.uid != uid && own.uid != 0 {
        return Some(refusal(
            "cron-owner",
            format!("it belongs neither to {name} nor to root"),
            format!("chown {name} {path}"),
        ));
    }
    if own.mode != 0o600 {
        return Some(refusal(
            "cron-mode",
            format!("its mode is {:04o}; cron takes 0600 only", own.mode),
            format!("chmod 0600 {path}"),
        ));
    }
    hard_links(path, own)
}

fn no_file(path: &str, meta: &Meta) -> Option<Refusal> {
    match meta.sort {
        Sort::File => None,
        Sort::Special => Some(refusal(
            "cron-special",
            "it is a FIFO, a socket or a device; of a FIFO cron waits for ever, and runs nothing",
            format!("rm {path}"),
        )),
        Sort::Dir => Some(refusal(
            "cron-dir",
            "it is a directory; cron does not look into it",
            "Put the files themselves into /etc/cron.d",
        )),
        Sort::Link => Some(refusal(
            "cron-link",
            "it is a link to nothing",
            format!("rm {path}"),
        )),
    }
}

fn hard_links(path: &str, meta: &Meta) -> Option<Refusal> {
    (meta.links != 1).then(|| {
        refusal(
            "cron-hard-link",
            format!(
                "it has {} names (hard links); cron takes one only",
                meta.links
            ),
            format!("cp {path} {path}.new && mv {path}.new {path}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(sort: Sort, mode: u32, uid: u32, links: u64) -> Meta {
        Meta {
            sort,
            mode,
            uid,
            links,
            len: 1,
        }
    }

    #[test]
    fn what_cron_takes_in_etc() {
        let file = |mode, uid, links| meta(Sort::File, mode, uid, links);
        for (own, target, code) in [
            (file(0o644, 0, 1), None, None),
            (file(0o755, 0, 1), None, None),
            (file(0o000, 0, 1), None, None),
            (file(0o664, 0, 1), None, Some("cron-mode")),
            (file(0o646, 0, 1), None, Some("cron-mode")),
            (file(0o644, 1, 1), None, Some("cron-owner")),
            (file(0o644, 0, 2), None, Some("cron-hard-link")),
            (meta(Sort::Dir, 0o755, 0, 2), None, Some("cron-dir")),
            (meta(Sort::Special, 0o644, 0, 1), None, Some("cron-special")),
            (meta(Sort::Link, 0o777, 0, 1), Some(file(0o644, 0, 1)), None),
            (
                meta(Sort::Link, 0o777, 0, 1),
                Some(file(0o644, 1, 1)),
                Some("cron-owner"),
            ),
            (
                meta(Sort::Link, 0o777, 7, 1),
                Some(file(0o644, 0, 1)),
                Some("cron-owner"),
            ),
        ] {
            let found = system("/etc/cron.d/x", &own, &target.unwrap_or(own));
            assert_eq!(found.map(|r| r.code), code, "{own:?}");
        }
    }

    #[test]
    fn what_cron_takes_of_a_user() {
        let file = |mode, uid, links| meta(Sort::File, mode, uid, links);
        for (own, code) in [
            (file(0o600, 7, 1), None),
            (file(0o600, 0, 1), None),
            (file(0o600, 8, 1), Some("cron-owner")),
            (file(0o644, 7, 1), Some("cron-mode")),
            (file(0o400, 7, 1), Some("cron-mode")),
            (file(0o600, 7, 2), Some("cron-hard-link")),
            (meta(Sort::Link, 0o777, 7, 1), Some("cron-link")),
        ] {
            let found = user("/var/spool/cron/crontabs/app", "app", 7, &own);
            assert_eq!(found.map(|r| r.code), code, "{own:?}");
        }
    }

    #[test]
    fn names() {
        for (name, plain, aside, better) in [
            ("backup", true, false, "backup"),
            ("0anacron", true, false, "0anacron"),
            ("a_b-C", true, false, "a_b-C"),
            ("backup.sh", false, false, "backup"),
            ("my.cron", false, false, "my"),
            ("a b", false, false, "a-b"),
            (".placeholder", false, true, "-placeholder"),
            ("x.dpkg-old", false, true, "x-dpkg-old"),
            ("x~", false, true, "x-"),
        ] {
            assert_eq!(plain_name(name), plain, "{name}");
            assert_eq!(set_aside(name), aside, "{name}");
            assert_eq!(better_name(name), better);
        }
    }
}
