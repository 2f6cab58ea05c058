//! The stand-in notices a token that travels where it should not.

use house_tests::standin::client::Client;
use house_tests::standin::{Flavour, Standin};

fn trouble(
    flavour: Flavour,
    header: &str,
    value: &str,
    target: &str,
    body: &str,
) -> Option<String> {
    let forge = Standin::start(flavour);
    let token = forge.token();
    let fill = |text: &str| text.replace("TOKEN", &token);
    let client = Client::stranger(forge.url()).with(header, &fill(value));
    let _any = client.send("POST", &fill(target), fill(body).as_bytes());
    let log = forge.log();
    log[0].token_hygiene(flavour, &token).err()
}

#[test]
fn a_token_belongs_in_one_header_only() {
    use Flavour::{Forgejo, GitHub, GitLab};
    let fine = [
        (Forgejo, "Authorization", "token TOKEN"),
        (Forgejo, "Authorization", "Bearer TOKEN"),
        (GitHub, "Authorization", "Bearer TOKEN"),
        (GitLab, "PRIVATE-TOKEN", "TOKEN"),
    ];
    for (flavour, header, value) in fine {
        assert_eq!(trouble(flavour, header, value, "/x", ""), None);
    }
    let wrong = [
        (Forgejo, "Authorization", "Token TOKEN", "/x", ""),
        (Forgejo, "PRIVATE-TOKEN", "TOKEN", "/x", ""),
        (GitLab, "Authorization", "Bearer TOKEN", "/x", ""),
        (GitHub, "X-Debug", "TOKEN", "/x", ""),
        (GitHub, "X-Fine", "", "/x?a=TOKEN", ""),
        (GitHub, "X-Fine", "", "/TOKEN/x", ""),
        (GitLab, "X-Fine", "", "/x?private_token=other", ""),
        (GitLab, "X-Fine", "", "/x", "{\"body\":\"TOKEN\"}"),
    ];
    for (flavour, header, value, target, body) in wrong {
        let why = trouble(flavour, header, value, target, body);
        let why = why.unwrap_or_else(|| panic!("{flavour:?} {header} {target} {body}"));
        let leaked = why.contains("standin-5ecret") && !target.contains("/TOKEN");
        assert!(!leaked, "{why}");
    }
}

#[test]
#[should_panic(expected = "no request carried the token")]
fn somebody_must_have_shown_the_token() {
    Standin::start(Flavour::GitHub).assert_token_hygiene();
}
