//! The checker's config. What is taken is taken again with a comment behind it, and
//! never with a key that nobody knows; a fault has its place in the text.

use checker::config::{Config, ConfigError};

/// Reads the bytes as a config.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let shown = |config: Result<Config, ConfigError>| match config {
        Ok(config) => format!("{config:?}"),
        Err(fault) => format!("{fault}"),
    };
    let read = Config::parse(text, "config.toml");
    assert_eq!(
        shown(Config::parse(text, "config.toml")),
        match &read {
            Ok(config) => format!("{config:?}"),
            Err(fault) => format!("{fault}"),
        }
    );
    match read {
        Ok(config) => {
            assert!(config.checker.deadline.as_secs() >= 1);
            assert!(config.checker.interval.seconds() >= 1);
            let more = format!("{text}\n# nothing more");
            let again = Config::parse(&more, "config.toml").expect("a comment changes nothing");
            // The text itself is kept for the jobs in it.
            assert_eq!(
                format!("{again:?}").replace("\\n# nothing more", ""),
                format!("{config:?}")
            );
            for odd in ["zz_unknown = 1\n", "[zz_unknown]\n"] {
                assert!(
                    Config::parse(&format!("{odd}{text}"), "x").is_err(),
                    "{odd}"
                );
            }
        }
        Err(fault) => {
            assert!(!fault.message.is_empty());
            if let Some((line, column, shown)) = &fault.place {
                let there = text.split('\n').nth(line - 1).expect("no such line");
                let there = there.strip_suffix('\r').unwrap_or(there);
                assert!(*column <= there.chars().count() + 2, "{fault}");
                assert!(!shown.contains('\n'));
            }
        }
    }
}
