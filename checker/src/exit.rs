//! Exit codes of `beat-check`. They are part of its interface.

/// All jobs are well.
pub const WELL: u8 = 0;
/// At least one job, or something odd in the store, is flagged.
pub const FLAGGED: u8 = 1;
/// Bad usage or a bad config: nothing was checked.
pub const USAGE: u8 = 2;
/// A store, or a part of one, could not be seen; or another pass is running.
pub const BLIND: u8 = 3;
/// The jobs were seen, but not everything could be said to the forge.
pub const UNDELIVERED: u8 = 4;
/// The clock cannot be believed: nothing was opened or closed.
pub const CLOCK: u8 = 5;

/// Each code with its meaning, for the help, the man page and the README.
pub const TABLE: [(u8, &str); 6] = [
    (WELL, "all well"),
    (FLAGGED, "something is flagged"),
    (USAGE, "bad usage or config; nothing was checked"),
    (
        BLIND,
        "a store could not be seen, or another pass is running",
    ),
    (UNDELIVERED, "seen, but not everything could be delivered"),
    (
        CLOCK,
        "the clock cannot be believed; nothing was opened or closed",
    ),
];
