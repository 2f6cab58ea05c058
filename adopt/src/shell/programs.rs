//! Which word of a simple command is the program, behind `exec`, `nice`, `env A=b`.

use super::tree::Word;

/// Programs that run what comes after them: the options that take a word of their
/// own, and how many words before the program belong to them.
const RUNNERS: [(&str, &[&str], usize); 11] = [
    ("exec", &["-a"], 0),
    ("command", &[], 0),
    ("builtin", &[], 0),
    ("nohup", &[], 0),
    ("setsid", &[], 0),
    ("chronic", &[], 0),
    ("nice", &["-n", "--adjustment"], 0),
    ("ionice", &["-c", "-n", "--class", "--classdata"], 0),
    ("env", &["-u", "--unset"], 0),
    ("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    ("stdbuf", &["-i", "-o", "-e"], 0),
];

/// The index of the program that is run in the end. `None` where that is not certain.
pub(super) fn program(words: &[Word]) -> Option<usize> {
    let mut at = 0;
    loop {
        let word = words.get(at)?.text()?;
        let name = word.rsplit('/').next().unwrap_or(word);
        let Some((name, with_word, own)) = RUNNERS.iter().find(|(known, ..)| *known == name) else {
            return Some(at);
        };
        let mut next = at + 1;
        while let Some(option) = words.get(next).and_then(Word::text) {
            let assigns = *name == "env" && option.contains('=') && !option.starts_with('-');
            if option == "--" {
                next += 1;
                break;
            } else if *name == "command" && option.starts_with("-v") {
                return None;
            } else if with_word.contains(&option) {
                next += 2;
            } else if option.starts_with('-') || assigns {
                next += 1;
            } else {
                break;
            }
        }
        next += own;
        if words.get(next).is_none() {
            // Nothing after it: it is the program itself.
            return Some(at);
        }
        at = next;
    }
}
