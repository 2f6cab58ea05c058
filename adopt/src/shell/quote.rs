//! Quoting, so that a shell makes one word of a text and changes nothing in it.

/// Whether a text is one word without quotes, in every shell.
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-./:,+@".contains(b);
    !text.is_empty() && text.iter().all(plain)
}

/// A text as one word: as it is where that will do, else in single quotes.
#[must_use]
pub fn quote(text: &[u8]) -> Vec<u8> {
    if is_plain(text) {
        return text.to_vec();
    }
    let mut word = Vec::with_capacity(text.len() + 2);
    word.push(b'\'');
    for byte in text {
        match byte {
            b'\'' => word.extend_from_slice(b"'\\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}
