//! Looks for a text in a stream that comes in pieces, without keeping any of it
//! (Knuth, Morris and Pratt).

/// A search that goes on from piece to piece.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    text: Vec<u8>,
    /// For each length of a match: the longest shorter one that also holds.
    shorter: Vec<usize>,
    matched: usize,
}

impl Search {
    /// Looks for this text, which is not empty.
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut shorter = vec![0; text.len()];
        let mut length = 0;
        for at in 1..text.len() {
            while length > 0 && text[at] != text[length] {
                length = shorter[length - 1];
            }
            if text[at] == text[length] {
                length += 1;
            }
            shorter[at] = length;
        }
        Self {
            text: text.to_vec(),
            shorter,
            matched: 0,
        }
    }

    /// Whether it has been found.
    pub(crate) fn found(&self) -> bool {
        self.matched == self.text.len()
    }

    /// Looks on.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.found() {
                return;
            }
            while self.matched > 0 && *byte != self.text[self.matched] {
                self.matched = self.shorter[self.matched - 1];
            }
            if *byte == self.text[self.matched] {
                self.matched += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with a search over the whole, for all small texts over two letters.
    #[test]
    fn finds_what_a_search_over_the_whole_finds() {
        let word = |bits: u32, len: u32| -> Vec<u8> {
            (0..len).map(|at| b'a' + (bits >> at & 1) as u8).collect()
        };
        for len in 1..=4 {
            for bits in 0..1 << len {
                let text = word(bits, len);
                for hay in 0..1u32 << 9 {
                    let hay = word(hay, 9);
                    let expected = hay.windows(text.len()).any(|w| w == text);
                    for piece in [1, 2, 9] {
                        let mut search = Search::new(&text);
                        hay.chunks(piece).for_each(|piece| search.push(piece));
                        assert_eq!(search.found(), expected, "{text:?} in {hay:?}");
                    }
                }
            }
        }
    }
}
