//! Schedules in words, short. What has no short form is shown as it was written.

use heartbeat::Schedule;

pub(super) fn words(schedule: &Schedule) -> String {
    format!("{:?}", schedule.as_text())
}
