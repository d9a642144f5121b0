//! Tools and agents: known by their names, kept as they are.

use std::sync::Arc;

use serde::Deserialize;

use super::validity::read;
use super::{Checked, Document, Invalid, Kind, Shape, Strictness};

macro_rules! named {
    ($(#[$about:meta])* $name:ident, $kind:ident) => {
        $(#[$about])*
        ///
        /// Further fields are kept as they are.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            /// A unique label; `display_name` means the same.
            #[serde(alias = "display_name")]
            #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
            pub name: Arc<str>,
        }

        impl Shape for $name {
            const KIND: Kind = Kind::$kind;

            fn name(&self) -> Option<&Arc<str>> {
                Some(&self.name)
            }

            fn read(document: &Document, _: Strictness) -> Result<Checked<Self>, Invalid> {
                open(document)
            }
        }
    };
}

macro_rules! perhaps_named {
    ($(#[$about:meta])* $name:ident, $kind:ident) => {
        $(#[$about])*
        ///
        /// Further fields are kept as they are.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name {
            /// A unique label, where it has one.
            #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1))]
            pub name: Option<Arc<str>>,
        }

        impl Shape for $name {
            const KIND: Kind = Kind::$kind;

            fn name(&self) -> Option<&Arc<str>> {
                self.name.as_ref()
            }

            fn read(document: &Document, _: Strictness) -> Result<Checked<Self>, Invalid> {
                open(document)
            }
        }
    };
}

named!(
    /// A server of tools.
    McpServer,
    McpServers
);
named!(
    /// An agent that callers may talk to.
    A2aAgent,
    A2aAgents
);
perhaps_named!(
    /// Who may use which tools.
    McpPolicy,
    McpPolicies
);
perhaps_named!(
    /// How callers of tools authenticate.
    McpAuthSetting,
    McpAuthSettings
);

/// No field is unknown, because this version does not know what these kinds hold.
fn open<T: Shape>(document: &Document) -> Result<Checked<T>, Invalid> {
    let Checked { resource, .. } = read(document, Strictness::Lenient)?;
    Ok(Checked { resource, ignored: Vec::new() })
}
