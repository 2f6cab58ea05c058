//! The checker: one pass over the beats, one issue for each silent job.

pub mod error;
pub mod forge;
