//! What is GitHub's own; the contract that all forges share is tested against
//! the stand-in.

use super::*;

#[test]
fn the_api_has_its_place() {
    let cases = [
        ("https://api.github.com", "https://api.github.com/user"),
        ("https://github.com", "https://api.github.com/user"),
        ("https://github.com/", "https://api.github.com/user"),
        ("https://api.octo.ghe.com", "https://api.octo.ghe.com/user"),
        (
            "https://git.example.org",
            "https://git.example.org/api/v3/user",
        ),
        (
            "https://git.example.org/api/v3",
            "https://git.example.org/api/v3/user",
        ),
        (
            "https://git.example.org/api/v3/",
            "https://git.example.org/api/v3/user",
        ),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3/user"),
    ];
    for (url, whole) in cases {
        let url = Address::parse_base(url).unwrap();
        assert_eq!(api_of(&url).join(&["user"]).as_str(), whole);
    }
}
