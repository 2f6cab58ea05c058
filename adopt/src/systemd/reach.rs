//! Which units a boot starts: all that `default.target` pulls in, by settings and by
//! links. Pure, over units that are loaded when they are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::load::{Load, Units, Wants};

/// Settings of `[Unit]` by which one unit starts another.
const PULLS: [&str; 4] = ["Wants", "Requires", "BindsTo", "Upholds"];

/// What a boot starts, and who pulls in what.
#[derive(Debug, Default)]
pub struct Reach {
    started: BTreeSet<Rc<str>>,
    links: BTreeMap<String, BTreeSet<String>>,
}

impl Reach {
    /// Follows all pulls from `default.target`.
    #[must_use]
    pub fn of(units: &Units<'_>) -> Self {
        let wants = units.wants();
        let mut started = BTreeSet::new();
        let mut next = vec!["default.target".to_owned()];
        let mut asked = BTreeSet::new();
        while let Some(name) = next.pop() {
            if !asked.insert(name.clone()) {
                continue;
            }
            let unit = units.load(&name);
            // Folders of an alias count as those of the unit.
            for folder in [&*name, &*unit.name] {
                next.extend(wants.get(folder).into_iter().flatten().cloned());
            }
            if unit.load != Load::Loaded {
                continue;
            }
            started.insert(Rc::clone(&unit.name));
            for key in PULLS {
                for said in unit.list("Unit", key) {
                    next.extend(said.setting.value.split_whitespace().map(str::to_owned));
                }
            }
        }
        Self {
            started,
            links: pullers(units, &wants),
        }
    }

    /// Whether a boot starts this unit.
    #[must_use]
    pub fn starts(&self, name: &str) -> bool {
        self.started.contains(name)
    }

    /// The units whose folders name this one, whether a boot starts them or not.
    #[must_use]
    pub fn wanted_by(&self, name: &str) -> Vec<&str> {
        self.links
            .get(name)
            .map(|by| by.iter().map(String::as_str).collect())
            .unwrap_or_default()
    }
}

/// From a unit, by its own name, to those whose folders name it.
fn pullers(units: &Units<'_>, wants: &Wants) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (by, those) in wants {
        // Only timers are asked about.
        for name in those.iter().filter(|name| name.ends_with(".timer")) {
            let own = units.load(name).name.to_string();
            out.entry(own).or_default().insert(by.clone());
        }
    }
    out
}
