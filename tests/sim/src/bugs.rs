//! Planted bugs. None of them is in the product: each bends, at the seam, what the real
//! code is shown or what becomes of what it says. A simulator that does not catch them
//! proves nothing.

use crate::tally::Wrong;

macro_rules! bugs {
    ($($name:ident $word:literal $wrong:ident $what:literal,)*) => {
        /// A planted bug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Bug { $(#[doc = $what] $name,)* }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it does.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// What must be noticed.
            #[must_use]
            pub const fn wrong(self) -> Wrong {
                match self { $(Self::$name => Wrong::$wrong,)* }
            }
        }
    };
}

bugs! {
    LostIsDone "lost-is-done" Missed "a refused issue counts as opened",
    GraceTwice "grace-twice" Missed "the grace of an entry counts twice",
    OneMissMore "one-miss-more" Missed "one miss more than asked for is allowed",
    FutureIsFresh "future-is-fresh" Missed "a time of the future counts as now",
    UnreadableIsGone "unreadable-is-gone" Missed "a file that cannot be read counts as none",
    FailIgnored "fail-ignored" Missed "failures are not looked at",
    RestartIsLife "restart-is-life" Missed "a restart of the host begins the time anew",
    CatchUpForEver "catch-up-for-ever" Missed "jobs get a month to catch up after an outage",
    IntervalHalf "interval-half" False "an interval counts half",
    SkipIgnored "skip-ignored" False "a job that found nothing to do counts as silent",
    WallClockOnly "wall-clock-only" False "ages come from the wall clock alone",
    ZoneForgotten "zone-forgotten" False "schedules are taken in UTC",
    ClockTrusted "clock-trusted" False "the clock is always believed",
    MuteIgnored "mute-ignored" False "mutes and pauses are not looked at",
    NeedsIgnored "needs-ignored" False "needs are not looked at",
    AsideForgotten "aside-forgotten" False "what a person put aside is said again",
    GoneIsWell "gone-is-well" False "an issue is closed when the job's files are gone",
    FirstPageOnly "first-page-only" Duplicate "only the first page of a list is read",
    NothingOpen "nothing-open" Duplicate "a list that fails counts as empty",
    MarkerIgnored "marker-ignored" Duplicate "open issues are not known again now and then",
    CloseForgotten "close-forgotten" Orphan "an issue counts as closed that was not",
    CommentsUnread "comments-unread" Comment "comments are not looked for before one is written",
    Everybodys "everybodys" Stranger "a marker counts whoever wrote it",
}
