//! The simulator: the real pass, from the bytes of beats to the requests to a forge,
//! over hosts, jobs, clocks, people and a forge that are made up. A story comes from a
//! seed; an oracle knows the truth of it and counts what went wrong.

pub mod api;
pub mod bugs;
pub mod class;
pub mod dice;
pub mod entries;
pub mod host;
pub mod life;
pub mod oracle;
pub mod pass;
pub mod people;
pub mod run;
pub mod script;
pub mod server;
pub mod shrink;
pub mod story;
pub mod tally;
pub mod timetable;
pub mod truth;
