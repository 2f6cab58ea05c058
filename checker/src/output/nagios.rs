//! One line and perfdata for monitoring systems, by the Monitoring Plugins API
//! (<https://www.monitoring-plugins.org/doc/guidelines.html>): exit codes 0 OK,
//! 1 WARNING, 2 CRITICAL, 3 UNKNOWN; details on further lines.

use std::io::{self, Write};

use watch::{Summary, reason};

use super::Result;
use crate::exit;

const OK: u8 = 0;
const WARNING: u8 = 1;
const CRITICAL: u8 = 2;
const UNKNOWN: u8 = 3;

/// Jobs that are listed below the line.
const LISTED: usize = 50;

/// What that API wants for an exit code of a pass.
#[must_use]
pub fn exit_code(pass: u8, late: u64) -> u8 {
    match pass {
        exit::WELL if late == 0 => OK,
        exit::WELL | exit::UNDELIVERED => WARNING,
        exit::FLAGGED => CRITICAL,
        _ => UNKNOWN,
    }
}

/// The same for a whole pass: a flagged job is critical also when the forge could
/// not be told of it.
#[must_use]
pub fn exit_code_of(pass: u8, summary: &Summary) -> u8 {
    if summary.flagged > 0 && pass == exit::UNDELIVERED {
        return CRITICAL;
    }
    exit_code(pass, summary.late)
}

pub(super) fn write(out: &mut dyn Write, result: &Result<'_>) -> io::Result<()> {
    let summary = result.summary();
    let code = exit_code_of(result.exit_code, &summary);
    let word = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][usize::from(code)];
    let first = (0..result.not_fresh()).find(|at| result.states[*at].flagged());
    let worst = first.map_or(String::new(), |at| {
        let state = &result.states[at];
        format!(", worst {} {}", state.key.shown(), state.verdict)
    });
    // Whatever made the code what it is stands in the first line.
    let finding = || result.findings.first().map(ToString::to_string);
    let problem = match result.problems.first().cloned().or_else(finding) {
        Some(problem) if code == UNKNOWN || summary.flagged == 0 => {
            format!(", {}", clean(&problem))
        }
        _ => String::new(),
    };
    writeln!(
        out,
        "HEARTBEAT {word} - {} of {} jobs flagged{worst}{problem} | jobs={};;;0 flagged={};;0;0 late={};0;;0 fresh={};;;0",
        summary.flagged, summary.jobs, summary.jobs, summary.flagged, summary.late, summary.fresh
    )?;
    let flagged = (0..result.not_fresh()).filter(|at| result.states[*at].flagged());
    for at in flagged.take(LISTED) {
        let state = &result.states[at];
        let why = reason(state).unwrap_or_default();
        writeln!(
            out,
            "{} {}: {}",
            state.verdict,
            state.key.shown(),
            clean(&why)
        )?;
    }
    Ok(())
}

/// A bar would begin perfdata.
fn clean(text: &str) -> String {
    text.replace('|', "/").replace('\n', " ")
}
