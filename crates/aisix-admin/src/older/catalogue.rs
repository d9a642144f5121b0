//! The vendors whose endpoint the older API fills in.

use aisix_core::resource::AdapterName;

/// Where a vendor is reached, and how.
pub(super) struct Vendor {
    name: &'static str,
    pub(super) adapter: AdapterName,
    pub(super) api_base: &'static str,
}

const VENDORS: [Vendor; 4] = [
    Vendor { name: "openai", adapter: AdapterName::OpenAi, api_base: "https://api.openai.com/v1" },
    Vendor {
        name: "gemini",
        adapter: AdapterName::OpenAi,
        api_base: "https://generativelanguage.googleapis.com/v1beta/openai",
    },
    Vendor {
        name: "anthropic",
        adapter: AdapterName::Anthropic,
        api_base: "https://api.anthropic.com",
    },
    Vendor { name: "deepseek", adapter: AdapterName::OpenAi, api_base: "https://api.deepseek.com" },
];

/// The vendor with this name.
pub(super) fn vendor(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}
