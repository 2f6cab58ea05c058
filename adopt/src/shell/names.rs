//! Words that a shell knows itself.

/// Words of the grammar.
const KEYWORDS: [&str; 24] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
    "in", "{", "}", "!", "[[", "]]", "function", "select", "time", "coproc", "((", "))",
];

/// Commands that a shell runs itself, in dash or in bash.
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
    "jobs",
    "kill",
    "let",
    "local",
    "login",
    "logout",
    "mapfile",
    "newgrp",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
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
    "umask",
    "unalias",
    "unset",
    "wait",
    "whence",
    "print",
    "inlib",
    "setvar",
    "wordexp",
    "ulimits",
];

/// Whether a word that is not quoted belongs to the grammar of a shell.
#[must_use]
pub fn is_keyword(word: &[u8]) -> bool {
    KEYWORDS.iter().any(|known| known.as_bytes() == word)
}

/// Whether a shell runs this command itself.
#[must_use]
pub fn is_builtin(word: &[u8]) -> bool {
    BUILTINS.iter().any(|known| known.as_bytes() == word)
}
