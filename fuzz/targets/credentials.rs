//! See `aisix_fuzz`, target `credentials`.
#![no_main]

fuzz::target!("credentials");
