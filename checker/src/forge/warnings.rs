//! What a forge noticed that is no error.

use std::cell::RefCell;

/// Warnings in the order in which they came up, each once.
#[derive(Debug, Default)]
pub(crate) struct Warnings(RefCell<Vec<String>>);

impl Warnings {
    /// Adds a warning, unless it is there already.
    pub(crate) fn add(&self, warning: String) {
        let mut all = self.0.borrow_mut();
        if !all.contains(&warning) {
            all.push(warning);
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}
