//! Is the rest of the body what the endpoint takes?

use std::sync::Arc;

use aisix_core::Error;
use async_trait::async_trait;

use crate::hook::{Flow, Hook, HookFactory, RequestInfo};
use crate::request::HookRequest;

/// Refuses what decoding found wrong beside the model; comes after [`crate::ValidateModelHook`],
/// because a caller learns first whether it may use the model at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValidateBodyHook;

impl HookFactory for ValidateBodyHook {
    fn name(&self) -> &'static str {
        "validate_body"
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(*self))
    }
}

#[async_trait]
impl Hook for ValidateBodyHook {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        match request.payload.complaint() {
            Some(complaint) => Err(Error::invalid_request(complaint)),
            None => Ok(Flow::Continue),
        }
    }
}
