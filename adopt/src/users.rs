//! Users of the tree that is looked at. Those of an image are in its `/etc/passwd`; of
//! this machine the name service is asked for the rest.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use hashbrown::HashMap;

use crate::root::Root;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their name.
    pub name: Box<str>,
    /// Their id.
    pub uid: u32,
    /// The id of their group.
    pub gid: u32,
    /// Their home.
    pub home: PathBuf,
}

/// All users that could be read, and who they are asked of.
#[derive(Debug)]
pub struct Users {
    known: HashMap<Box<str>, User>,
    readable: bool,
    ask: bool,
    asked: RefCell<HashMap<Box<str>, Option<u32>>>,
}

impl Users {
    /// Reads the users of a tree.
    #[must_use]
    pub fn of(root: &Root) -> Self {
        let text = root.read(Path::new("/etc/passwd"));
        let readable = text.is_ok();
        let text = text.map(|(bytes, _)| bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut known = HashMap::new();
        for user in text.lines().filter_map(line) {
            // The first of a name counts, as everywhere.
            known.entry(user.name.clone()).or_insert(user);
        }
        Self {
            known,
            readable,
            ask: !root.is_image(),
            asked: RefCell::default(),
        }
    }

    /// The id of a name. `None` where there is no such user.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<u32> {
        if let Some(user) = self.known.get(name) {
            return Some(user.uid);
        }
        if !self.ask {
            return None;
        }
        if let Some(found) = self.asked.borrow().get(name) {
            return *found;
        }
        let found = heartbeat::user_id(name);
        self.asked.borrow_mut().insert(name.into(), found);
        found
    }

    /// The ids of a name and of its group; root's where files do not say which.
    #[must_use]
    pub fn ids(&self, name: &str) -> Option<(u32, u32)> {
        let group = self.known.get(name).map_or(0, |user| user.gid);
        self.id(name).map(|uid| (uid, group))
    }

    /// The home of a name, as far as files say.
    #[must_use]
    pub fn home(&self, name: &str) -> Option<&Path> {
        self.known.get(name).map(|user| user.home.as_path())
    }

    /// Whether it can be said that a name is no user's.
    #[must_use]
    pub fn is_unknown(&self, name: &str) -> bool {
        self.readable && self.id(name).is_none()
    }

    /// The name of an id, as far as files say.
    #[must_use]
    pub fn name(&self, uid: u32) -> String {
        if uid == 0 {
            return "root".into();
        }
        let mut names: Vec<&str> = self
            .known
            .values()
            .filter(|user| user.uid == uid)
            .map(|user| &*user.name)
            .collect();
        names.sort_unstable();
        match names.first() {
            Some(name) => (*name).to_owned(),
            None if self.ask => heartbeat::user_name(uid).unwrap_or_else(|| uid.to_string()),
            None => uid.to_string(),
        }
    }

    /// All users that files name, sorted.
    #[must_use]
    pub fn all(&self) -> Vec<&User> {
        let mut all: Vec<&User> = self.known.values().collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

fn line(line: &str) -> Option<User> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, ..] = fields[..] else {
        return None;
    };
    Some(User {
        name: name.into(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        home: home.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tree;

    #[test]
    fn users_of_an_image_are_its_own() {
        let tree = Tree::new().file(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nbroken\napp:x:1000:1000::/home/app:/bin/sh\n\
             app:x:1001:1::/x:\nodd:x:many:1::/x:\n",
        );
        let users = Users::of(&tree.root());
        assert_eq!(users.id("app"), Some(1_000));
        assert_eq!(users.name(1_000), "app");
        assert_eq!(users.name(0), "root");
        assert_eq!(users.name(77), "77");
        for unknown in ["odd", "broken", "", "nobody-here"] {
            assert!(users.is_unknown(unknown), "{unknown}");
        }
        assert_eq!(users.all().len(), 2);
    }

    #[test]
    fn without_a_list_of_users_nobody_is_unknown() {
        let users = Users::of(&Tree::new().root());
        assert!(!users.is_unknown("anybody"));
    }
}
