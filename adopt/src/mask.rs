//! Command lines as they are shown: what looks like a secret is `***`. Too much may be
//! hidden, and a secret that looks like nothing of the kind is not: a crontab is no
//! place for one.

/// Words in a name that say that its value is a secret.
const SECRET: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "auth",
    "credential",
    "private_key",
];

/// Programs whose `-pVALUE` is a password.
const MYSQL: [&str; 8] = [
    "mysql",
    "mysqldump",
    "mysqladmin",
    "mariadb",
    "mariadb-dump",
    "mysqlcheck",
    "mysqlimport",
    "sshpass",
];

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// A command line without its secrets.
#[must_use]
pub fn masked(command: &str) -> String {
    // Most lines have none of it.
    let lower = command.to_ascii_lowercase();
    let suspect = SECRET.iter().any(|word| lower.contains(word))
        || lower.contains("://")
        || lower.contains("bearer")
        || lower.contains(" -p")
        || lower.contains(" -u");
    if !suspect {
        return command.to_owned();
    }
    let mut out = String::with_capacity(command.len());
    let mut program = String::new();
    let mut hide_next = false;
    // Within a secret in quotes, up to the one that ends it.
    let mut until: Option<char> = None;
    for piece in command.split_inclusive([' ', '\t']) {
        let word = piece.trim_end_matches([' ', '\t']);
        let blank = &piece[word.len()..];
        let bare = word.trim_matches(['"', '\'']);
        if let Some(quote) = until {
            if word.ends_with(quote) {
                until = None;
            }
            continue;
        }
        if hide_next && !word.is_empty() {
            hide_next = bare.eq_ignore_ascii_case("bearer") || bare.eq_ignore_ascii_case("basic");
            out.push_str(if hide_next { word } else { HIDDEN });
            out.push_str(blank);
            continue;
        }
        let name = bare.rsplit('/').next().unwrap_or(bare);
        if MYSQL.contains(&name) {
            name.clone_into(&mut program);
        }
        let shown = word_masked(word, bare, &program, &mut hide_next);
        if shown.ends_with(HIDDEN) {
            until = open_quote(word);
        }
        out.push_str(&shown);
        out.push_str(blank);
    }
    out
}

/// The quote that begins in a word's value and does not end there.
fn open_quote(word: &str) -> Option<char> {
    let (_, value) = word.split_once(['=', ':'])?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    (value.len() == 1 || !value.ends_with(quote)).then_some(quote)
}

/// One word, and whether the next one is a secret.
fn word_masked(word: &str, bare: &str, program: &str, hide_next: &mut bool) -> String {
    // name=value, --name=value, name:value as in a header
    if let Some((name, value)) = word.split_once(['=', ':'])
        && is_secret(name)
        && !value.starts_with("//")
    {
        if value.is_empty() || value == "\"" || value == "'" {
            *hide_next = true;
            return word.to_owned();
        }
        return format!("{}{HIDDEN}", &word[..=name.len()]);
    }
    // A password in an address: https://user:secret@host
    if let Some((before, rest)) = word.split_once("://")
        && let Some((login, after)) = rest.split_once('@')
        && let Some((user, _)) = login.split_once(':')
        && !login.contains('/')
    {
        return format!("{before}://{user}:{HIDDEN}@{after}");
    }
    let next = bare.eq_ignore_ascii_case("bearer")
        || (bare.starts_with("--") && is_secret(bare))
        || (program == "sshpass" && bare == "-p");
    if next {
        *hide_next = true;
    } else if !program.is_empty() && bare.len() > 2 && bare.starts_with("-p") {
        return format!("-p{HIDDEN}");
    } else if let Some((user, secret)) = bare.split_once(':')
        && is_login(user, secret)
    {
        return format!("{user}:{HIDDEN}");
    }
    word.to_owned()
}

/// Whether a word looks like `user:password`, as `curl -u` takes it: no path, no time,
/// no port, no file mode.
fn is_login(user: &str, secret: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !user.is_empty()
        && user.chars().all(plain)
        && secret.len() >= 8
        && secret.chars().any(|c| c.is_ascii_digit())
        && secret.chars().any(char::is_alphabetic)
        && !secret.contains(['/', '.'])
}

fn is_secret(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'', '-']).to_ascii_lowercase();
    let sound = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    name.len() <= 64
        && name.chars().all(sound)
        && SECRET.iter().any(|word| {
            name == *word || name.split(['_', '-']).any(|p| p == *word) || name.ends_with(word)
        })
        && !name.ends_with("_file")
        && !name.ends_with("-file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden() {
        for (command, shown) in [
            ("backup --all", "backup --all"),
            ("PGPASSWORD=hunter2 pg_dump x", "PGPASSWORD=*** pg_dump x"),
            ("mysqldump -uroot -phunter2 db", "mysqldump -uroot -p*** db"),
            ("cp -p a b", "cp -p a b"),
            (
                "x --password=hunter2 --verbose",
                "x --password=*** --verbose",
            ),
            ("x --api-key hunter2 --verbose", "x --api-key *** --verbose"),
            ("x --password-file /etc/x", "x --password-file /etc/x"),
            ("curl https://u:hunter2@h/p", "curl https://u:***@h/p"),
            ("curl https://h:8080/p", "curl https://h:8080/p"),
            ("curl -u bob:hunter22 http://h", "curl -u bob:*** http://h"),
            (
                "curl -H 'Authorization: Bearer abc' http://h",
                "curl -H 'Authorization: Bearer *** http://h",
            ),
            (
                "curl -H \"X-Auth-Token: abc\" h",
                "curl -H \"X-Auth-Token: *** h",
            ),
            ("sshpass -p hunter2 ssh h", "sshpass -p *** ssh h"),
            ("x TOKEN= y", "x TOKEN= ***"),
            ("PASS=\"a b c\" x --y", "PASS=*** x --y"),
            ("PASS='a b", "PASS=*** "),
        ] {
            assert_eq!(masked(command), shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_shown(command: String) {
            let _ = masked(&command);
        }

        #[test]
        fn a_password_never_shows(secret in "[A-Za-z0-9]{9,20}Q7", name in "(DB_PASSWORD|token|--secret|PASS)") {
            let line = format!("/bin/x {name}={secret} --more");
            proptest::prop_assert!(!masked(&line).contains(&secret));
        }
    }
}
