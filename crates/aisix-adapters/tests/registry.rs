//! Which adapter a provider key gets.

use std::sync::Arc;

use aisix_adapters::Adapters;
use aisix_adapters::openai::OpenAi;
use aisix_core::snapshot::Stored;
use aisix_core::{ErrorCode, ProviderKey};
use aisix_testing::conformance::resources;
use serde_json::json;

fn key(provider: &str, adapter: &str) -> Arc<Stored<ProviderKey>> {
    resources::provider_key(json!({
        "display_name": "key", "provider": provider, "adapter": adapter, "secret": "sk-x",
        "api_base": "https://api.example.com/v1",
    }))
}

#[test]
fn the_adapter_is_the_one_that_the_key_names_whoever_the_provider_is() {
    for provider in ["openai", "deepseek", "anthropic"] {
        let key = key(provider, "openai");
        let adapter = Adapters::builtin().of(&key.spec).expect("the adapter exists").name();
        assert_eq!(adapter, "openai", "for {provider}");
    }
}

#[test]
fn every_family_of_this_crate_is_found_by_its_name() {
    for name in ["anthropic", "azure-openai", "bedrock", "openai", "vertex"] {
        let key = key("whoever", name);
        assert_eq!(Adapters::builtin().of(&key.spec).expect("it exists").name(), name);
    }
}

#[test]
fn a_family_that_this_gateway_does_not_have_is_unavailable() {
    let key = key("openai", "vertex");
    let adapters = Adapters::none().with(OpenAi);
    let Err(error) = adapters.of(&key.spec) else { panic!("there is no such adapter") };
    assert_eq!(error.code(), ErrorCode::ProviderUnavailable);
    assert_eq!(error.message(), "no adapter 'vertex' in this gateway");
}

#[test]
fn a_key_that_names_no_adapter_gets_the_one_that_is_called_like_its_provider() {
    let mut key = Stored::clone(&key("openai", "anthropic"));
    key.spec.adapter = None;
    assert_eq!(Adapters::builtin().of(&key.spec).expect("it exists").name(), "openai");
}

#[test]
fn a_key_without_an_adapter_and_of_an_unknown_provider_is_unavailable() {
    let mut key = Stored::clone(&key("deepseek", "openai"));
    key.spec.adapter = None;
    let adapters = Adapters::builtin();
    let Err(error) = adapters.of(&key.spec) else { panic!("the key names no adapter") };
    assert_eq!(error.code(), ErrorCode::ProviderUnavailable);
}
