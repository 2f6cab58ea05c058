//! The time zone of the host, as cron and systemd take it.

use std::fs;
use std::path::Path;

use watch::Zone;

/// The time zone of a host whose files lie below `root` (`/` for this one):
/// where `/etc/localtime` leads to, else what `/etc/timezone` says; UTC where
/// there is neither. None where it has one that cannot be told by name.
#[must_use]
pub fn host_zone(root: &Path) -> Option<Zone> {
    let local = root.join("etc/localtime");
    let linked = fs::read_link(&local).ok();
    let linked = linked.and_then(|target| {
        let target = target.to_str()?;
        let (_, name) = target.split_once("zoneinfo/")?;
        // The same zones, with and without leap seconds.
        let name = name.strip_prefix("posix/").unwrap_or(name);
        Zone::named(name).ok()
    });
    let written = || {
        let text = fs::read_to_string(root.join("etc/timezone")).ok()?;
        Zone::named(text.trim()).ok()
    };
    let none = || (!local.exists()).then(Zone::utc);
    linked.or_else(written).or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// What is told of a host with this link and this text.
    fn told(link: Option<&str>, text: Option<&str>) -> Option<&'static str> {
        let root = tempfile::tempdir().unwrap();
        let etc = root.path().join("etc");
        fs::create_dir(&etc).unwrap();
        match link {
            Some("a file") => fs::write(etc.join("localtime"), "TZif").unwrap(),
            Some(target) => symlink(target, etc.join("localtime")).unwrap(),
            None => {}
        }
        if let Some(text) = text {
            fs::write(etc.join("timezone"), text).unwrap();
        }
        host_zone(root.path()).map(Zone::name)
    }

    #[test]
    fn as_the_host_says() {
        let riga = Some("Europe/Riga");
        assert_eq!(told(None, None), Some("UTC"));
        assert_eq!(told(Some("/usr/share/zoneinfo/Europe/Riga"), None), riga);
        assert_eq!(told(Some("../usr/share/zoneinfo/Europe/Riga"), None), riga);
        assert_eq!(
            told(Some("/usr/share/zoneinfo/posix/Europe/Riga"), None),
            riga
        );
        let utc = told(Some("/usr/share/zoneinfo/UTC"), Some("Europe/Riga\n"));
        assert_eq!(utc, Some("UTC"), "the link is what counts");
        assert_eq!(told(Some("a file"), Some("Europe/Riga\n")), riga);
        assert_eq!(told(None, Some("Europe/Riga\n")), riga);
        assert_eq!(told(Some("a file"), None), None);
        assert_eq!(told(Some("a file"), Some("Atlantis\n")), None);
    }
}
