//! Shares of recent observations, in a space that does not grow.

/// Exponents of two that are told apart: from 122 µs to 2¼ hours.
const OCTAVES: u64 = 26;
/// How finely each octave is divided, in bits: a quantile is off by 7 % at most.
const FINENESS: u64 = 3;
const CELLS: usize = (OCTAVES << FINENESS) as usize;
/// The bits of a number below those that choose its cell.
const BELOW: u64 = 52 - FINENESS;
/// The cell of 2⁻¹³ seconds, the smallest that is told from less.
const FIRST: u64 = (1023 - 13) << FINENESS;

/// How long a window lasts, in seconds: quantiles are over this one and the one before.
pub(super) const WINDOW: u64 = 300;

/// The quantiles that are said, with how they are written.
const SHARES: [(&str, f64); 4] = [("0.5", 0.5), ("0.9", 0.9), ("0.95", 0.95), ("0.99", 0.99)];

/// How many observations fell into each cell, in the current window and in the one before.
///
/// Of a fixed size, whether anybody reads it or not; allocated with the first observation.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    /// The number of the current window.
    window: u64,
    cells: Option<Box<[[u32; CELLS]; 2]>>,
}

/// Observations of several sketches, added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Pooled(Vec<u64>);

impl Sketch {
    /// Takes an observation in seconds, at this many seconds since the start.
    pub(super) fn observe(&mut self, seconds: f64, now: u64) {
        self.turn_to(now / WINDOW);
        let cells = self.cells.get_or_insert_with(|| Box::new([[0; CELLS]; 2]));
        let cell = &mut cells[0][cell(seconds)];
        *cell = cell.saturating_add(1);
    }

    /// Adds what is recent at this many seconds since the start.
    pub(super) fn pool(&mut self, now: u64, pooled: &mut Pooled) {
        self.turn_to(now / WINDOW);
        let Some(cells) = &self.cells else {
            return;
        };
        pooled.0.resize(CELLS, 0);
        for window in cells.iter() {
            for (sum, count) in pooled.0.iter_mut().zip(window) {
                *sum += u64::from(*count);
            }
        }
    }

    fn turn_to(&mut self, window: u64) {
        let passed = window.saturating_sub(std::mem::replace(&mut self.window, window));
        if let (1.., Some(cells)) = (passed, &mut self.cells) {
            cells.swap(0, 1);
            cells[0].fill(0);
            if passed > 1 {
                cells[1].fill(0);
            }
        }
    }
}

impl Pooled {
    /// What these shares of the observations did not exceed; not a number where there are none.
    pub(super) fn quantiles(&self) -> Vec<(&'static str, f64)> {
        let count: u64 = self.0.iter().sum();
        SHARES.iter().map(|(written, share)| (*written, self.at(*share, count))).collect()
    }

    fn at(&self, share: f64, count: u64) -> f64 {
        let rank = ((share * count as f64).ceil() as u64).max(1);
        let mut below = 0;
        let cell = self.0.iter().position(|count| {
            below += count;
            below >= rank
        });
        cell.map_or(f64::NAN, middle)
    }
}

/// Where a number belongs. Of positive numbers, larger ones have larger bits.
fn cell(seconds: f64) -> usize {
    let place = (seconds.max(0.0).to_bits() >> BELOW).saturating_sub(FIRST);
    usize::try_from(place).unwrap_or(CELLS).min(CELLS - 1)
}

/// The number in the middle of a cell.
fn middle(cell: usize) -> f64 {
    f64::from_bits(((cell as u64 + FIRST) << BELOW) | (1 << (BELOW - 1)))
}

#[cfg(test)]
mod tests;
