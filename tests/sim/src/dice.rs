//! Chance that comes from a seed alone: the same seed rolls the same, whatever else
//! happens. No generator is shared, so that taking one fault out of a script leaves
//! all the rest as it was.

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Dice(u64);

/// Mixes numbers into one, as evenly as chance.
#[must_use]
pub fn mix(parts: &[u64]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for part in parts {
        state = (state ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state ^= state >> 29;
        state = state.wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 32;
    }
    state
}

impl Dice {
    /// The stream of a seed.
    #[must_use]
    pub fn new(parts: &[u64]) -> Self {
        Self(mix(parts))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(&[self.0])
    }

    /// From `from` to below `to`.
    pub fn range(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from).unwrap_or(1).max(1);
        from + i64::try_from(self.roll() % span).unwrap_or(0)
    }

    /// True this often in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.roll() % 1_000 < per_mille
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.range(0, all.len() as i64);
        &all[usize::try_from(at).unwrap_or(0)]
    }

    /// A length that is short as a rule and sometimes long: between the two, evenly
    /// over the powers.
    pub fn skewed(&mut self, least: i64, most: i64) -> i64 {
        let part = (self.roll() % 10_000) as f64 / 10_000.0;
        let (low, high) = ((least.max(1)) as f64, most.max(1) as f64);
        (low * (high / low).powf(part)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_rolls_the_same_and_two_do_not() {
        let rolls = |seed: u64| {
            let mut dice = Dice::new(&[seed, 7]);
            (0..8).map(|_| dice.range(0, 1_000)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        let mut dice = Dice::new(&[3]);
        assert!((0..1_000).all(|_| (5..90).contains(&dice.skewed(5, 90))));
    }
}
