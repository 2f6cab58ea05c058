//! Words that a shell knows itself.

/// Words of the grammar.
const KEYWORDS: [&str; 24] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
    "in", "{", "}", "!", "[[", "]]", "function", "select", "time", "coproc", "((", "))",
];

/// Commands that a shell runs itself, in dash or in bash, sorted.
const BUILTINS: [&str; 71] = [
    ".",
    ":",
    "[",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "inlib",
    "jobs",
    "kill",
    "let",
    "local",
    "login",
    "logout",
    "mapfile",
    "newgrp",
    "popd",
    "print",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "setvar",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "ulimits",
    "umask",
    "unalias",
    "unset",
    "wait",
    "whence",
    "wordexp",
];

/// Whether a word that is not quoted belongs to the grammar of a shell.
#[must_use]
pub fn is_keyword(word: &[u8]) -> bool {
    KEYWORDS.iter().any(|known| known.as_bytes() == word)
}

/// Whether a shell runs this command itself.
#[must_use]
pub fn is_builtin(word: &[u8]) -> bool {
    let order = |known: &&str| known.as_bytes().cmp(word);
    BUILTINS.binary_search_by(order).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtins_are_found() {
        assert!(BUILTINS.is_sorted());
        for name in BUILTINS {
            assert!(is_builtin(name.as_bytes()), "{name}");
        }
        for other in ["", "ls", "cdx", "zz", "!"] {
            assert!(!is_builtin(other.as_bytes()), "{other}");
        }
    }
}
