//! Schedules against two oracles: the PyPI package cronsim for cron, and
//! `systemd-analyze calendar` for `OnCalendar=`; and, for cron, against a daemon
//! told minute by minute.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "oracles are other programs, and a test ends where one cannot be asked"
)]

mod calendar;
mod cases;
mod cron;
mod daemon;
mod random;
