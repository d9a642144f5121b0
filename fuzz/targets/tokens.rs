//! See `aisix_fuzz`, target `tokens`.
#![no_main]

fuzz::target!("tokens");
