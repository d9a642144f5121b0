//! Names that only some crates may speak: who may write configuration, what the admin APIs may see
//! of the gateway, and where etcd is known.

use super::Violation;
use super::rust::{closing, occurrences};
use super::tree::Tree;

/// What the admin APIs may name of the gateway: its handle, the data that the handle answers, and the
/// probes' answers, which are made of that data.
const ADMIN_MAY_NAME: &[&str] =
    &["ConfigurationStatus", "GatewayHandle", "ModelHealth", "Readiness", "handle", "probe"];

/// A name that one place must not speak.
struct Ban {
    rule: &'static str,
    name: &'static str,
    inside: &'static str,
    except: &'static str,
    message: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        rule: "read-only",
        name: "ConfigStore",
        inside: "crates/aisix-gateway/src",
        except: "",
        message: "the gateway reads: it sees only ConfigSource and ReceiptSink",
    },
    Ban {
        rule: "etcd",
        name: "etcd_client",
        inside: "",
        except: "crates/aisix-store/src/etcd",
        message: "only the etcd module of aisix-store names etcd",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for ban in BANS {
        banned(tree, ban, &mut found);
    }
    admin_sees_the_handle_only(tree, &mut found);
    found
}

fn banned(tree: &Tree, ban: &Ban, found: &mut Vec<Violation>) {
    for (file, rust) in tree.rust().filter(|(file, _)| !file.is_test()) {
        let inside = ban.inside.is_empty() || file.is_in(ban.inside);
        let excepted = !ban.except.is_empty() && file.path.starts_with(ban.except);
        if !inside || excepted {
            continue;
        }
        for place in occurrences(&rust.code, ban.name) {
            let line = rust.line_of(place);
            found.push(Violation::new(&file.path, line, ban.rule, ban.message));
        }
    }
}

fn admin_sees_the_handle_only(tree: &Tree, found: &mut Vec<Violation>) {
    let files =
        tree.rust().filter(|(file, _)| file.is_in("crates/aisix-admin/src") && !file.is_test());
    for (file, rust) in files {
        for place in occurrences(&rust.code, "aisix_gateway::") {
            let after = &place["aisix_gateway::".len()..];
            for name in named(after).filter(|name| !ADMIN_MAY_NAME.contains(name)) {
                let message = format!(
                    "{name}: the admin APIs see the gateway through GatewayHandle alone \
                     (ADMIN_MAY_NAME in xtask/src/tidy/names.rs)"
                );
                found.push(Violation::new(&file.path, rust.line_of(place), "handle", message));
            }
        }
    }
}

/// The names that a path leads to: the rest of the path, or all that its braces hold.
fn named(after: &str) -> impl Iterator<Item = &str> {
    let text = if after.starts_with('{') {
        &after[1..closing(after, '{', '}').unwrap_or(after.len())]
    } else {
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '*'));
        &after[..end.unwrap_or(after.len())]
    };
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
        .filter(|name| !name.is_empty() && *name != "self")
}
