//! Configs with faults: each is shown where it is, with what is allowed.

use super::scene::Scene;

fn refused(text: &str) -> String {
    let scene = Scene::new();
    let path = scene.write_config(text);
    let check = scene.finish(
        std::process::Command::new(env!("CARGO_BIN_EXE_beat-check"))
            .args(["config", "--check", "--config"])
            .arg(&path),
    );
    assert_eq!(check.code, 2, "{text}");
    let pass = scene.finish(scene.command(&["--config"]).arg(&path));
    assert_eq!((pass.code, &pass.err), (2, &check.err), "{text}");
    assert!(!scene.path("state").exists());
    check.err
}

#[test]
fn faults_with_their_place() {
    let faults = [
        "[checker]\nintervall = \"15m\"\n",
        "[cheker]\n",
        "[checker]\ninterval = \"soon\"\n",
        "[checker]\ninterval = true\n",
        "[checker]\ndeadline = \"0s\"\n",
        "[checker]\nhost = \"a b\"\n",
        "[issues]\nstorm_threshold = -1\n",
        "[forge]\nkind = \"svn\"\n",
        "[forge]\nkind = \"gitea\"\nurl = \"https://git.example.org\"\nrepo = \"watch\"\n",
        "[forge]\nkind = \"gitea\"\nurl = \"http://git.example.org\"\nrepo = \"ops/watch\"\n",
        "[forge]\nkind = \"gitea\"\nrepo = \"ops/watch\"\n",
        "[forge]\nkind = \"github\"\nrepo = \"ops/watch\"\ntoken = \"hunter2\"\n",
        "[watchdog]\nping_url = \"not a url\"\n",
        "[checker\n",
        "[checker]\nhost = \"a\"\nhost = \"b\"\n",
    ];
    let said: Vec<String> = faults.iter().map(|text| refused(text)).collect();
    for message in &said {
        assert!(
            message.starts_with("error: [scratch]/config.toml"),
            "{message}"
        );
    }
    insta::assert_snapshot!("faults", said.join("\n"));
}

#[test]
fn a_token_in_the_config_is_not_shown() {
    let said = refused("[forge]\nkind = \"github\"\nrepo = \"ops/watch\"\ntoken = \"hunter2\"\n");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_config_that_is_not_there() {
    let scene = Scene::new();
    let ran = scene.finish(scene.command(&["--config"]).arg(scene.path("none.toml")));
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.err,
        "error: [scratch]/none.toml: cannot read the config: there is no such file\n\
         hint: beat-check config --print-default shows a whole one\n"
    );
}

#[test]
fn the_default_config_is_in_order() {
    let scene = Scene::new();
    let program = || std::process::Command::new(env!("CARGO_BIN_EXE_beat-check"));
    let printed = scene.finish(program().args(["config", "--print-default"]));
    assert_eq!(printed.code, 0);
    let path = scene.write_config(&printed.out);
    let check = scene.finish(program().args(["config", "--check", "--config"]).arg(&path));
    assert_eq!((check.code, check.err.as_str()), (0, ""));
    assert_eq!(
        check.out,
        "[scratch]/config.toml: in order; issues go to a folder forge\n"
    );
    // Each key that is commented out is a key, too.
    let all: String = printed
        .out
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key)
                if key.contains(" = ")
                    && key
                        .split(' ')
                        .next()
                        .is_some_and(|k| k.chars().all(|c| c.is_ascii_lowercase() || c == '_')) =>
            {
                format!("{key}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let path = scene.write_config(&all);
    let check = scene.finish(program().args(["config", "--check", "--config"]).arg(&path));
    assert_eq!((check.code, check.err.as_str()), (0, ""), "{all}");
}

#[test]
fn the_config_decides_and_flags_win() {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    let text = format!(
        "[checker]\nhost = \"bezalel\"\nstores = [\"{}\"]\nstate_dir = \"{}\"\n[forge]\nkind = \"folder\"\n[export]\nprometheus_file = \"{}\"\n",
        scene.store().display(),
        scene.path("named").display(),
        scene.path("heartbeat.prom").display(),
    );
    let path = scene.write_config(&text);
    let ran = scene.finish(
        std::process::Command::new(env!("CARGO_BIN_EXE_beat-check"))
            .arg("--config")
            .arg(&path),
    );
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.starts_with("bezalel · "), "{}", ran.out);
    assert!(scene.path("named/last-pass.json").is_file());
    let metrics = std::fs::read_to_string(scene.path("heartbeat.prom")).unwrap();
    assert!(
        metrics.contains("heartbeat_job_flagged{job_name=\"db_backup\""),
        "{metrics}"
    );
    let ran = scene.finish(scene.command(&["--config"]).arg(&path));
    assert_eq!(ran.code, 1);
    assert!(scene.path("state/last-pass.json").is_file());
}
