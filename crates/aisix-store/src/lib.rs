//! Configuration in, snapshots out: sources, stores, sealing, the supervisor.
