//! See `aisix_fuzz`, target `relays`.
#![no_main]

fuzz::target!("relays");
