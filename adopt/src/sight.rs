//! What the lint of command lines asks of the files of a tree. Each path is looked at
//! once, however many lines name it.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use hashbrown::HashMap;

use crate::root::{Root, Sort};
use crate::shell::{Look, Program};

/// The files of a tree, with the rights of one user. Groups are not asked for: where a
/// right may come from one, the user is taken to have it.
pub struct Sight<'a> {
    root: &'a Root,
    uid: Option<u32>,
    seen: &'a Seen,
}

/// What was looked at, for all users.
#[derive(Debug, Default)]
pub struct Seen {
    // By their text: paths that are compared part by part take long.
    programs: RefCell<HashMap<OsString, Known>>,
    dirs: RefCell<HashMap<OsString, Option<bool>>>,
}

/// What is known of a file, whoever asks.
#[derive(Debug, Clone, Copy)]
enum Known {
    Said(Program),
    /// It is a file with this mode and owner; what it is where it may be run.
    File(u32, u32, Program),
}

impl<'a> Sight<'a> {
    /// The tree as a user sees it.
    #[must_use]
    pub fn new(root: &'a Root, uid: Option<u32>, seen: &'a Seen) -> Self {
        Self { root, uid, seen }
    }

    fn known(&self, path: &Path) -> Known {
        if let Some(known) = self.seen.programs.borrow().get(path.as_os_str()) {
            return *known;
        }
        let known = self.look(path);
        let mut programs = self.seen.programs.borrow_mut();
        programs.insert(path.into(), known);
        known
    }

    fn look(&self, path: &Path) -> Known {
        let meta = match self.root.stat(path) {
            Ok(meta) => meta,
            Err(error) => {
                return Known::Said(match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Program::Missing,
                    _ => Program::Unknown,
                });
            }
        };
        match meta.sort {
            Sort::Dir => Known::Said(Program::Directory),
            Sort::File => Known::File(meta.mode, meta.uid, self.content(path)),
            Sort::Link | Sort::Special => Known::Said(Program::NotExecutable),
        }
    }

    /// Whether a file is a program, or bare text.
    fn content(&self, path: &Path) -> Program {
        let Ok(real) = self.root.resolve(path) else {
            return Program::Unknown;
        };
        let mut head = [0; 4];
        let read =
            std::fs::File::open(self.root.outside(&real)).and_then(|mut f| f.read(&mut head));
        match read {
            Ok(n) if head[..n].starts_with(b"#!") || head[..n] == *b"\x7fELF" => Program::Runs,
            Ok(_) => Program::Text,
            Err(_) => Program::Runs,
        }
    }
}

impl Look for Sight<'_> {
    fn program(&self, path: &Path) -> Program {
        match self.known(path) {
            Known::Said(program) => program,
            Known::File(mode, owner, program) => {
                let may = match self.uid {
                    Some(0) | None => mode & 0o111 != 0,
                    Some(uid) if uid == owner => mode & 0o100 != 0,
                    Some(_) => mode & 0o011 != 0,
                };
                if may { program } else { Program::NotExecutable }
            }
        }
    }

    fn is_dir(&self, path: &Path) -> Option<bool> {
        if let Some(known) = self.seen.dirs.borrow().get(path.as_os_str()) {
            return *known;
        }
        let found = match self.root.stat(path) {
            Ok(meta) => Some(meta.sort == Sort::Dir),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Some(false),
                _ => None,
            },
        };
        self.seen.dirs.borrow_mut().insert(path.into(), found);
        found
    }

    fn resolved(&self, path: &Path) -> Option<PathBuf> {
        let real = self.root.resolve(path).ok()?;
        self.root.stat(&real).ok().map(|_| real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tree;

    #[test]
    fn programs_as_their_user_sees_them() {
        let tree = Tree::new()
            .script("/bin/script", "#!/bin/sh\n")
            .script("/bin/text", "echo\n")
            .file("/bin/plain", "#!/bin/sh\n")
            .script("/bin/mine", "#!/bin/sh\n")
            .mode("/bin/mine", 0o700)
            .owner("/bin/mine", 7)
            .link("/bin/link", "/bin/script")
            .dir("/bin/dir");
        let (root, seen) = (tree.root(), Seen::default());
        let owner = root.stat(Path::new("/bin/mine")).unwrap().uid;
        for (path, uid, expected) in [
            ("/bin/script", Some(1), Program::Runs),
            ("/bin/link", Some(1), Program::Runs),
            ("/bin/text", Some(0), Program::Text),
            ("/bin/plain", Some(0), Program::NotExecutable),
            ("/bin/mine", Some(owner), Program::Runs),
            ("/bin/mine", Some(owner + 9), Program::NotExecutable),
            ("/bin/dir", Some(0), Program::Directory),
            ("/bin/none", Some(0), Program::Missing),
            ("/bin/script/x", Some(0), Program::Missing),
        ] {
            let sight = Sight::new(&root, uid, &seen);
            assert_eq!(sight.program(Path::new(path)), expected, "{path}");
        }
        let sight = Sight::new(&root, Some(0), &seen);
        assert_eq!(sight.is_dir(Path::new("/bin/dir")), Some(true));
        assert_eq!(sight.is_dir(Path::new("/bin/none")), Some(false));
        let link = sight.resolved(Path::new("/bin/link"));
        assert_eq!(link.as_deref(), Some(Path::new("/bin/script")));
        assert_eq!(sight.resolved(Path::new("/bin/none")), None);
    }
}
