//! See `aisix_fuzz`, target `framings`.
#![no_main]

fuzz::target!("framings");
