//! See `aisix_fuzz`, target `requests`.
#![no_main]

fuzz::target!("requests");
