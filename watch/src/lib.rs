//! Decisions, pure: no file system, no network, no clock, no process.
//!
//! What was observed and what is expected become a [`Verdict`]; verdicts and the
//! issues that are open become a [`Plan`] of what to open, change and close.
//! `now` is read once a pass by the caller and handed down.

mod conflict;
mod coverage;
mod expected;
mod key;
mod marker;
mod notes;
mod outage;
mod plan;
mod reason;
mod record;
mod runs;
mod sanity;
mod state;
mod story;
mod stranger;
mod timetables;
mod title;
mod verdict;
mod waiting;
pub mod words;

pub use conflict::conflict;
pub use coverage::{COVERAGE_FILE, CoverageCounts, CoverageFinding, CoverageJob, CoverageRecord};
pub use expected::{
    DEFAULT_MISSES, DEFAULT_USER, Expected, FileExpectation, MAX_MISSES, MuteTime, MuteWindow,
    Muted, Need, RunExpectations, Severity, Timing, Written,
};
pub use key::{JobKey, Owner};
pub use marker::{Marker, Scope, member_hash, members_hash, splice};
pub use notes::{Doubt, Notes, WireOutage};
pub use outage::{Outage, OutageKind, Outages, Witness, outage, time_to_catch_up};
pub use plan::{Action, Known, Listings, Plan, Policy, Question, Sight, covered, plan};
pub use reason::{bare_reason, reason};
pub use record::{
    Delivery, DeliveryOutcome, FindingLine, IssueLink, JobLine, MissedLine, OutageLine, PassRecord,
    Summary,
};
pub use runs::{Runs, Zone, ZoneError};
pub use sanity::{ClockEvidence, ClockFault};
pub use state::{Detail, JobState, Scheduled, worst_first};
pub use story::stories;
pub use stranger::strangers;
pub use timetables::{KnownTimetables, Timetables};
pub use title::{storm_title, title};
pub use verdict::{
    Age, Cause, Due, Expectation, IDLE_AFTER, Judgement, LastRuns, Now, Rules, Verdict, age,
    verdict,
};
pub use waiting::{Needy, waits_for};
