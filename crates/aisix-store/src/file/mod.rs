//! The resources file: a source that one YAML file holds, whole.

pub mod format;
