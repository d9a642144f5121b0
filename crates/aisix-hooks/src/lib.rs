//! The hook pipeline of the gateway, embeddable on its own.
