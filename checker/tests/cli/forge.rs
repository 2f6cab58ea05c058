//! A forge that cannot be used: the verdicts are still printed, the record is
//! still written, and the exit code says what happened.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::scene::{Ran, Scene};

const TOKEN: &str = "s3cr3t-t0k3n";

/// A deadline that leaves room for every retry; a server that never answers is
/// waited for until it.
const ROOM: &str = "60s";

fn run(scene: &Scene, url: &str, more: &str, token: Option<&str>) -> Ran {
    run_within(ROOM, scene, url, more, token)
}

fn run_within(deadline: &str, scene: &Scene, url: &str, more: &str, token: Option<&str>) -> Ran {
    let text = format!(
        "[checker]\ndeadline = \"{deadline}\"\n[forge]\nkind = \"gitea\"\nurl = \"{url}\"\nrepo = \"ops/watch\"\n{more}"
    );
    let path = scene.write_config(&text);
    let mut command = scene.command(&["--config"]);
    command.arg(&path);
    if let Some(token) = token {
        command.env("HEARTBEAT_FORGE_TOKEN", token);
    }
    let ran = scene.finish(&mut command);
    assert!(
        !ran.out.contains(TOKEN) && !ran.err.contains(TOKEN),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("1 job: 1 silent"), "{}", ran.out);
    let record = fs::read_to_string(scene.path("state/last-pass.json")).unwrap();
    assert!(
        record.contains("\"verdict\":\"silent\"") && !record.contains(TOKEN),
        "{record}"
    );
    ran
}

fn scene() -> Scene {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    scene
}

#[test]
fn tokens_that_cannot_be_used() {
    let scene = scene();
    let file = scene.path("token");
    let named = format!("token_file = \"{}\"\n", file.display());
    let url = "http://127.0.0.1:9";
    let mut said = Vec::new();
    let mut take = |ran: Ran| {
        assert_eq!(ran.code, 4, "{}", ran.out);
        said.extend(
            ran.err
                .lines()
                .filter(|l| l.starts_with("problem: "))
                .map(str::to_owned),
        );
    };
    take(run(&scene, url, "", None));
    take(run(&scene, url, &named, None));
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    take(run(&scene, url, &named, None));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "").unwrap();
    take(run(&scene, url, &named, None));
    fs::write(&file, format!("{TOKEN} twice\n")).unwrap();
    take(run(&scene, url, &named, None));
    insta::assert_snapshot!("tokens", said.join("\n"));
}

/// A server that answers every connection with the same bytes; none: it never
/// answers.
fn server(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 4_096]);
            match answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                None => held.push(stream),
            }
        }
    });
    url
}

#[test]
fn answers_that_are_no_help() {
    let html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\nConnection: close\r\n\r\n<html>please sign in</html>";
    let wrong = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let later =
        "HTTP/1.1 429 Slow\r\nRetry-After: 600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let never = "HTTP/1.1 403 No\r\nContent-Length: 40\r\nConnection: close\r\n\r\n{\"message\":\"not allowed: s3cr3t-t0k3n !\"}";
    let away = "HTTP/1.1 307 Away\r\nLocation: http://127.0.0.2:1/steal\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\nConnection: close\r\n\r\n{\"login\":";
    let mut said = Vec::new();
    for answer in [
        Some(html),
        Some(wrong),
        Some(later),
        Some(never),
        Some(away),
        Some(half),
        Some(""),
        None,
    ] {
        let scene = scene();
        let url = server(answer);
        let deadline = if answer.is_none() { "2s" } else { ROOM };
        let ran = run_within(deadline, &scene, &url, "", Some(TOKEN));
        assert_eq!(ran.code, 4, "{}", ran.out);
        let problems = ran.err.lines().filter(|line| line.starts_with("problem: "));
        said.extend(problems.map(|line| {
            let line = line.replace(&url, "[forge]");
            match line.split_once(" within ") {
                Some((what, _)) => format!("{what} within […]"),
                None => line,
            }
        }));
    }
    assert_eq!(said.len(), 8, "{said:#?}");
    insta::assert_snapshot!("answers", said.join("\n"));
}
