//! May this caller use this model?

use std::sync::Arc;

use aisix_core::{Error, ErrorCode};
use async_trait::async_trait;

use crate::hook::{Flow, Hook, HookFactory, RequestInfo};
use crate::request::HookRequest;

/// The first gate: the model is named, it exists, and the caller's key grants it, in this order.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValidateModelHook;

impl HookFactory for ValidateModelHook {
    fn name(&self) -> &'static str {
        "validate_model"
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(*self))
    }
}

#[async_trait]
impl Hook for ValidateModelHook {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        let name = request.payload.model().ok_or_else(|| {
            Error::new(ErrorCode::MissingModelField, "Missing field 'model' in request")
        })?;
        let model = request.info.snapshot.resolve_model(name).ok_or_else(|| {
            Error::new(ErrorCode::ModelNotFound, format!("Model '{name}' not found"))
        })?;
        if !request.info.caller.may_use(name) {
            return Err(Error::new(
                ErrorCode::ModelAccessForbidden,
                format!("Access to model '{name}' is forbidden"),
            ));
        }
        request.model = Some(model.clone());
        Ok(Flow::Continue)
    }
}
