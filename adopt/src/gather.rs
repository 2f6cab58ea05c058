//! Looks at the machine or at the image, and puts together what is known; writes the
//! record for the reporter.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use manifest::{Manifest, Sources};

use crate::beats::Store;
use crate::cli::Cli;
use crate::coverage::Coverage;
use crate::discover::{self, Alone, Ask};
use crate::error::{Error, UNWRITTEN, USAGE, said, shown};
use crate::root::{Root, Sort};
use crate::systemd::ask::{self, Manager};
use crate::times::Times;
use crate::users::Users;

/// Settings of the checker, which may hold expected jobs, too.
const CONFIG: &str = "/etc/heartbeat/config.toml";

/// Programs that are systemd itself.
const SYSTEMD: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// What was read, and what is known of it.
pub(crate) struct Gathered {
    pub(crate) root: Root,
    pub(crate) users: Users,
    pub(crate) manifest: Manifest,
    pub(crate) coverage: Coverage,
    /// The crontab of the user who asks, where that is not root.
    pub(crate) own: Option<Vec<u8>>,
}

/// Reads everything once.
///
/// # Errors
/// When there is no such image or store.
pub(crate) fn gather(cli: &Cli, now: DateTime<Utc>) -> Result<Gathered, Error> {
    let root = match &cli.root {
        Some(dir) => image(dir)?,
        None => Root::live(),
    };
    let users = Users::of(&root);
    let zone = manifest::host_zone(root.dir());
    let times = Times::new(now, zone);
    let me = rustix::process::geteuid().as_raw();
    let mut notes = Vec::new();
    let ask = if root.is_image() {
        Ask {
            systemd: has_systemd(&root),
            ..Ask::default()
        }
    } else if me == 0 {
        Ask {
            system: ask::timers(Manager::System),
            systemd: ask::runs(),
            ..Ask::default()
        }
    } else {
        let user = users.name(me);
        notes.push(format!(
            "Seen: the crontab and the timers of {user}. Not seen: those of the system and of \
             other users, which root sees."
        ));
        Ask {
            systemd: ask::runs(),
            alone: Some(Alone {
                user,
                crontab: ask::own_crontab(),
                timers: ask::timers(Manager::User),
            }),
            ..Ask::default()
        }
    };
    let found = discover::find(&root, &users, &times, &ask);
    let owner = users.name(me);
    let owner = if ask.alone.is_some() {
        owner.as_str()
    } else {
        "root"
    };
    let store = store(cli, &root, owner)?;
    let manifest = manifest(&root, &times);
    let mut coverage = Coverage::new(host(&root), now, zone, found, &store, &manifest);
    if zone.is_none() {
        notes.push("The time zone of the host cannot be told, so next runs are not.".into());
    }
    coverage.notes = notes;
    let own = ask.alone.map(|alone| alone.crontab.unwrap_or_default());
    Ok(Gathered {
        root,
        users,
        manifest,
        coverage,
        own,
    })
}

fn image(dir: &Path) -> Result<Root, Error> {
    if dir.is_dir() {
        return Ok(Root::image(dir));
    }
    let doing = format!("look at the image {}", shown(dir));
    Err(Error::new(USAGE, doing, "there is no such folder")
        .hint("name the folder that holds etc and usr of the image"))
}

/// Whether timers could fire in an image. A tree of settings only is taken to have one.
fn has_systemd(root: &Root) -> bool {
    let there = |path: &str| root.stat(Path::new(path)).is_ok();
    !there("/usr/sbin") || SYSTEMD.iter().any(|path| there(path))
}

fn store(cli: &Cli, root: &Root, owner: &str) -> Result<Store, Error> {
    if let Some(dir) = &cli.dir {
        if !dir.is_dir() {
            let doing = format!("read the store {}", shown(dir));
            return Err(Error::new(USAGE, doing, "there is no such folder")
                .hint("name a store that is there; the first beat of a job makes the usual one"));
        }
        return Ok(Store::list(&Root::live(), dir, owner));
    }
    if root.is_image() {
        return Ok(Store::list(
            root,
            Path::new(heartbeat::SYSTEM_STORE),
            "root",
        ));
    }
    let mut all = Store::default();
    for dir in heartbeat::reader_stores() {
        // The system's store is root's, whoever looks.
        let system = dir == Path::new(heartbeat::SYSTEM_STORE);
        let owner = if system { "root" } else { owner };
        all.join(Store::list(root, &dir, owner));
    }
    Ok(all)
}

fn manifest(root: &Root, times: &Times) -> Manifest {
    let dir = root.outside(Path::new(manifest::DEFAULT_DIR));
    let config = root.read(Path::new(CONFIG)).map(|(bytes, _)| bytes);
    let config = config.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let path = PathBuf::from(CONFIG);
    let mut sources = Sources::folder(&dir, times.zone());
    sources.config = config.as_deref().map(|text| (path.as_path(), text));
    Manifest::load(&sources)
}

/// The name of the host: an image's own, else this machine's.
fn host(root: &Root) -> String {
    if root.is_image() {
        let text = root
            .read(Path::new("/etc/hostname"))
            .map(|(bytes, _)| bytes);
        let text = String::from_utf8_lossy(&text.unwrap_or_default())
            .trim()
            .to_owned();
        if !text.is_empty() {
            return text;
        }
        return shown(root.dir());
    }
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Writes the record for the reporter, whole. A missing folder is made.
///
/// # Errors
/// When that cannot be done; the old record is then untouched.
pub(crate) fn record(path: &Path, coverage: &Coverage) -> Result<(), Error> {
    let fail = |why: String| {
        let doing = format!("write the record to {}", shown(path));
        Error::new(UNWRITTEN, doing, why)
    };
    let mut text =
        serde_json::to_string(&coverage.record()).map_err(|error| fail(error.to_string()))?;
    text.push('\n');
    let name = path.file_name().and_then(std::ffi::OsStr::to_str);
    let name = name.ok_or_else(|| fail("it names no file".into()))?;
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    if !dir.exists() {
        std::fs::create_dir_all(dir).map_err(|error| fail(said(&error)))?;
    }
    if let Ok(meta) = Root::live().look(path)
        && !matches!(meta.sort, Sort::File)
    {
        return Err(fail("something that is no file lies there".into()));
    }
    heartbeat::replace_file(dir, name, text.as_bytes(), true)
        .map_err(|error| fail(error.to_string()))
}
