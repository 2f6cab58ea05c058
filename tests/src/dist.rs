//! A folder like the one that `make build` leaves, with programs that do nothing:
//! enough to install, to package and to be named by units.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Makes one.
///
/// # Errors
/// When a file cannot be written.
pub fn make(dist: &Path) -> io::Result<()> {
    for name in ["beat", "beat-check", "beat-report", "beat-adopt"] {
        put(&dist.join(name), "#!/bin/sh\n")?;
        fs::set_permissions(dist.join(name), fs::Permissions::from_mode(0o755))?;
        for completion in [
            format!("bash/{name}"),
            format!("zsh/_{name}"),
            format!("fish/{name}.fish"),
        ] {
            put(&dist.join("completions").join(completion), "")?;
        }
    }
    for page in [
        "beat",
        "beat-check",
        "beat-check-config",
        "beat-report",
        "beat-adopt",
    ] {
        let text = format!(".TH {page} 1\n.SH NAME\n{page} \\- does nothing\n");
        put(&dist.join(format!("man/{page}.1")), &text)?;
    }
    put(&dist.join("sbom.cdx.json"), "{}\n")?;
    put(&dist.join("config.toml"), "# nothing is set\n")
}

/// Writes a file and the folders above it.
///
/// # Errors
/// When one of them cannot be made.
pub fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, text)
}
