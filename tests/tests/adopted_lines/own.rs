//! The crontab of a plain user, by the real program `crontab`, and back. The outer
//! test gives the inner one a spool of its own and a user without rights.

use std::env;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use adopt::apply::{Applied, Edit, Paths, Plan, Rewrite, Selection, own_crontab, rewrite, undo};
use adopt::crontab::{Crontab, Dialect};
use adopt::wrap::{Adoption, Pace, wrap};
use heartbeat::JobName;
use house_tests::needs::Journey;

/// Runs what follows as nobody, with a spool that nobody else sees.
const INSIDE: &str = r#"
mount -t tmpfs -o mode=1730,gid=crontab none /var/spool/cron/crontabs
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
"#;

#[test]
fn a_plain_user_adopts_by_crontab() {
    let journey = Journey::new("a plain user's crontab")
        .root()
        .program("crontab")
        .program("setpriv")
        .program("unshare");
    if !journey.ready() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    // Built where others may not look.
    let program = scratch.path().join("inner");
    std::fs::copy(env::current_exe().unwrap(), &program).unwrap();
    for path in [scratch.path(), &program] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let state = scratch.path().join("state");
    std::fs::create_dir(&state).unwrap();
    std::os::unix::fs::chown(&state, Some(65_534), Some(65_534)).unwrap();
    let output = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-euc",
            INSIDE,
            "sh",
        ])
        .arg(&program)
        .args(["--ignored", "--exact", "own::inside"])
        .env("ADOPT_TEST_STATE", &state)
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{output:#?}"
    );
}

fn install(text: &[u8]) {
    let mut child = Command::new("crontab")
        .arg("-")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
#[ignore = "the test above runs it as another user, with a spool of its own"]
fn inside() {
    let paths = Paths {
        state: PathBuf::from(env::var_os("ADOPT_TEST_STATE").unwrap()),
        root: "/".into(),
    };
    assert_ne!(std::fs::metadata("/proc/self").unwrap().uid(), 0);
    assert_eq!(own_crontab().unwrap(), b"");
    let text = b"# mine \xff\nX='a  b'\n@daily echo 'a  b' %in\n";
    install(text);
    let old = own_crontab().unwrap();
    assert_eq!(old, text);

    let plan = |old: &[u8]| {
        let tab = Crontab::parse(old, Dialect::User);
        let job = JobName::new("mine").unwrap();
        let adoption = Adoption {
            beat: Path::new("beat"),
            job: &job,
            pace: Pace::Line { zone: None },
            options: &[],
        };
        let found = tab.jobs().last().unwrap();
        let line = wrap(&tab, &found, &adoption).unwrap();
        let lines = [("mine".to_owned(), found.line.number, line)];
        let Rewrite { new, jobs } = rewrite(&tab, &lines);
        Plan {
            edits: vec![Edit::OwnCrontab {
                old: old.to_vec(),
                new,
                jobs,
            }],
        }
    };
    let plan = plan(&old);
    assert_eq!(plan.carry_out(&paths).unwrap().changed.len(), 1);
    let new = own_crontab().unwrap();
    let line = b"@daily exec beat mine --cron @daily -- \"$SHELL\" -c 'echo '\\''a  b'\\'' '%in\n";
    assert!(new.ends_with(line), "{}", String::from_utf8_lossy(&new));
    assert_eq!(plan.carry_out(&paths).unwrap(), Applied::default());

    undo(&paths, &Selection::Jobs(vec!["mine".to_owned()])).unwrap();
    assert_eq!(own_crontab().unwrap(), text);
    install(b"@daily other\n");
    let error = plan.carry_out(&paths).unwrap_err();
    assert!(error.why.contains("changed by somebody else"), "{error}");

    // What crontab -l hides is not written over.
    install(b"@daily a\r\n");
    let error = own_crontab().unwrap_err();
    assert!(error.to_string().contains("carriage returns"), "{error}");
}
