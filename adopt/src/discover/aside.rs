//! Lines and scripts of packages that step aside where systemd runs, because a timer
//! does their work there. Only plain shapes are known; of any other the job is taken to
//! do its work.

/// The folder that is there where systemd runs.
const MARK: &str = "/run/systemd/system";

/// Whether a cron line does nothing where systemd runs.
pub(super) fn line(command: &str) -> bool {
    let Some((before, after)) = command.split_once(MARK) else {
        return false;
    };
    let Some((head, not)) = tested(before) else {
        return false;
    };
    if !only_tests(head) {
        return false;
    }
    let after = after.trim_start().trim_start_matches(']').trim_start();
    if not {
        let guarded = after.starts_with("&&")
            || after.starts_with("-a ")
            || (after.starts_with("; then") && command.trim_end().ends_with("fi"));
        guarded && !after.contains("||")
    } else {
        after.starts_with("||")
    }
}

/// Whether a script ends at once where systemd runs: among its first commands.
pub(super) fn script(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines.by_ref().take(20) {
        let Some((before, after)) = line.split_once(MARK) else {
            continue;
        };
        let Some((_, not)) = tested(before) else {
            continue;
        };
        let after = after.trim_start().trim_start_matches(']').trim();
        if not {
            return after.starts_with("||") && after.contains("exit 0");
        }
        // Its timer runs the same script, and says so.
        let after = match after.strip_prefix("&&") {
            Some(more) if more.contains("!= \"systemd-timer\" ]") => {
                more.rsplit(']').next().unwrap_or_default().trim()
            }
            Some(more) => return more.contains("exit 0"),
            None => after,
        };
        let next = after.trim_start_matches(';').trim();
        if next == "then" || next.is_empty() {
            let mut rest = lines.skip_while(|line| *line == "then");
            return rest.next().is_some_and(|line| line.starts_with("exit 0"));
        }
        return next.starts_with("then exit 0");
    }
    false
}

/// What is before a test of the folder, and whether it is asked for its absence.
fn tested(before: &str) -> Option<(&str, bool)> {
    let before = before.trim_end();
    let head = before
        .strip_suffix("-d")
        .or_else(|| before.strip_suffix("-e"))?
        .trim_end();
    let (head, not) = match head.strip_suffix('!') {
        Some(head) => (head.trim_end_matches('\\').trim_end(), true),
        None => (head, false),
    };
    Some((head, not))
}

/// Whether nothing but tests comes before: `test -x a -a`, `[ -x a ] && if [`.
fn only_tests(head: &str) -> bool {
    head.split("&&").map(str::trim).all(|part| {
        let part = part.strip_prefix("if ").unwrap_or(part);
        let tests = ["test ", "[ ", "command -v "];
        part.is_empty()
            || part == "["
            || part == "test"
            || tests.iter().any(|t| part.starts_with(t))
    }) && !head.contains([';', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_packages() {
        for (command, expected) in [
            (
                "test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r",
                true,
            ),
            ("[ -d /run/systemd/system ] || /usr/bin/x", true),
            (
                "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
                true,
            ),
            (
                "test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep' && certbot -q renew",
                true,
            ),
            (
                "[ -x /etc/init.d/anacron ] && if [ ! -d /run/systemd/system ]; then /usr/sbin/invoke-rc.d anacron start >/dev/null; fi",
                true,
            ),
            ("[ -d /run/systemd/system ] && /usr/bin/x", false),
            ("/usr/bin/x; test -e /run/systemd/system || y", false),
            ("[ ! -d /run/systemd/system ] && a || b", false),
            ("if [ ! -d /run/systemd/system ]; then a; fi; b", false),
            ("ls /run/systemd/system", false),
            ("backup", false),
        ] {
            assert_eq!(line(command), expected, "{command}");
        }
    }

    #[test]
    fn scripts_of_packages() {
        for (text, expected) in [
            (
                "#!/bin/sh\n\n# skip in favour of a timer\nif [ -d /run/systemd/system ]; then\n    exit 0\nfi\nwork\n",
                true,
            ),
            (
                "#!/bin/sh\nset -e\n# x\nif [ -d /run/systemd/system ]; then\n  # Skip in favour of systemd timer.\n  exit 0\nfi\n",
                true,
            ),
            ("[ -d /run/systemd/system ] && exit 0\nwork\n", true),
            (
                "X=$1\nif [ -d /run/systemd/system ] && [ \"$X\" != \"systemd-timer\" ]; then\n  exit 0\nfi\n",
                true,
            ),
            (
                "if [ -d /run/systemd/system ] && [ \"$X\" != \"systemd-timer\" ]; then\n  work\nfi\n",
                false,
            ),
            ("test ! -d /run/systemd/system || exit 0\n", true),
            ("if test -e /run/systemd/system\nthen\nexit 0\nfi\n", true),
            (
                "if [ -d /run/systemd/system ]; then\n  systemctl x\nfi\n",
                false,
            ),
            ("work\n", false),
            ("", false),
        ] {
            assert_eq!(script(text), expected, "{text}");
        }
    }
}
