//! Cutting a list into pages, and the `Link` header that goes with it.

use super::message::{Request, encode};

/// One page that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// Reads `page` and a size parameter. What is no number above 0 counts as
    /// not given; a size above `most` is cut to it.
    pub(super) fn of(request: &Request, size_name: &str, default: usize, most: usize) -> Self {
        let read = |name: &str| {
            let value = request.param(name)?.parse::<usize>().ok()?;
            (value > 0).then_some(value)
        };
        Self {
            number: read("page").unwrap_or(1),
            size: read(size_name).unwrap_or(default).min(most),
        }
    }

    /// The items of this page; none past the end.
    pub(super) fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        let skip = (self.number - 1).saturating_mul(self.size);
        items.into_iter().skip(skip).take(self.size).collect()
    }

    /// Number of the last page, at least 1.
    pub(super) fn last(self, total: usize) -> usize {
        total.div_ceil(self.size).max(1)
    }

    /// The page after this one, if there is one.
    pub(super) fn next(self, total: usize) -> Option<usize> {
        (self.number < self.last(total)).then(|| self.number + 1)
    }

    /// The `Link` header: `address` with the query that was asked, `page` and
    /// everything else in it included.
    pub(super) fn links(self, address: &str, request: &Request, total: usize) -> Option<String> {
        let last = self.last(total);
        let mut parts = Vec::new();
        let mut add = |page: usize, rel: &str| {
            let query: Vec<String> = (request.params().iter())
                .filter(|(name, _)| name != "page")
                .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
                .chain([format!("page={page}")])
                .collect();
            parts.push(format!("<{address}?{}>; rel=\"{rel}\"", query.join("&")));
        };
        if self.number < last {
            add(self.number + 1, "next");
            add(last, "last");
        }
        if self.number > 1 {
            add(1, "first");
            add(self.number - 1, "prev");
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
