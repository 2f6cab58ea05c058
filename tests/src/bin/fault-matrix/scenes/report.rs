//! `beat-report`: a file of its own, and a place in somebody's file. The old one or the
//! new one, whole.

use std::fs;
use std::path::PathBuf;

use heartbeat::FileKind;
use house_tests::bins;
use serde_json::Value;

use crate::scene::{Ground, Left, Scene, Stage, demand, leave, put, store_is_whole, tidy};
use crate::strace::{Ended, Program, plain};

/// A file of its own.
pub(crate) const JSON: Scene = Scene {
    name: "beat-report --out",
    set: |ground| Box::new(Report::new(ground, false)),
};

/// A place in somebody's file.
pub(crate) const PANEL: Scene = Scene {
    name: "beat-report --inject",
    set: |ground| Box::new(Report::new(ground, true)),
};

const BEFORE: &str = "# Handover\n\nMine.\n\n<!-- night-watch:begin -->\n";
const AFTER: &str = "<!-- night-watch:end -->\n\nMine, too.\n";

struct Report {
    store: PathBuf,
    state: PathBuf,
    pages: PathBuf,
    panel: bool,
    old: Vec<u8>,
}

impl Report {
    fn new(ground: &Ground, panel: bool) -> Self {
        let store = ground.disk.join("store");
        leave(&store, FileKind::Last, "well", 60, 86_400);
        leave(&store, FileKind::Last, "silent", 864_000, 3_600);
        let state = ground.disk.join("state");
        fs::create_dir(&state).unwrap();
        let pages = ground.disk.join("pages");
        let old = if panel {
            format!("{BEFORE}{AFTER}")
        } else {
            "{\"old\":true}\n".into()
        };
        put(&pages.join("page"), &old);
        Self {
            store,
            state,
            pages,
            panel,
            old: old.into_bytes(),
        }
    }

    /// Whether a page is whole, and whether it tells of the silent job.
    fn whole(&self, page: &[u8]) -> Result<bool, String> {
        let text = String::from_utf8(page.to_vec()).map_err(|error| error.to_string())?;
        if !self.panel {
            let page: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let jobs = page["jobs"].as_array().ok_or("it has no jobs")?;
            let told = jobs
                .iter()
                .any(|job| job["job"] == "silent" && job["flagged"] == true);
            return Ok(told);
        }
        let inner = (text.strip_prefix(BEFORE)).and_then(|rest| rest.strip_suffix(AFTER));
        let inner = inner.ok_or_else(|| format!("something else was touched: {text}"))?;
        let lines: Vec<&str> = inner.trim().lines().collect();
        let first = lines
            .first()
            .is_some_and(|line| line.starts_with("# Night Watch"));
        let last = lines
            .last()
            .is_some_and(|line| line.starts_with("- This page was made at"));
        demand(first && last, || format!("it is not whole: {inner}"))?;
        Ok(inner.contains("- **`silent`**"))
    }
}

impl Stage for Report {
    fn program(&self) -> Program {
        let program = Program::new(bins::beat_report())
            .arg("--dir")
            .arg(&self.store)
            .arg("--state-dir")
            .arg(&self.state)
            .args(&[
                "--config",
                "/dev/null",
                "--coverage",
                "/nonexistent/coverage.json",
            ]);
        let page = self.pages.join("page");
        if self.panel {
            program.arg("--inject").arg(page)
        } else {
            program.args(&["--format", "json", "--out"]).arg(page)
        }
    }

    fn look(&self, ended: &Ended) -> Result<Left, String> {
        store_is_whole(&self.store)?;
        tidy(&self.pages, &["page"], ended)?;
        tidy(
            &self.store,
            &["well.last", "silent.last", "beat-report.last"],
            ended,
        )?;
        let page = fs::read(self.pages.join("page")).map_err(|error| error.to_string())?;
        if page == self.old {
            return Ok(Left::Old);
        }
        let told = self.whole(&page)?;
        demand(told || ended.code != Some(0), || {
            "it says nothing of the silent job".into()
        })?;
        Ok(Left::New)
    }

    fn heal(&self, _: &Ended) -> Result<(), String> {
        let ended = plain(&self.program());
        demand(ended.code == Some(0), || {
            format!("still fails: {}", ended.err)
        })?;
        let page = fs::read(self.pages.join("page")).map_err(|error| error.to_string())?;
        demand(self.whole(&page)?, || {
            "it says nothing of the silent job".into()
        })
    }
}
