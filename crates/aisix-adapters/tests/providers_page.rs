//! The page about provider keys shows keys that can be written.

use aisix_adapters::Adapters;
use aisix_core::resource::{Document, Strictness};
use aisix_core::{ProviderKey, Resource as _};

#[test]
fn every_key_on_the_page_can_be_written_and_has_an_adapter() {
    let page = include_str!("../../../docs/providers.md");
    let blocks: Vec<_> = page
        .split("```json\n")
        .skip(1)
        .filter_map(|block| Some(block.split_once("\n```")?.0))
        .collect();
    assert!(blocks.len() >= 3, "the page shows keys");
    for block in blocks {
        let document = Document::parse(block.as_bytes()).expect("a JSON object");
        let key = ProviderKey::decode(&document, Strictness::Strict).expect(block).resource;
        assert!(Adapters::builtin().of(&key).is_ok(), "{block}");
    }
}
