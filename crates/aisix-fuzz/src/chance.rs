//! Chance that a number decides: the same number, the same choices.

/// Draws numbers. Source: the generator SplitMix64, by Steele, Lea and Flood.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// What this number decides.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// What these bytes decide.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        // FNV-1a: only that close inputs choose differently matters.
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix))
    }

    /// A number below this one; 0 where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            return 0;
        }
        // The remainder is below `end`, which is a usize.
        (self.draw() % end as u64) as usize
    }

    /// Whether something happens that happens once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub(crate) fn of_these<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len())]
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
