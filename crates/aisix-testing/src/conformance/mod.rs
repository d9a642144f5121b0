//! One suite for each public trait, run by every implementation of it.

pub mod dialect;
pub mod store;
