//! How upstream models fare.

use std::collections::HashMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use aisix_core::Id;

/// Upstream failures in a row, by the id of the model: apart from the configuration, so that it
/// survives reloads.
#[derive(Debug, Default)]
pub(crate) struct Health {
    failures: RwLock<HashMap<Id, AtomicU32>>,
    /// How many models have failures: while it is none, successes cost one load.
    failing: AtomicUsize,
}

impl Health {
    /// A call succeeded.
    pub(crate) fn succeeded(&self, model: &Id) {
        if self.failing.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut failures = self.failures.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        failures.remove(model);
        self.failing.store(failures.len(), Ordering::Relaxed);
    }

    /// A call failed, and the upstream is to blame.
    pub(crate) fn failed(&self, model: &Id) {
        let failures = self.failures.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(count) = failures.get(model) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(failures);
        let mut failures = self.failures.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        *failures.entry(model.clone()).or_default().get_mut() += 1;
        self.failing.store(failures.len(), Ordering::Relaxed);
    }

    /// Forgets the models that are not to be kept.
    pub(crate) fn keep(&self, mut keep: impl FnMut(&Id) -> bool) {
        let mut failures = self.failures.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        failures.retain(|model, _| keep(model));
        self.failing.store(failures.len(), Ordering::Relaxed);
    }

    /// Failures since the last success.
    pub(crate) fn consecutive_failures(&self, model: &Id) -> u32 {
        let failures = self.failures.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        failures.get(model).map_or(0, |count| count.load(Ordering::Relaxed))
    }
}
