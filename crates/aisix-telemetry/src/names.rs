//! The name of every metric.

/// Whether the last attempt to take over the configuration took over all of it: 0 or 1.
pub const CONFIG_LAST_RELOAD_SUCCESSFUL: &str = "aisix_config_last_reload_successful";
/// When everything was last taken over, in seconds since 1970.
pub const CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP: &str =
    "aisix_config_last_reload_success_timestamp_seconds";
/// How often the source was read as a whole, failures included.
pub const CONFIG_RELOADS: &str = "aisix_config_reloads_total";
/// How often that failed, by `reason`.
pub const CONFIG_RELOAD_FAILURES: &str = "aisix_config_reload_failures_total";
/// Documents that do not serve as they were last written, by `kind`.
pub const CONFIG_REJECTED: &str = "aisix_config_rejected_resources";
/// Documents that serve without a field that this version does not know, by `kind`.
pub const CONFIG_PARTIALLY_COMPATIBLE: &str = "aisix_config_partially_compatible_resources";
/// Documents that are served as they were before they were rejected, by `kind`.
pub const CONFIG_STALE_SERVED: &str = "aisix_config_stale_served_resources";
/// The revision of the source that was last read.
pub const CONFIG_OBSERVED_REVISION: &str = "aisix_config_observed_revision";
/// The revision of the source that is served.
pub const CONFIG_APPLIED_REVISION: &str = "aisix_config_applied_revision";
/// Whether the source is being watched: 0 or 1.
pub const CONFIG_SOURCE_CONNECTED: &str = "aisix_config_source_connected";
/// 1 for the `hash` of the configuration that is served, 0 for those that were served before.
pub const CONFIG_HASH_INFO: &str = "aisix_config_hash_info";
