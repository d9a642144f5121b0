//! See `aisix_fuzz`, target `resources`.
#![no_main]

fuzz::target!("resources");
