//! Wire formats of language-model APIs, to and from the nouns of aisix-core.
