//! What every forge must do, and how it must fail: the same cases over every
//! adapter of the registry, against a server that behaves like the real ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod faults;
mod labels;
mod life;
mod listing;
mod named;
mod refusals;
mod rig;
