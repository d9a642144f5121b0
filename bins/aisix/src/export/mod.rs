//! `aisix export`: what etcd holds, as a resources file.
//!
//! Ids are left out and references become names, because a file derives ids from names. Credentials
//! become variables that are set before the file is loaded, unless they are asked for.

mod check;
mod documents;
mod guardrails;
mod names;
mod notes;
mod output;
mod secrets;
#[cfg(test)]
mod tests;
mod yaml;

use std::process::ExitCode;
use std::time::Duration;

use aisix_core::Kind;
use aisix_store::file::format::{COLLECTIONS, VERSION, VERSION_FIELD};
use aisix_store::{ConfigSource as _, EtcdOptions, EtcdStore, Listing, MasterKey, Sealer};
use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::cli::Export;
use crate::process;
use documents::Resource;
use names::Names;
use notes::Notes;
use output::say;
use secrets::Secrets;

/// How often etcd is asked before it counts as lost.
const ATTEMPTS: u32 = 3;

/// The wait between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// A resources file in the making, and what there is to say of it.
struct Exported {
    text: String,
    counts: Vec<(Kind, usize)>,
    notes: Notes,
}

/// Exports once. Code 1 where the file is written, but is not all that etcd holds or will not load.
///
/// # Errors
/// Where etcd cannot be read, or the file not be written.
pub(crate) fn run(args: &Export) -> anyhow::Result<ExitCode> {
    let keys = args.master_key_file.iter().map(|path| {
        let missing = || format!("--master-key-file: {} does not exist", path.display());
        MasterKey::load(path)?.with_context(missing)
    });
    // Nothing is sealed here, so it does not matter which key is the current one.
    let sealer = Sealer::plain().opening(&keys.collect::<anyhow::Result<Vec<_>>>()?);
    say(&format!("reading {} below {}", args.etcd.join(", "), args.prefix));
    process::on_control_thread(async {
        let options = EtcdOptions::new(args.etcd.clone(), &*args.prefix);
        let listing = read(&EtcdStore::new(&options)?).await?;
        let secrets = Secrets::new(&sealer, args.reveal_secrets);
        let mut exported = export(&listing, secrets);
        if args.reveal_secrets {
            exported.notes.warning("the file holds credentials in clear: keep it secret".into());
        }
        output::write(&exported.text, args.output.as_deref())?;
        exported.report(&listing);
        let complete = exported.notes.problems.is_empty();
        Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn read(store: &EtcdStore) -> anyhow::Result<Listing> {
    let mut attempt = 1;
    loop {
        match store.list().await {
            Err(error) if attempt < ATTEMPTS => {
                let error = aisix_core::error::with_causes(&error);
                say(&format!("attempt {attempt} of {ATTEMPTS}: {error}"));
                tokio::time::sleep(PAUSE).await;
                attempt += 1;
            }
            listed => return Ok(listed?),
        }
    }
}

/// The file that holds what a listing does.
fn export(listing: &Listing, mut secrets: Secrets<'_>) -> Exported {
    let mut notes = Notes::default();
    let mut resources = documents::read(listing, &mut notes);
    guardrails::keep_those_for_everything(&mut resources, &mut notes);
    leave_out(&mut resources, &mut notes);
    resources.sort_by(|a, b| a.identity.cmp(&b.identity));
    let names = Names::of(&resources, &mut notes);
    let mut file = Map::new();
    file.insert(VERSION_FIELD.to_owned(), VERSION.into());
    let mut counts = Vec::new();
    for kind in exported_kinds() {
        let of_kind = resources.iter().filter(|resource| resource.kind == kind);
        let entries: Vec<_> =
            of_kind.map(|resource| entry(resource, &names, &mut secrets, &mut notes)).collect();
        if !entries.is_empty() {
            counts.push((kind, entries.len()));
            file.insert(kind.plural().to_owned(), entries.into());
        }
    }
    notes.variables = secrets.into_variables();
    let text = yaml::document(&file);
    check::loads(&text, &mut notes);
    Exported { text, counts, notes }
}

/// The collections of the file, in their order.
fn exported_kinds() -> impl Iterator<Item = Kind> {
    COLLECTIONS.into_iter().filter(|kind| *kind != Kind::PassthroughRoutes)
}

/// Drops what is not exported.
fn leave_out(resources: &mut Vec<Resource>, notes: &mut Notes) {
    resources.retain(|resource| match resource.kind {
        // The guardrails that they are attached to were judged by them.
        Kind::GuardrailAttachments => false,
        Kind::PassthroughRoutes => {
            let what = "passthrough routes are not exported: write it into the file yourself, \
                        before keys that name it in allowed_routes load";
            notes.warning(format!("{resource} is left out: {what}"));
            false
        }
        kind if COLLECTIONS.contains(&kind) => true,
        _ => {
            notes.warning(format!("{resource} is left out: a file cannot hold this kind"));
            false
        }
    });
}

/// A resource as an entry of its collection.
fn entry(
    resource: &Resource,
    names: &Names,
    secrets: &mut Secrets<'_>,
    notes: &mut Notes,
) -> Value {
    let mut fields = secrets.replaced(resource, notes);
    names.put_in(resource, &mut fields, notes);
    Value::Object(documents::with_identity_first(resource, fields))
}

impl Exported {
    fn report(&self, listing: &Listing) {
        let total: usize = self.counts.iter().map(|(_, count)| count).sum();
        let each = self.counts.iter().map(|(kind, count)| format!("{kind} {count}"));
        let each = each.collect::<Vec<_>>().join(", ");
        let of = if each.is_empty() { String::new() } else { format!(": {each}") };
        say(&format!("exported {total} resource(s) at revision {}{of}", listing.revision));
        self.notes.report();
    }
}
