//! What the programs beside this share: each gives one target of [`aisix_fuzz`] to libFuzzer.

pub use {aisix_fuzz, libfuzzer_sys};

/// Makes a program of the target of this name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        use $crate::libfuzzer_sys::{fuzz_mutator, fuzz_target};

        fuzz_target!(|bytes: &[u8]| $crate::aisix_fuzz::run($name, bytes));
        fuzz_mutator!(|bytes: &mut [u8], size: usize, largest: usize, seed: u32| {
            $crate::mutate(bytes, size, largest, seed)
        });
    };
}

/// Changes an input in place, and gives its new size: every second time so that JSON stays JSON,
/// otherwise as libFuzzer does it.
pub fn mutate(bytes: &mut [u8], size: usize, largest: usize, seed: u32) -> usize {
    if seed % 2 == 0 {
        return libfuzzer_sys::fuzzer_mutate(bytes, size, largest);
    }
    let changed = aisix_fuzz::mutation::mutated(&bytes[..size], seed.into());
    let size = changed.len().min(largest);
    bytes[..size].copy_from_slice(&changed[..size]);
    size
}
