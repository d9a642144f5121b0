//! The admin listener, driven in memory.

mod collections;
mod older;
mod reference;
mod seeds;
mod support;
