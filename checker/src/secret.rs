//! The forge's token: where it comes from, and a type that never shows it.
//!
//! It is never taken from an argument (others see those in the process list)
//! nor from the config itself (that is readable and gets copied around).

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Name of the environment variable that may hold the token.
pub const TOKEN_VARIABLE: &str = "HEARTBEAT_FORGE_TOKEN";

/// Name of the systemd credential (`LoadCredential=`) that may hold the token.
pub const TOKEN_CREDENTIAL: &str = "forge-token";

/// No token is longer; a longer file is something else.
const MAX_BYTES: u64 = 16 * 1024;

/// A text that must not be seen: printing it prints `(secret)`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a token: visible ASCII characters only, at least one. White space
    /// around it is dropped.
    ///
    /// # Errors
    /// In words, without the value, what is wrong with it.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() {
            return Err("is empty");
        }
        if text.contains(['\n', '\r']) {
            return Err("has more than one line");
        }
        if text.contains(|c: char| c.is_whitespace()) {
            return Err("has white space inside");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has a character that no token has");
        }
        Ok(Self(text.to_owned()))
    }

    /// The value itself, for the header of a request only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the value put out of sight, also where it
    /// is escaped or in other letters (a host's name is told in small ones).
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut text = hide(text, &self.0);
        for escaped in [escaped_for_url(&self.0), escaped_for_json(&self.0)] {
            if escaped != self.0 {
                text = hide(&text, &escaped);
            }
        }
        text
    }
}

/// `text` with `(secret)` in the place of `value`, large and small letters alike.
fn hide(text: &str, value: &str) -> String {
    let (low, value) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
    let mut hidden = String::with_capacity(text.len());
    let mut last = 0;
    for (at, _) in low.match_indices(&value) {
        hidden.push_str(text.get(last..at).unwrap_or_default());
        hidden.push_str("(secret)");
        last = at + value.len();
    }
    hidden.push_str(text.get(last..).unwrap_or_default());
    hidden
}

/// As it would stand in a query or a path.
fn escaped_for_url(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// As it would stand in JSON.
fn escaped_for_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inner = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(&quoted).to_owned()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Why there is no usable token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError {
    /// Where the token should have come from: a path or a variable's name.
    pub place: String,
    /// What is wrong with it. Never a part of it.
    pub why: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use the token in {}: {}", self.place, self.why)
    }
}

impl std::error::Error for SecretError {}

/// The environment variable for the token of `[forge]`, or of `[forges.NAME]`:
/// `HEARTBEAT_FORGE_TOKEN_OPS`.
#[must_use]
pub fn token_variable(forge: Option<&str>) -> String {
    match forge {
        None => TOKEN_VARIABLE.to_owned(),
        Some(name) => {
            let name = name.to_ascii_uppercase().replace('-', "_");
            format!("{TOKEN_VARIABLE}_{name}")
        }
    }
}

/// The systemd credential for the token of `[forge]`, or of `[forges.NAME]`:
/// `forge-token-ops`.
#[must_use]
pub fn token_credential(forge: Option<&str>) -> String {
    match forge {
        None => TOKEN_CREDENTIAL.to_owned(),
        Some(name) => format!("{TOKEN_CREDENTIAL}-{name}"),
    }
}

/// Finds the token of `[forge]`; see [`load_for`].
///
/// # Errors
/// As [`load_for`].
pub fn load(
    token_file: Option<&Path>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<Secret>, SecretError> {
    load_for(None, token_file, env)
}

/// Finds the token of a forge: `token_file`, else `$CREDENTIALS_DIRECTORY/forge-token`
/// where that file exists, else `HEARTBEAT_FORGE_TOKEN` where that is set and
/// not empty; with the forge's name behind them where it has one. A named forge
/// never gets the token of another: it may be somebody else's server. `env`
/// looks up an environment variable.
///
/// # Errors
/// When the first place that applies holds no usable token. Later places are
/// not tried then.
pub fn load_for(
    forge: Option<&str>,
    token_file: Option<&Path>,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<Secret>, SecretError> {
    if let Some(path) = token_file {
        return from_file(path, true).map(Some);
    }
    if let Some(folder) = env("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty()) {
        let path = PathBuf::from(folder).join(token_credential(forge));
        if path.exists() {
            // The service manager guards its folder; the modes inside are its own.
            return from_file(&path, false).map(Some);
        }
    }
    let variable = token_variable(forge);
    let Some(value) = env(&variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let fault = |why: &str| SecretError {
        place: format!("the environment variable {variable}"),
        why: format!("it {why}"),
        hint: "set it to the token alone, or use `token_file`".to_owned(),
    };
    let text = value.to_str().ok_or_else(|| fault("is not text"))?;
    Secret::new(text).map(Some).map_err(fault)
}

/// Reads a token from a file: regular, small, and (`private`) not open to all.
fn from_file(path: &Path, private: bool) -> Result<Secret, SecretError> {
    let fault = |why: String, hint: &str| SecretError {
        place: path.display().to_string(),
        why,
        hint: hint.to_owned(),
    };
    // Without O_NONBLOCK a FIFO would hold up the pass for ever.
    let mut file = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => fault(
                "there is no such file".to_owned(),
                "write the token into it, or correct `token_file`",
            ),
            std::io::ErrorKind::PermissionDenied => fault(
                "permission denied".to_owned(),
                "let the user that runs beat-check read it: chown, then chmod 600",
            ),
            _ => fault(error.to_string(), "correct `token_file`"),
        })?;
    let meta = file
        .metadata()
        .map_err(|error| fault(error.to_string(), "correct `token_file`"))?;
    if !meta.is_file() {
        return Err(fault(
            "it is no regular file".to_owned(),
            "correct `token_file`",
        ));
    }
    if private && meta.mode() & 0o007 != 0 {
        return Err(fault(
            format!(
                "every user on this host may use it (mode {:04o})",
                meta.mode() & 0o7777
            ),
            "chmod 600 it, and make a new token: this one may have been read",
        ));
    }
    let mut text = String::new();
    let one_line = "the file holds the token alone, on one line";
    file.by_ref()
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => fault("it is not text".to_owned(), one_line),
            _ => fault(error.to_string(), one_line),
        })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(fault("it is too large for a token".to_owned(), one_line));
    }
    Secret::new(&text).map_err(|why| fault(format!("it {why}"), one_line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn write(dir: &Path, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    #[test]
    fn a_file_that_cannot_serve_is_named_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let cases = [
            ("empty", "", 0o600, "it is empty"),
            ("blank", " \n\n", 0o600, "it is empty"),
            (
                "two-lines",
                "abc\ndef\n",
                0o600,
                "it has more than one line",
            ),
            ("inside", "abc def\n", 0o600, "it has white space inside"),
            (
                "odd",
                "abc\u{7}def",
                0o600,
                "it has a character that no token has",
            ),
            (
                "open",
                "abc\n",
                0o644,
                "every user on this host may use it (mode 0644)",
            ),
        ];
        for (name, content, mode, why) in cases {
            let path = write(dir.path(), name, content, mode);
            let error = load(Some(&path), &nothing).unwrap_err();
            assert_eq!(error.why, why, "{name}");
            assert!(!error.hint.is_empty());
            assert!(error.to_string().contains(name), "{error}");
            assert!(!error.to_string().contains("def"), "{error}");
        }
        let missing = load(Some(&dir.path().join("missing")), &nothing).unwrap_err();
        assert_eq!(missing.why, "there is no such file");
        let folder = load(Some(dir.path()), &nothing).unwrap_err();
        assert_eq!(folder.why, "it is no regular file");
        let long = write(dir.path(), "long", &"a".repeat(20_000), 0o600);
        let error = load(Some(&long), &nothing).unwrap_err();
        assert_eq!(error.why, "it is too large for a token");
        let binary = dir.path().join("binary");
        std::fs::write(&binary, [0xff, 0xfe]).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            load(Some(&binary), &nothing).unwrap_err().why,
            "it is not text"
        );
    }

    #[test]
    fn a_fifo_does_not_hold_up_the_pass() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from(0o600)).unwrap();
        let error = load(Some(&path), &nothing).unwrap_err();
        assert_eq!(error.why, "it is no regular file");
    }

    #[test]
    fn the_file_comes_before_the_credential_before_the_variable() {
        let dir = tempfile::tempdir().unwrap();
        let file = write(dir.path(), "token", "from-file\n", 0o600);
        let all = |name: &str| match name {
            "CREDENTIALS_DIRECTORY" => Some(dir.path().as_os_str().to_owned()),
            TOKEN_VARIABLE => Some("from-variable".into()),
            _ => None,
        };
        let found = |token_file: Option<&Path>| load(token_file, &all).unwrap().unwrap();
        assert_eq!(found(Some(&file)).reveal(), "from-file");
        assert_eq!(found(None).reveal(), "from-variable");
        write(dir.path(), TOKEN_CREDENTIAL, "from-credential", 0o444);
        assert_eq!(found(None).reveal(), "from-credential");
        assert_eq!(load(None, &nothing).unwrap(), None);
        let empty = |_: &str| Some(OsString::new());
        assert_eq!(load(None, &empty).unwrap(), None);
        let bad = |name: &str| (name == TOKEN_VARIABLE).then(|| "a b".into());
        let error = load(None, &bad).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot use the token in the environment variable HEARTBEAT_FORGE_TOKEN: \
             it has white space inside"
        );
    }

    #[test]
    fn a_named_forge_has_places_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), TOKEN_CREDENTIAL, "of-the-first", 0o444);
        let env = |name: &str| match name {
            "CREDENTIALS_DIRECTORY" => Some(dir.path().as_os_str().to_owned()),
            TOKEN_VARIABLE => Some("of-the-first".into()),
            "HEARTBEAT_FORGE_TOKEN_DB_OPS" => Some("of-db-ops".into()),
            _ => None,
        };
        let found = |name: &str| load_for(Some(name), None, &env).unwrap();
        assert_eq!(found("ops"), None, "never that of another forge");
        assert_eq!(found("db-ops").unwrap().reveal(), "of-db-ops");
        write(dir.path(), "forge-token-db-ops", "from-credential", 0o444);
        assert_eq!(found("db-ops").unwrap().reveal(), "from-credential");
    }

    #[test]
    fn it_is_never_shown() {
        let secret = Secret::new("tok3n-value").unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "(secret) (secret)");
        assert_eq!(secret.redact("a=tok3n-value&b"), "a=(secret)&b");
        assert_eq!(
            secret.redact("http://TOK3N-value.org ü"),
            "http://(secret).org ü"
        );
        let odd = Secret::new("to/k\"en").unwrap();
        assert_eq!(
            odd.redact(r#"?token=to%2Fk%22en {"token":"to/k\"en"}"#),
            r#"?token=(secret) {"token":"(secret)"}"#
        );
    }
}
