//! Lines that set something for the lines after them: which are, and what is quoted.

use super::Setting;

/// How much of a line cron looks at when it asks whether it is a setting.
const LOOKED_AT: usize = 998;

/// Where cron is within such a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Name,
    Equals,
    BeforeValue,
    Value,
    After,
}

/// Reads a line without blanks before it and without its end. `None` where cron
/// takes it for no setting.
pub(super) fn read(line: &[u8]) -> Option<Setting> {
    let line = &line[..line.len().min(LOOKED_AT)];
    let (mut name, mut value) = (Vec::new(), Vec::new());
    let mut rest = line.iter().copied().peekable();
    let mut quote = rest.next_if(|b| is_quote(*b));
    let mut at = At::Name;
    while let Some(&byte) = rest.peek() {
        match at {
            At::Name => match quote {
                Some(quote) if byte == quote => at = At::Equals,
                Some(_) if byte == b'=' => return None,
                None if is_space(byte) => at = At::Equals,
                None if byte == b'=' => {
                    // Looked at once more.
                    at = At::Equals;
                    continue;
                }
                _ => name.push(byte),
            },
            At::Equals if byte == b'=' => at = At::BeforeValue,
            At::BeforeValue if !is_space(byte) => {
                quote = rest.next_if(|b| is_quote(*b));
                at = At::Value;
                continue;
            }
            At::Value if Some(byte) == quote => at = At::After,
            At::Value => value.push(byte),
            At::Equals | At::BeforeValue | At::After if is_space(byte) => {}
            At::Equals | At::BeforeValue | At::After => return None,
        }
        rest.next();
    }
    if !(at == At::After || at == At::Value && quote.is_none()) {
        return None;
    }
    if at == At::Value {
        trim(&mut value, is_space);
    }
    trim(&mut value, is_space);
    if let [first, .., last] = value[..]
        && is_quote(first)
        && first == last
    {
        value.pop();
        value.remove(0);
    }
    Some(Setting { name, value })
}

fn trim(text: &mut Vec<u8>, is_space: fn(u8) -> bool) {
    while text.last().is_some_and(|b| is_space(*b)) {
        text.pop();
    }
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'\'' | b'"')
}

/// What C takes for a space.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}
