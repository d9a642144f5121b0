//! The admin listener, driven in memory.

mod collections;
mod older;
mod seeds;
mod support;
