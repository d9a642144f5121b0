//! See `aisix_fuzz`, target `patches`.
#![no_main]

fuzz::target!("patches");
