//! See `aisix_fuzz`, target `failures`.
#![no_main]

fuzz::target!("failures");
