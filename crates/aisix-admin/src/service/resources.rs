//! The steps that every kind knows: create, replace, delete.

use std::marker::PhantomData;

use aisix_core::Document;
use aisix_core::resource::Strictness;
use async_trait::async_trait;
use http::StatusCode;

use super::managed::Managed;
use super::plan::{Plan, Step};
use crate::error::ApiError;

/// What a writer knows of the document that it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing: the last writer wins.
    Any,
    /// How often it was written.
    Revision(u64),
}

/// Writes a new resource.
pub(crate) struct Create<T> {
    pub(crate) id: String,
    pub(crate) document: Document,
    pub(crate) kind: PhantomData<T>,
}

/// Writes a whole resource over one that exists.
pub(crate) struct Replace<T> {
    pub(crate) id: String,
    pub(crate) document: Document,
    pub(crate) if_match: IfMatch,
    pub(crate) kind: PhantomData<T>,
}

/// Deletes a resource.
pub(crate) struct Delete<T> {
    pub(crate) id: String,
    pub(crate) if_match: IfMatch,
    pub(crate) kind: PhantomData<T>,
}

impl IfMatch {
    /// Refuses where somebody else wrote since.
    pub(crate) fn check(self, revision: u64) -> Result<(), ApiError> {
        match self {
            Self::Revision(expected) if expected != revision => Err(ApiError::new(
                StatusCode::CONFLICT,
                format!("If-Match: the revision is {revision}, not {expected}: read it again"),
            )),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl<T: Managed> Step for Create<T> {
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError> {
        plan.put::<T>(&self.id, self.document.clone(), None, Strictness::Strict).await
    }
}

#[async_trait]
impl<T: Managed> Step for Replace<T> {
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError> {
        let standing = plan.find::<T>(&self.id).await?.ok_or_else(ApiError::not_found)?;
        self.if_match.check(standing.version)?;
        plan.put(&self.id, self.document.clone(), Some(&standing), Strictness::Strict).await
    }
}

#[async_trait]
impl<T: Managed> Step for Delete<T> {
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError> {
        let standing = plan.find::<T>(&self.id).await?.ok_or_else(ApiError::not_found)?;
        self.if_match.check(standing.version)?;
        plan.delete(&self.id, &standing).await
    }
}
