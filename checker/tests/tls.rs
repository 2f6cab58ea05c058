//! Which certificates are trusted: the system's, or those of SSL_CERT_FILE.
//! openssl plays CA and server; without it this is left out, and says so.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "this test starts programs, and fails where they fail"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const MAKE_CERTIFICATES: &str = "
    key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    openssl req -x509 $key -keyout ca.key -out ca.pem -days 2 -subj '/CN=test ca'
    openssl req $key -keyout server.key -out server.csr -subj /CN=localhost
    printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > extensions
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \\
        -extfile extensions -out server.pem
";

/// A server that ends with the test.
struct Server {
    child: Child,
    port: String,
}

impl Server {
    fn start(dir: &Path, certificate: &str, key: &str) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-www", "-accept", "127.0.0.1:0"])
            .args(["-cert", certificate, "-key", key])
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let accepts = lines
            .map_while(Result::ok)
            .find(|line| line.starts_with("ACCEPT"));
        let port = accepts.unwrap().rsplit(':').next().unwrap().to_owned();
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a pass says that asks this server.
fn pass(dir: &Path, server: &Server, roots: Option<&str>, proxy: Option<&str>) -> String {
    let port = &server.port;
    let text = format!(
        "[forge]\nkind = \"gitea\"\nurl = \"https://127.0.0.1:{port}\"\nrepo = \"ops/watch\"\n"
    );
    let config = dir.join("config.toml");
    std::fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_beat-check"));
    command
        .env_clear()
        .env("HEARTBEAT_FORGE_TOKEN", "s3cret-token")
        .args(["--config", config.to_str().unwrap()])
        .arg("--dir")
        .arg(dir)
        .arg("--state-dir")
        .arg(dir.join("state"));
    if let Some(roots) = roots {
        command.env("SSL_CERT_FILE", dir.join(roots));
    }
    if let Some(proxy) = proxy {
        command.env("HTTPS_PROXY", proxy);
    }
    let output = command.output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(both).unwrap();
    assert!(!text.contains("s3cret-token"), "{text}");
    text
}

#[test]
fn a_ca_of_ones_own_is_trusted_where_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::create_dir(dir.join("state")).unwrap();
    let made = Command::new("sh")
        .args(["-ec", MAKE_CERTIFICATES])
        .current_dir(dir)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    if !made.success() {
        let line = b"left out: certificates of one's own: openssl is not installed\n";
        let _ = std::io::stderr().write_all(line);
        return;
    }
    let server = Server::start(dir, "server.pem", "server.key");
    let unknown = pass(dir, &server, None, None);
    assert!(
        unknown.contains("certificate that is not trusted"),
        "{unknown}"
    );
    assert!(unknown.contains("SSL_CERT_FILE"), "{unknown}");
    // The server is no forge: that this is seen means that it was trusted.
    let known = pass(dir, &server, Some("ca.pem"), None);
    assert!(known.contains("no JSON"), "{known}");
    let proxied = pass(dir, &server, Some("ca.pem"), Some("http://127.0.0.1:1"));
    assert!(proxied.contains("check HTTPS_PROXY"), "{proxied}");
    let own = Server::start(dir, "ca.pem", "ca.key");
    let own = pass(dir, &own, Some("ca.pem"), None);
    assert!(own.contains("a CA's own"), "{own}");
}
