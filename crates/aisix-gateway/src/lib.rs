//! The data plane as a tower service.
