//! Decisions, pure: no file system, no network, no clock, no process.
//!
//! What was observed and what is expected become a [`Verdict`]; verdicts and the
//! issues that are open become a [`Plan`] of what to open, change and close.
//! `now` is read once a pass by the caller and handed down.

mod key;
mod marker;
mod plan;
mod reason;
mod record;
mod runs;
mod sanity;
mod state;
mod title;
mod verdict;
pub mod words;

pub use key::{JobKey, Owner};
pub use marker::{Marker, Scope, member_hash, splice};
pub use plan::{Action, Known, Listings, Plan, Policy, Sight, plan};
pub use reason::reason;
pub use record::{Delivery, DeliveryOutcome, FindingLine, IssueLink, JobLine, PassRecord, Summary};
pub use runs::{Runs, Zone, ZoneError};
pub use sanity::{ClockEvidence, ClockFault};
pub use state::{Detail, JobState, worst_first};
pub use title::{storm_title, title};
pub use verdict::{Age, Cause, Expectation, Judgement, Now, Verdict, age, verdict};
