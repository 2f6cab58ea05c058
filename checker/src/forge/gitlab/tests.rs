//! What is GitLab's own; the contract that all forges share is tested against
//! the stand-in.

use super::*;

#[test]
fn no_line_is_a_command() {
    let cases = [
        ("", ""),
        ("a\n/close\nb", "a\n\\/close\nb"),
        ("/close", "\\/close"),
        ("  /close\n", "  \\/close\n"),
        ("\t/close\n", "\t\\/close\n"),
        ("    /close\n", "    /close\n"),
        ("a /close\n", "a /close\n"),
        ("```\n/close\n```\n/close\n", "```\n/close\n```\n\\/close\n"),
        (
            "~~~ text\n/close\n```\n/close\n~~~\n/close",
            "~~~ text\n/close\n```\n/close\n~~~\n\\/close",
        ),
        (
            "````\n```\n/close\n````\n/close",
            "````\n```\n/close\n````\n\\/close",
        ),
        ("``` a`b\n/close\n", "``` a`b\n\\/close\n"),
        ("```\n    ```\n/close\n", "```\n    ```\n/close\n"),
        (
            "<!-- heartbeat-checker {} -->\r\n/close\r\n",
            "<!-- heartbeat-checker {} -->\r\n\\/close\r\n",
        ),
    ];
    for (text, quiet) in cases {
        assert_eq!(without_commands(text), quiet, "{text:?}");
        assert_eq!(without_commands(quiet), quiet, "quiet is quiet");
    }
}
