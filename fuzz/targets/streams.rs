//! See `aisix_fuzz`, target `streams`.
#![no_main]

fuzz::target!("streams");
