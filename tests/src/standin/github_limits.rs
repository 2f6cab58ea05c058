//! GitHub's limits: requests an hour, and creating requests a minute and an
//! hour. Told as 403 or 429, with or without the seconds to wait.

use chrono::TimeDelta;

use super::github::{Call, error};
use super::message::Reply;

impl Call<'_> {
    /// Counts the request; tells of the primary limit when none is left.
    pub(super) fn primary_limit(&mut self) -> Result<(), Reply> {
        let now = self.w.clock.now();
        let rate = &mut self.w.rate;
        if rate.reset.is_some_and(|reset| reset <= now) {
            rate.remaining = 5000;
            rate.reset = None;
        }
        rate.reset.get_or_insert(now + TimeDelta::hours(1));
        if rate.remaining == 0 {
            let message = "API rate limit exceeded for user ID 2.";
            return Err(error(rate.status, message));
        }
        rate.remaining -= 1;
        Ok(())
    }

    /// Counts what creates; tells of the secondary limit when it is too much.
    pub(super) fn secondary_limit(&mut self, parts: &[&str]) -> Result<(), Reply> {
        let creates = self.req.method == "POST" && parts.first() == Some(&"repos");
        if !creates {
            return Ok(());
        }
        let now = self.w.clock.now();
        let rate = &mut self.w.rate;
        let within = |span| rate.created.iter().filter(|t| now - **t < span).count();
        let (minute, hour) = (within(TimeDelta::minutes(1)), within(TimeDelta::hours(1)));
        if minute < rate.per_minute && hour < rate.per_hour {
            rate.created.push(now);
            return Ok(());
        }
        let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let reply = error(rate.status, message);
        Err(match rate.retry_after {
            Some(seconds) => reply.header("Retry-After", seconds),
            None => reply,
        })
    }

    pub(super) fn with_limits(&mut self, reply: Reply) -> Reply {
        let rate = &self.w.rate;
        let reset = rate.reset.map_or(0, |t| t.timestamp());
        reply
            .header("X-RateLimit-Limit", 5000)
            .header("X-RateLimit-Remaining", rate.remaining)
            .header("X-RateLimit-Used", 5000 - rate.remaining.min(5000))
            .header("X-RateLimit-Reset", reset)
            .header("X-RateLimit-Resource", "core")
    }
}
