//! Units as systemd puts them together: which of several files of one name is in force,
//! its drop-ins, masks, aliases, templates. Reads files; decides nothing about timers.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::unitfile::{Setting, UnitName, parse};
use crate::root::{Fault, Root, text_of};

/// Where units of the system lie, the strongest first.
pub const SYSTEM: [&str; 14] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
    "/usr/local/share/systemd/system",
];

/// Where units of users lie, below and beside a user's own, the strongest first.
pub const USER: [&str; 8] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/lib/systemd/user",
    "/etc/xdg/systemd/user",
];

/// What has the last word on a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The setting.
    pub setting: Setting,
    /// The file that it is in.
    pub file: Rc<Path>,
}

/// How a unit could be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// It is there.
    Loaded,
    /// It is switched off for good: a link to `/dev/null`, or an empty file.
    Masked,
    /// There is no such unit.
    Missing,
    /// It could not be read.
    Unreadable(String),
}

/// A unit, put together.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its own name, not that of an alias.
    pub name: Rc<str>,
    /// Whether it is there.
    pub load: Load,
    /// The file that defines it.
    pub file: Option<Rc<Path>>,
    /// Its settings and those of its drop-ins, in the order in which they count.
    pub said: Vec<Said>,
}

impl Unit {
    /// The values of a setting that is a list: an empty one forgets those before it.
    pub fn list<'a>(&'a self, section: &str, key: &str) -> Vec<&'a Said> {
        let mut found = Vec::new();
        for said in &self.said {
            if &*said.setting.section == section && &*said.setting.key == key {
                if said.setting.value.is_empty() {
                    found.clear();
                } else {
                    found.push(said);
                }
            }
        }
        found
    }

    /// The last value of a setting.
    #[must_use]
    pub fn last(&self, section: &str, key: &str) -> Option<&str> {
        self.list(section, key).last().map(|s| &*s.setting.value)
    }
}

/// All units of one manager, found by name.
pub struct Units<'a> {
    root: &'a Root,
    /// The folders, the strongest first, with the names in each.
    dirs: Vec<(PathBuf, BTreeSet<OsString>)>,
    blind: RefCell<BTreeMap<PathBuf, String>>,
    loaded: RefCell<HashMap<String, Rc<Unit>>>,
    wanted: RefCell<Option<Rc<Wants>>>,
}

/// Which units pull in others by links in `*.wants`, `*.requires` and `*.upholds`
/// folders: from the name of a unit to those that its folders name.
pub type Wants = BTreeMap<String, BTreeSet<String>>;

impl<'a> Units<'a> {
    /// Lists the folders that are there. One that stands for another (`/lib` on a merged
    /// `/usr`) counts once.
    #[must_use]
    pub fn new(root: &'a Root, places: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut dirs: Vec<(PathBuf, BTreeSet<OsString>)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut blind = BTreeMap::new();
        for place in places {
            let real = match root.resolve(&place) {
                Ok(real) => real,
                Err(error) => {
                    blind.insert(place, crate::error::said(&error));
                    continue;
                }
            };
            if !seen.insert(real.clone()) {
                continue;
            }
            match root.list(&real) {
                Ok(names) => dirs.push((real, names.into_iter().collect())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    blind.insert(real, crate::error::said(&error));
                }
            }
        }
        Self {
            root,
            dirs,
            blind: blind.into(),
            loaded: RefCell::default(),
            wanted: RefCell::default(),
        }
    }

    /// Folders and drop-ins that could not be read so far, and why: what they say may
    /// start a timer, or stop one.
    #[must_use]
    pub fn blind(&self) -> BTreeMap<PathBuf, String> {
        self.blind.borrow().clone()
    }

    /// The names in a folder beside the units; what is no folder is none to systemd.
    fn list(&self, dir: &Path) -> Vec<OsString> {
        match self.root.list(dir) {
            Ok(names) => names,
            Err(error) => {
                use std::io::ErrorKind::{NotADirectory, NotFound};
                if !matches!(error.kind(), NotFound | NotADirectory) {
                    let mut blind = self.blind.borrow_mut();
                    blind.insert(dir.to_owned(), crate::error::said(&error));
                }
                Vec::new()
            }
        }
    }

    /// The text of a drop-in; what leads to no file is none to systemd.
    fn drop_in(&self, path: &Path) -> Vec<u8> {
        match self.root.read(path) {
            Ok((bytes, _)) => bytes,
            Err(Fault::Missing | Fault::NotAFile(_)) => Vec::new(),
            Err(fault) => {
                let mut blind = self.blind.borrow_mut();
                blind.insert(path.to_owned(), fault.to_string());
                Vec::new()
            }
        }
    }

    /// The names of all unit files with an ending, in any folder, sorted.
    #[must_use]
    pub fn names(&self, ending: &str) -> BTreeSet<String> {
        let all = self.dirs.iter().flat_map(|(_, names)| names);
        all.filter_map(|name| text_of(name))
            .filter(|name| UnitName::of(name).is_some_and(|n| n.ending == ending))
            .map(str::to_owned)
            .collect()
    }

    /// The strongest file of a name, not followed.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let has = |names: &BTreeSet<OsString>| names.contains(std::ffi::OsStr::new(name));
        self.dirs
            .iter()
            .find(|(_, names)| has(names))
            .map(|(dir, _)| dir.join(name))
    }

    /// The unit of a name, with its drop-ins.
    #[must_use]
    pub fn load(&self, name: &str) -> Rc<Unit> {
        if let Some(unit) = self.loaded.borrow().get(name) {
            return Rc::clone(unit);
        }
        let unit = Rc::new(self.put_together(name));
        let mut loaded = self.loaded.borrow_mut();
        loaded.insert(name.to_owned(), Rc::clone(&unit));
        unit
    }

    fn put_together(&self, asked: &str) -> Unit {
        let (name, found) = self.fragment(asked);
        let name: Rc<str> = name.into();
        let mut unit = Unit {
            name: Rc::clone(&name),
            load: Load::Missing,
            file: None,
            said: Vec::new(),
        };
        match found {
            None => {}
            Some((path, Err(fault))) => {
                unit.load = match fault {
                    Fault::Missing => Load::Missing,
                    other => Load::Unreadable(other.to_string()),
                };
                unit.file = Some(path.into());
            }
            Some((path, Ok(None))) => {
                unit.load = Load::Masked;
                unit.file = Some(path.into());
            }
            Some((path, Ok(Some(bytes)))) => {
                let file: Rc<Path> = path.into();
                unit.load = Load::Loaded;
                unit.file = Some(Rc::clone(&file));
                unit.said.extend(said(&bytes, &file));
            }
        }
        if unit.load == Load::Loaded || unit.load == Load::Missing {
            for path in self.drop_ins(asked, &name) {
                let bytes = self.drop_in(&path);
                let file: Rc<Path> = path.into();
                unit.said.extend(said(&bytes, &file));
            }
        }
        unit
    }

    /// The file of a unit and its text (`None`: masked), and the unit's own name, for
    /// one that is asked for by an alias.
    #[allow(
        clippy::type_complexity,
        reason = "it is taken apart in the one place that asks for it"
    )]
    fn fragment(&self, asked: &str) -> (String, Option<(PathBuf, Result<Option<Vec<u8>>, Fault>)>) {
        let mut name = asked.to_owned();
        // An alias may stand for an alias.
        for _ in 0..8 {
            let template = UnitName::of(&name).and_then(|n| n.template());
            let found = self.find(&name);
            let found = found.or_else(|| template.as_deref().and_then(|t| self.find(t)));
            let Some(path) = found else {
                return (name, None);
            };
            let target = self.root.link(&path);
            if target.as_deref() == Some(Path::new("/dev/null")) {
                return (name, Some((path, Ok(None))));
            }
            // A link to a unit of another name makes it an alias.
            let other = target
                .as_deref()
                .and_then(Path::file_name)
                .and_then(text_of);
            let other = other.filter(|other| UnitName::of(other).is_some());
            let stands_for = other.and_then(|other| alias(&name, other));
            if let Some(other) = stands_for.filter(|other| self.knows(other)) {
                name = other;
                continue;
            }
            let text = match self.root.read(&path) {
                Ok((bytes, _)) if bytes.is_empty() => Ok(None),
                Ok((bytes, _)) => Ok(Some(bytes)),
                Err(fault) => Err(fault),
            };
            return (name, Some((path, text)));
        }
        (name, None)
    }

    fn knows(&self, name: &str) -> bool {
        let template = UnitName::of(name).and_then(|n| n.template());
        self.find(name).is_some() || template.is_some_and(|t| self.find(&t).is_some())
    }

    /// The drop-ins of a unit, in the order in which they count: by file name, and of
    /// two with one name the one in the stronger place.
    fn drop_ins(&self, asked: &str, name: &str) -> Vec<PathBuf> {
        let mut chosen: BTreeMap<OsString, PathBuf> = BTreeMap::new();
        for folder in drop_in_folders(asked, name) {
            let folder = OsString::from(folder);
            for (dir, names) in &self.dirs {
                if !names.contains(&folder) {
                    continue;
                }
                let dir = dir.join(&folder);
                for file in self.list(&dir) {
                    let is_one = Path::new(&file).extension().is_some_and(|e| e == "conf");
                    if is_one {
                        chosen
                            .entry(file.clone())
                            .or_insert_with(|| dir.join(&file));
                    }
                }
            }
        }
        chosen.into_values().collect()
    }

    /// All links in `*.wants`, `*.requires` and `*.upholds`.
    #[must_use]
    pub fn wants(&self) -> Rc<Wants> {
        if let Some(wants) = &*self.wanted.borrow() {
            return Rc::clone(wants);
        }
        let mut wants = Wants::new();
        for (dir, names) in &self.dirs {
            for folder in names {
                let Some(unit) = text_of(folder).and_then(|folder| {
                    [".wants", ".requires", ".upholds"]
                        .iter()
                        .find_map(|ending| folder.strip_suffix(ending))
                }) else {
                    continue;
                };
                let links = self.list(&dir.join(folder));
                let links = links.iter().filter_map(|link| text_of(link));
                let links = links.filter(|link| UnitName::of(link).is_some());
                wants
                    .entry(unit.to_owned())
                    .or_default()
                    .extend(links.map(str::to_owned));
            }
        }
        let wants = Rc::new(wants);
        *self.wanted.borrow_mut() = Some(Rc::clone(&wants));
        wants
    }
}

/// What `asked` stands for when its file is a link to `target`: nothing where the link
/// only leads to a unit of the same name elsewhere.
fn alias(asked: &str, target: &str) -> Option<String> {
    let (asked_name, target_name) = (UnitName::of(asked)?, UnitName::of(target)?);
    if asked == target || asked_name.ending != target_name.ending {
        return None;
    }
    // foo@x.timer by a link to bar@.timer is bar@x.timer; by one to foo@.timer, itself.
    if target_name.is_template() {
        let instance = asked_name.instance.filter(|i| !i.is_empty())?;
        let whole = format!("{}@{instance}.{}", target_name.prefix, target_name.ending);
        return (whole != asked).then_some(whole);
    }
    Some(target.to_owned())
}

/// The folders of drop-ins of a unit, the strongest first: its own, its template's,
/// those of its prefixes, that of its kind.
fn drop_in_folders(asked: &str, name: &str) -> Vec<String> {
    let mut folders = Vec::new();
    let mut names = vec![name];
    if asked != name {
        names.push(asked);
    }
    for name in names {
        folders.push(format!("{name}.d"));
        let Some(parts) = UnitName::of(name) else {
            continue;
        };
        if let Some(template) = parts.template() {
            folders.push(format!("{template}.d"));
        }
        let at = if parts.instance.is_some() { "@" } else { "" };
        let mut prefix = parts.prefix.trim_end_matches('-');
        while let Some((shorter, _)) = prefix.rsplit_once('-') {
            folders.push(format!("{shorter}-{at}.{}.d", parts.ending));
            if !at.is_empty() {
                folders.push(format!("{shorter}-.{}.d", parts.ending));
            }
            prefix = shorter.trim_end_matches('-');
        }
        folders.push(format!("{}.d", parts.ending));
    }
    folders
}

fn said(bytes: &[u8], file: &Rc<Path>) -> Vec<Said> {
    let settings = parse(bytes).into_iter();
    settings
        .map(|setting| Said {
            setting,
            file: Rc::clone(file),
        })
        .collect()
}
