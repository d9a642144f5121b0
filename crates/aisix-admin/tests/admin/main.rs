//! The admin listener, driven in memory.

mod collections;
mod concurrency;
mod older;
mod reference;
mod references;
mod refusals;
mod rotation;
mod secrets;
mod seeds;
mod status;
mod stores;
mod support;
