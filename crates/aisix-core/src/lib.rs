//! The nouns of an AI gateway: resources, snapshots, conversations, secrets and errors.
