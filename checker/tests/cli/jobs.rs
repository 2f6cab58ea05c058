//! Expected jobs and further forges, as `config --check` tells of them.

use std::fs;
use std::process::Command;

use super::scene::{Ran, Scene};

fn check(scene: &Scene, text: &str, env: &[(&str, &str)]) -> Ran {
    let path = scene.write_config(text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_beat-check"));
    command.args(["config", "--check", "--config"]).arg(&path);
    command.envs(env.iter().copied());
    scene.finish(&mut command)
}

/// A config whose folder of expected jobs holds these files.
fn with_jobs(scene: &Scene, files: &[(&str, &str)], rest: &str) -> String {
    let dir = scene.path("jobs.d");
    fs::create_dir_all(&dir).unwrap();
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
    format!("[checker]\njobs_dir = {dir:?}\n{rest}")
}

#[test]
fn what_is_expected_is_counted() {
    let scene = Scene::new();
    let files = [
        (
            "a.toml",
            "[one]\nevery = \"1d\"\n[two]\nschedule = \"0 2 * * *\"\ntimezone = \"Europe/Riga\"\nneeds = [\"vpn\"]\n",
        ),
        (
            "b.toml",
            "[\"postgres/vacuum\"]\nevery = \"1d\"\nforge = \"db\"\nrepo = \"db/ops\"\n",
        ),
        ("notes.txt", ""),
    ];
    let text = with_jobs(
        &scene,
        &files,
        "[jobs.three]\nevery = \"1h\"\n[forges.db]\nkind = \"github\"\nrepo = \"db/watch\"\n",
    );
    let ran = check(&scene, &text, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn all_faults_of_expected_jobs_are_told() {
    let scene = Scene::new();
    let files = [
        ("a.toml", "[one]\nevery = \"soon\"\n[two]\n"),
        ("b.toml", "[three\n"),
    ];
    let text = with_jobs(&scene, &files, "[jobs.two]\nevery = 60\nforge = \"db\"\n");
    let ran = check(&scene, &text, &[]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.err);
}

#[test]
fn each_forge_has_a_token_of_its_own() {
    let scene = Scene::new();
    let text = "[forge]\nkind = \"github\"\nrepo = \"a/b\"\n[forges.db-ops]\nkind = \"github\"\nrepo = \"a/c\"\n";
    let good = ("HEARTBEAT_FORGE_TOKEN", "g00d");
    let ran = check(&scene, text, &[good]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = check(
        &scene,
        text,
        &[good, ("HEARTBEAT_FORGE_TOKEN_DB_OPS", "b a d")],
    );
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.err,
        "error: cannot use the token in the environment variable HEARTBEAT_FORGE_TOKEN_DB_OPS: it has white space inside\n\
         hint: set it to the token alone, or use `token_file`\n"
    );
}
