//! Cron lines that nobody wrote: made of pieces by a fixed seed.

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // Knuth's MMIX numbers; the upper bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const PLAIN: [&str; 12] = [
    "a", "-x", "--all", "a=b", "/etc/x", "7", "a.b", "a,b", "@", "+1", "_", "a:b",
];

const SPECIAL: [&str; 26] = [
    "$HOME",
    "\"$HOME\"",
    "'$HOME'",
    "\\$HOME",
    "${LOGNAME}",
    "$UNSET",
    "\"$UNSET\"",
    "*",
    "\"*\"",
    "~",
    "$(echo a  b)",
    "\"$(echo a  b)\"",
    "`echo c`",
    "$((2+3))",
    "\\%",
    "'\\%'",
    "\"\\%\"",
    "\\\\",
    "'\\\\'",
    "\\'",
    "\\\"",
    "''",
    "\"'\"",
    "'\"'",
    "$#",
    "\"$0\"",
];

const SAFE: [&str; 14] = [
    " ", "  ", "\t", "\\", ";", "|", "&&", "#", "(", ")", "<", ">", "x", "!",
];

/// A word of a command.
fn word(dice: &mut Dice) -> Vec<u8> {
    match dice.below(8) {
        0..=2 => dice.one(&PLAIN).into(),
        3..=4 => dice.one(&SPECIAL).into(),
        5 => {
            let parts = (0..1 + dice.below(3))
                .map(|_| word(dice))
                .collect::<Vec<_>>();
            parts.concat()
        }
        6 => {
            // Anything in single quotes.
            let mut text = vec![b'\''];
            for _ in 0..dice.below(8) {
                if dice.below(3) > 0 {
                    text.extend(dice.one(&SAFE).bytes());
                } else {
                    let byte = u8::try_from(1 + dice.below(255)).unwrap();
                    match byte {
                        b'\n' | b'\'' | b'\\' => text.push(b'?'),
                        b'%' => text.extend(b"\\%"),
                        byte => text.push(byte),
                    }
                }
            }
            // Cron leaves a \ before a quote, and the shell ends the quote.
            text.push(b'\'');
            text
        }
        _ => {
            let mut text = vec![b'"'];
            for _ in 0..dice.below(6) {
                let part = dice.one(&[
                    " ",
                    "  ",
                    "$HOME",
                    "\\\"",
                    "'",
                    "*",
                    "\\%",
                    "$(echo \"x  y\")",
                    ";",
                    "\\\\x",
                ]);
                text.extend(part.bytes());
            }
            text.push(b'"');
            text
        }
    }
}

fn simple(dice: &mut Dice) -> Vec<u8> {
    let head = dice.one(&[
        "note",
        "note",
        "note",
        "echo",
        "printf '<\\%s>\\n'",
        "env A=b note",
        "A='b c' note",
        "exec note",
        "false",
        "sh -c 'exit 3'",
        "nonexistent",
        "plain",
    ]);
    let mut text = head.as_bytes().to_vec();
    for _ in 0..dice.below(4) {
        text.extend(dice.one(&[" ", "  ", "\t"]).bytes());
        text.extend(word(dice));
    }
    let tail = dice.one(&[
        "",
        "",
        "",
        "",
        "",
        " >f",
        " >>f 2>&1",
        " 2>/dev/null",
        " >/dev/null 2>&1",
        " 2>&1",
        " >\"$HOME/a b\"",
        " </dev/null",
        " >&2",
    ]);
    text.extend(tail.bytes());
    text
}

/// What follows the time in a crontab.
pub(crate) fn line(dice: &mut Dice) -> Vec<u8> {
    let mut text = simple(dice);
    for _ in 0..dice.below(3) {
        text.extend(dice.one(&["; ", " && ", " || ", " | ", ";", "|"]).bytes());
        text.extend(simple(dice));
    }
    match dice.below(10) {
        0 => text = [b"(", &text[..], b")"].concat(),
        1 => text = [b"{ ", &text[..], b"; }"].concat(),
        2 => text = [b"cd / && ", &text[..]].concat(),
        3 => text.extend(b" # it's \"open"),
        4 => text.extend(b"; exit 3"),
        _ => {}
    }
    match dice.below(8) {
        0 => text.extend(b"%line one%line  two"),
        1 => text.extend(b"  "),
        2 => text.extend(b"\r"),
        _ => {}
    }
    text
}
