//! The time zone of the host, as cron and systemd take it.

use std::fs;
use std::path::Path;

/// Name of the time zone of a host, whose files lie below `root` (`/` for this
/// one): where `/etc/localtime` leads to, else what `/etc/timezone` says, else
/// `UTC`.
#[must_use]
pub fn host_zone(root: &Path) -> String {
    let linked = fs::read_link(root.join("etc/localtime")).ok();
    let linked = linked.and_then(|target| {
        let target = target.to_str()?;
        let (_, name) = target.split_once("zoneinfo/")?;
        // The same zones, with and without leap seconds.
        let name = name.strip_prefix("posix/").unwrap_or(name);
        Some(name.to_owned())
    });
    let written = || {
        let text = fs::read_to_string(root.join("etc/timezone")).ok()?;
        Some(text.trim().to_owned())
    };
    linked
        .or_else(written)
        .filter(|name| !name.is_empty() && name.len() <= 100)
        .unwrap_or_else(|| "UTC".to_owned())
}
