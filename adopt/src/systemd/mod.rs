//! Timers of systemd: read from unit files as systemd would, and, where one runs, asked
//! for.

pub mod ask;
pub mod load;
pub mod reach;
pub mod span;
pub mod timer;
pub mod unitfile;

#[cfg(test)]
mod tests;
