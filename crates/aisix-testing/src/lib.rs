//! Scripted upstreams, fixtures, and one conformance suite for each public trait.
