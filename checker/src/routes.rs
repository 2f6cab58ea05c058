//! Which forges a pass speaks to: that of the config, and those that expected jobs
//! name for their issues.

use std::collections::BTreeMap;

use watch::{Expected, JobState};

use crate::config::Config;
use crate::deliver::Route;
use crate::error::DeliveryError;
use crate::forge::{Parts, Settings};
use crate::secret;

/// The forge and the repository that a job names.
type Names = (Option<Box<str>>, Option<Box<str>>);

fn names(expected: &Expected) -> Names {
    (expected.forge.clone(), expected.repo.clone())
}

/// Opens every forge of the config, and every other repository that a job names, each
/// place once: a forge that no job names any more may still hold issues of ours. What
/// cannot be opened is told; the others are spoken to all the same.
#[must_use]
pub fn open(
    config: &Config,
    states: &[JobState],
    parts: &Parts,
) -> (Vec<Route<'static>>, Vec<DeliveryError>) {
    let mut named: BTreeMap<Names, usize> = BTreeMap::new();
    let mut places: Vec<(String, Box<dyn Settings>)> = Vec::new();
    let own = std::iter::once((None, None));
    let further = config
        .forges
        .keys()
        .map(|name| (Some(name.as_str().into()), None));
    let jobs = states.iter().filter_map(|state| state.expected.as_deref());
    for names in own.chain(further).chain(jobs.map(names)) {
        if named.contains_key(&names) {
            continue;
        }
        let target = config.target(names.0.as_deref(), names.1.as_deref());
        // What no forge can be is a fault of the manifest, and told there.
        let Ok(settings) = target else { continue };
        let place = settings.place();
        let at = places.iter().position(|(known, _)| *known == place);
        let at = at.unwrap_or_else(|| {
            places.push((place, settings));
            places.len() - 1
        });
        named.insert(names, at);
    }
    let mut routes = Vec::new();
    let mut unreached = Vec::new();
    for (at, (_, settings)) in places.iter().enumerate() {
        match token(&**settings).and_then(|token| {
            let parts = Parts {
                token,
                ..parts.clone()
            };
            settings.open(parts)
        }) {
            Err(error) => unreached.push(error),
            Ok(forge) => {
                let named = named.clone();
                let takes = move |state: &JobState| {
                    let names = state.expected.as_deref().map(names).unwrap_or_default();
                    named.get(&names).copied().unwrap_or(0) == at
                };
                routes.push(Route {
                    forge,
                    takes: Box::new(takes),
                });
            }
        }
    }
    (routes, unreached)
}

fn token(settings: &dyn Settings) -> Result<Option<secret::Secret>, DeliveryError> {
    if !settings.needs_token() {
        return Ok(None);
    }
    let env = |name: &str| std::env::var_os(name);
    secret::load_for(settings.name(), settings.token_file(), &env).map_err(|error| {
        let doing = format!("use the token in {}", error.place);
        DeliveryError::never(doing, error.why).hint(error.hint)
    })
}
