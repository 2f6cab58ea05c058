//! What needs somebody, point by point: a job that waits for another flagged one is
//! told under that, and is no point of its own. The same in markdown and html.

use std::collections::HashMap;

use crate::model::{Night, Row};

/// The most points; all others are in the panel.
const TOLD: usize = 50;
/// The most jobs that are told under another.
const UNDER: usize = 10;

/// A flagged job, and those that wait for it.
pub(crate) struct Point<'n> {
    /// The job.
    pub(crate) row: &'n Row,
    /// Jobs that wait for it, worst first.
    pub(crate) waiting: Vec<&'n Row>,
    /// How many more there are.
    pub(crate) left_out: usize,
}

/// The points, and how many flagged jobs are in none of them.
pub(crate) fn points(night: &Night) -> (Vec<Point<'_>>, usize) {
    let mut told: HashMap<String, usize> = HashMap::new();
    let mut points: Vec<Point<'_>> = Vec::new();
    let alone = |row: &&Row| row.waits_for.is_none();
    for row in night.flagged.iter().filter(alone).take(TOLD) {
        told.insert(row.shown(), points.len());
        points.push(Point {
            row,
            waiting: Vec::new(),
            left_out: 0,
        });
    }
    for row in &night.flagged {
        let root = row.waits_for.as_ref().and_then(|root| told.get(root));
        let Some(point) = root.and_then(|at| points.get_mut(*at)) else {
            continue;
        };
        if point.waiting.len() < UNDER {
            point.waiting.push(row);
        } else {
            point.left_out += 1;
        }
    }
    let covered: usize = points
        .iter()
        .map(|point| 1 + point.waiting.len() + point.left_out)
        .sum();
    let left_out = (night.summary.flagged as usize).saturating_sub(covered);
    (points, left_out)
}
