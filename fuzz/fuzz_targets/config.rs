//! See `src/config.rs`, which says what is read and what must hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| heartbeat_fuzz::config::run(data));
