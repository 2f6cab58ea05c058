//! The night as one html page that needs nothing from outside.

use crate::model::Night;

/// The whole page.
#[must_use]
pub fn render(_night: &Night) -> String {
    String::new()
}
