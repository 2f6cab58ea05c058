//! The parser of crontabs against Debian's own: what `crontab -n` takes and refuses,
//! over tables and texts that nobody wrote.

use std::fs;
use std::path::Path;
use std::process::Command;

use adopt::crontab::{Crontab, Dialect};
use house_tests::needs::Journey;

use crate::generated::Dice;

/// Texts by hand, each with something that is read in an odd way.
const TEXTS: &[&str] = &[
    "",
    "\n",
    "# x",
    "  \t# x\n \t\n",
    "* * * * * a\n",
    "* * * * * a",
    "A=b",
    "A=b\n",
    "A=\n",
    "A=\"\"\n",
    "A='b' c\n",
    "A='b\n",
    "A = b\n",
    "'A B' = b\n",
    "A B = b\n",
    "'A=b'\n",
    "=b\n",
    "\"A=b\n",
    "* * * * *\n",
    "* * * * *a\n",
    "* * * *\n",
    "* * * * * * a\n",
    "@daily\n",
    "@daily a\n",
    "@Daily a\n",
    "@dailya\n",
    "@every a\n",
    "@reboot\ta\n",
    "@midnight a\n@annually a\n@yearly a\n@weekly a\n@monthly a\n@hourly a\n",
    "\r\n",
    "* * * * * a\r\n",
    "A=b\r\n",
    "# x\r\n",
    "5! * * * * a\n",
    "*5 * * * * a\n",
    "9-3 * * * * a\n",
    "5/15 * * * * a\n",
    "5-/2 * * * * a\n",
    "*/0 * * * * a\n",
    "*/x * * * * a\n",
    "*/99 * * * * a\n",
    "1,2,, * * * * a\n",
    "1,2 * * * * a\n",
    "1, 2 * * * a\n",
    ",1 * * * * a\n",
    "- * * * * a\n",
    "60 * * * * a\n",
    "* 24 * * * a\n",
    "* * 0 * * a\n",
    "* * 32 * * a\n",
    "* * * 0 * a\n",
    "* * * 13 * a\n",
    "* * * * 8 a\n",
    "* * * * 7 a\n",
    "* * * jan-MAR mon,Fri a\n",
    "* * * january * a\n",
    "jan * * * * a\n",
    "* * * jan-mar/2 sun-sat/3 a\n",
    "0-59/7,3 1-5 1,15 * * a % b\n",
    "007 * * * * a\n",
    "+1 * * * * a\n",
    "1-70 * * * * a\n",
    "\u{e4} * * * * a\n",
    "\\\n* * * * * a\n",
];

/// A text of pieces that crontabs are made of.
fn text(dice: &mut Dice) -> Vec<u8> {
    const PIECES: [&str; 34] = [
        "*",
        "*",
        "*",
        " ",
        " ",
        " ",
        " ",
        "\t",
        "\n",
        "\n",
        "a",
        "0",
        "5",
        "59",
        "60",
        "1-5",
        "*/5",
        "mon",
        "jan",
        "@daily ",
        "@x",
        "A",
        "=",
        "'",
        "\"",
        "#",
        "%",
        "\\",
        ",",
        "/",
        "-",
        "\r\n",
        "* * * * * ",
        "0 2 * * 1 ",
    ];
    let mut text = Vec::new();
    for _ in 0..dice.below(24) {
        text.extend(PIECES[dice.below(PIECES.len())].bytes());
    }
    if dice.below(3) > 0 {
        text.push(b'\n');
    }
    text
}

/// What `crontab` itself says of a file, without installing it.
fn cron_takes(file: &Path) -> bool {
    let output = Command::new("crontab")
        .args(["-n"])
        .arg(file)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let known = ["successfully checked", "can't install", "premature EOF"];
    assert!(known.iter().any(|word| said.contains(word)), "{said}");
    output.status.success()
}

#[test]
fn crontabs_are_taken_and_refused_as_cron_does() {
    let journey = Journey::new("crontab -n").root().program("crontab");
    if !journey.ready() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tab");
    let mut dice = Dice::new(99);
    let written = TEXTS.iter().map(|text| text.as_bytes().to_vec());
    let command = |length: usize| format!("* * * * * {}\n", "x".repeat(length)).into_bytes();
    let setting = |length: usize| format!("A='{}'\n", "x".repeat(length)).into_bytes();
    let long = [command(998), command(999), command(5_000)];
    let wide = [
        setting(990),
        setting(994),
        setting(995),
        setting(996),
        setting(2_000),
    ];
    let rest = (0..700).map(|_| text(&mut dice)).collect::<Vec<_>>();
    let (mut taken, mut refused) = (0, 0);
    for text in written.chain(long).chain(wide).chain(rest) {
        fs::write(&file, &text).unwrap();
        let tab = Crontab::parse(&text, Dialect::User);
        let takes = tab.fault().is_none();
        assert_eq!(
            takes,
            cron_takes(&file),
            "{:?}: {:?}",
            String::from_utf8_lossy(&text),
            tab.fault()
        );
        if takes { taken += 1 } else { refused += 1 }
    }
    eprintln!("{taken} crontabs taken, {refused} refused, as cron does");
    assert!(taken >= 50 && refused >= 50);
}
