//! Names of everything the gateway reports, the access log, and log set-up.
