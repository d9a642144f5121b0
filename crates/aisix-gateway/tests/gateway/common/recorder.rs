//! A hook that remembers how exchanges ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aisix_hooks::{Hook, HookFactory, Outcome, RequestInfo};
use aisix_testing::wait;

/// Remembers outcomes by request id.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<HashMap<String, Vec<Outcome>>>>);

impl Recorder {
    /// Waits until this request's exchange is over, and says how it ended.
    pub async fn outcome(&self, request_id: &str) -> Outcome {
        let outcomes = wait::some("the end of an exchange", || {
            let outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.get(request_id).cloned()
        })
        .await;
        assert_eq!(outcomes.len(), 1, "an exchange ends exactly once");
        outcomes.into_iter().next().expect("there is one")
    }

    /// Whether this request's exchange is over.
    pub fn is_over(&self, request_id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(request_id)
    }
}

impl HookFactory for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn start(&self, info: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(Recording { recorder: self.clone(), request_id: info.request_id.clone() }))
    }
}

struct Recording {
    recorder: Recorder,
    request_id: Arc<str>,
}

impl Hook for Recording {
    fn on_complete(&mut self, outcome: &Outcome) {
        let mut outcomes = self.recorder.0.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.entry(self.request_id.to_string()).or_default().push(outcome.clone());
    }
}
