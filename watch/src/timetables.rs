//! Schedules that beats carry, each read once however many jobs have it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use heartbeat::Schedule;

use crate::{Runs, Zone};

/// Where the schedules that beats carry are looked up.
pub trait Timetables: Sync {
    /// The runs of a schedule, in a time zone or else in the host's own.
    ///
    /// # Errors
    /// Says what is wrong with the schedule or the zone.
    fn runs(&self, schedule: &str, zone: Option<&str>) -> Result<Arc<Runs>, Box<str>>;
}

type Read = Result<Arc<Runs>, Box<str>>;

/// By schedule.
type OfZone = HashMap<Box<str>, Read>;

/// Reads each schedule once, and keeps it.
#[derive(Debug)]
pub struct KnownTimetables {
    local: Zone,
    /// By zone, which is empty for the host's own, and by schedule.
    known: RwLock<HashMap<Box<str>, OfZone>>,
}

impl KnownTimetables {
    /// None yet; `local` is the host's own zone.
    #[must_use]
    pub fn new(local: Zone) -> Self {
        Self {
            local,
            known: RwLock::default(),
        }
    }

    fn read(&self, schedule: &str, zone: Option<&str>) -> Read {
        let said = |why: String| why.into_boxed_str();
        let zone = match zone {
            Some(name) => Zone::named(name).map_err(|error| said(error.to_string()))?,
            None => self.local,
        };
        let schedule = Schedule::parse(schedule).map_err(|error| said(error.to_string()))?;
        let runs = Runs::new(schedule, zone).map_err(|error| said(error.to_string()))?;
        Ok(Arc::new(runs))
    }
}

impl Timetables for KnownTimetables {
    fn runs(&self, schedule: &str, zone: Option<&str>) -> Read {
        let name = zone.unwrap_or_default();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(name).and_then(|known| known.get(schedule)) {
            return found.clone();
        }
        drop(known);
        let read = self.read(schedule, zone);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let of_zone = known.entry(name.into()).or_default();
        of_zone.insert(schedule.into(), read.clone());
        read
    }
}
