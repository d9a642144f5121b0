//! See `aisix_fuzz`, target `embeddings`.
#![no_main]

fuzz::target!("embeddings");
