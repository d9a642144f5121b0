//! The hook pipeline of the gateway, embeddable on its own.
//!
//! **Purpose.** Everything that the gateway decides about a request between authentication and the
//! upstream is a [`Hook`]: the check of the model, limits, guardrails, caching, accounting. A
//! [`Pipeline`] is the ordered list of their factories; the order of the list is the order of the
//! gates.
//!
//! **Invariants.**
//! - A hook sees the phases in this order, each at most once unless it says otherwise:
//!   `on_request`, then `on_attempt` per candidate, `on_head`, `on_event` per frame, `on_release`
//!   for hooks that hold, and `on_complete`.
//! - `on_complete` is called exactly once on every hook that was started, also when a request is
//!   refused, fails, or is abandoned by its caller.
//! - A pipeline that nobody asks to read bodies leaves them undecoded.
//!
//! **Not here.** No sockets, no store, no adapters: what a hook needs of them it is given.

mod address_ranges;
mod hook;
mod pipeline;
mod request;
mod validate_body;
mod validate_model;

pub use address_ranges::AddressRangesHook;
pub use hook::{
    Access, Answer, AttemptFlow, Flow, Hook, HookFactory, Interest, Outcome, RequestInfo,
};
pub use pipeline::{ActiveHooks, Pipeline};
pub use request::{AttemptInfo, HookRequest, Payload};
pub use validate_body::ValidateBodyHook;
pub use validate_model::ValidateModelHook;
