//! See `aisix_fuzz`, target `answers`.
#![no_main]

fuzz::target!("answers");
