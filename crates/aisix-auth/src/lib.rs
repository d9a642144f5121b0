//! Authentication as tower layers: credential to caller, and admin keys.
