//! The end of an output: a few KiB are kept, however much comes.

/// So much is always kept, where there was so much.
pub(crate) const KEPT: usize = 8 * 1_024;

/// The last bytes of an output.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
    cut: bool,
}

impl Tail {
    /// Adds what came out.
    pub(crate) fn push(&mut self, new: &[u8]) {
        if new.len() >= KEPT {
            self.skip();
            self.bytes.extend_from_slice(&new[new.len() - KEPT..]);
            return;
        }
        // Moved seldom: the buffer grows to twice what is kept.
        if self.bytes.len() + new.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() + new.len() - KEPT);
            self.cut = true;
        }
        self.bytes.extend_from_slice(new);
    }

    /// Something came that was not looked at.
    pub(crate) fn skip(&mut self) {
        self.bytes.clear();
        self.cut = true;
    }

    /// What is kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is kept, from the first whole line on: what stands before it may be half a
    /// word, and nobody could see that it is a secret.
    pub(crate) fn whole(&self) -> &[u8] {
        if !self.cut {
            return &self.bytes;
        }
        let place = |stop: fn(&u8) -> bool| self.bytes.iter().position(stop);
        let near = |at: &usize| *at < self.bytes.len() / 2;
        let start = place(|b| *b == b'\n')
            .filter(near)
            .or_else(|| place(|b| *b <= b' ' || b",;&\"'".contains(b)));
        start.map_or(&[], |at| &self.bytes[at + 1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the pieces, the end is the end of the whole.
    #[test]
    fn the_end_of_pieces_is_the_end_of_the_whole() {
        for size in [1, 3, 100, KEPT - 1, KEPT, KEPT + 1, 5 * KEPT] {
            let mut tail = Tail::default();
            let mut all = Vec::new();
            for piece in 0..(4 * KEPT / size).clamp(3, 5_000) {
                let new: Vec<u8> = (0..size).map(|at| (at * 7 + piece) as u8).collect();
                tail.push(&new);
                all.extend_from_slice(&new);
                assert!(all.ends_with(tail.bytes()), "{size}");
                assert!(tail.bytes().len() >= all.len().min(KEPT), "{size}");
                assert!(tail.bytes.capacity() <= 4 * KEPT, "{size}");
            }
        }
    }

    #[test]
    fn half_a_line_is_left_out_where_something_was_cut() {
        let after = |cut, text: &str| {
            let mut tail = Tail::default();
            if cut {
                tail.skip();
            }
            tail.push(text.as_bytes());
            String::from_utf8(tail.whole().to_vec()).unwrap()
        };
        assert_eq!(after(false, "all\nof it"), "all\nof it");
        assert_eq!(after(true, "unter2\nnext line\n"), "next line\n");
        assert_eq!(after(true, "unter2 and a long line\n"), "and a long line\n");
        assert_eq!(after(true, "unter2 next"), "next");
        assert_eq!(after(true, "unter2"), "");
        assert_eq!(after(true, ""), "");
    }
}
