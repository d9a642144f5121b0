//! May this model be used from where the request comes from?

use std::sync::Arc;

use aisix_core::{Error, address_range};
use async_trait::async_trait;

use crate::hook::{Flow, Hook, HookFactory, RequestInfo};
use crate::request::HookRequest;

/// Refuses callers whose address is outside the ranges of the model that they name; comes after
/// [`crate::ValidateModelHook`], which finds it. A group's targets have ranges of their own, which
/// decide who of them is a candidate.
#[derive(Debug, Clone, Copy, Default)]
pub struct AddressRangesHook;

impl HookFactory for AddressRangesHook {
    fn name(&self) -> &'static str {
        "address_ranges"
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(*self))
    }
}

#[async_trait]
impl Hook for AddressRangesHook {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        match &request.model {
            Some(model) if !model.spec.admits(request.info.client_ip) => {
                Err(address_range::restricted())
            }
            _ => Ok(Flow::Continue),
        }
    }
}
