//! The self-hosted admin APIs over a configuration store.
