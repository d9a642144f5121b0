//! One suite for each public trait, run by every implementation of it.

pub mod adapter;
pub mod credentials;
pub mod dialect;
pub mod hook;
pub mod receipts;
pub mod resources;
pub mod store;
