//! See `aisix_fuzz`, target `errors`.
#![no_main]

fuzz::target!("errors");
