//! The real `beat-check`, driven as people drive it: what it says and how it
//! ends, above all when something is wrong.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "these tests start the program and leave beats at the real time"
)]

mod beats;
mod config;
mod expected;
mod forge;
mod jobs;
mod places;
mod scene;
mod stores;
