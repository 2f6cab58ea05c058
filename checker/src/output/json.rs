//! The record of a pass as JSON, version 1: see [`watch::PassRecord`].

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeSeq, Serializer};
use watch::{Delivery, FindingLine, OutageLine, PassRecord, Summary, Verdict};

use super::{Result, by_name, rfc3339};

/// Name and version of this program.
pub(super) const TOOL: &str = concat!("beat-check ", env!("CARGO_PKG_VERSION"));

/// The same keys in the same order as [`PassRecord`]; the jobs are made while
/// they are written, because there may be a million.
#[derive(serde::Serialize)]
struct Streamed<'a> {
    v: u32,
    tool: &'a str,
    host: &'a str,
    now: String,
    exit_code: u8,
    summary: Summary,
    problems: &'a [String],
    jobs: Jobs<'a>,
    findings: Vec<FindingLine>,
    deliveries: &'a [Delivery],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    outages: &'a [OutageLine],
}

struct Jobs<'a>(&'a Result<'a>);

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Self(result) = self;
        let bad = result.not_fresh();
        let mut seq = serializer.serialize_seq(Some(result.states.len()))?;
        for at in 0..bad {
            seq.serialize_element(&result.line(at))?;
        }
        for at in by_name(result.states, bad..result.states.len()) {
            seq.serialize_element(&result.line(at))?;
        }
        seq.end()
    }
}

pub(super) fn write(out: &mut dyn Write, result: &Result<'_>) -> io::Result<()> {
    let streamed = Streamed {
        v: 1,
        tool: TOOL,
        host: result.host,
        now: rfc3339(result.now),
        exit_code: result.exit_code,
        summary: result.summary(),
        problems: result.problems,
        jobs: Jobs(result),
        findings: result.finding_lines(),
        deliveries: result.deliveries,
        outages: result.outages,
    };
    serde_json::to_writer(&mut *out, &streamed)?;
    out.write_all(b"\n")
}

/// The record that the reporter reads: the same without the jobs that are well. Those
/// that are awaited are in it: they may have left no file that the reporter could see.
#[must_use]
pub fn record(result: &Result<'_>) -> PassRecord {
    let told = (0..result.not_fresh()).filter(|at| {
        let state = &result.states[*at];
        state.flagged() || state.verdict == Verdict::Waiting
    });
    PassRecord {
        v: 1,
        tool: TOOL.to_owned(),
        host: result.host.to_owned(),
        now: rfc3339(result.now),
        exit_code: result.exit_code,
        summary: result.summary(),
        problems: result.problems.to_vec(),
        jobs: told.map(|at| result.line(at)).collect(),
        findings: result.finding_lines(),
        deliveries: result.deliveries.to_vec(),
        outages: result.outages.to_vec(),
    }
}
