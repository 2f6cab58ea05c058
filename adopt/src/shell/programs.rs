//! Which word of a simple command is the program, behind `exec`, `nice`, `env A=b`.

use super::tree::{Word, base};

/// Of a program that runs what comes after it: the options that take a word of their
/// own, and how many words before the program belong to it.
fn runner(name: &[u8]) -> Option<(&'static [&'static str], usize)> {
    Some(match name {
        b"exec" => (&["-a"], 0),
        b"command" | b"builtin" | b"nohup" | b"setsid" | b"chronic" => (&[], 0),
        b"nice" => (&["-n", "--adjustment"], 0),
        b"ionice" => (&["-c", "-n", "--class", "--classdata"], 0),
        b"env" => (&["-u", "--unset"], 0),
        b"timeout" => (&["-k", "-s", "--kill-after", "--signal"], 1),
        b"stdbuf" => (&["-i", "-o", "-e"], 0),
        _ => return None,
    })
}

/// The index of the program that is run in the end. `None` where that is not certain.
pub(super) fn program(words: &[Word]) -> Option<usize> {
    let mut at = 0;
    loop {
        let name = base(words.get(at)?.text()?.as_bytes());
        let Some((with_word, own)) = runner(name) else {
            return Some(at);
        };
        let mut next = at + 1;
        while let Some(option) = words.get(next).and_then(Word::text) {
            let assigns = name == b"env" && option.contains('=') && !option.starts_with('-');
            if option == "--" {
                next += 1;
                break;
            } else if name == b"command" && option.starts_with("-v") {
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
