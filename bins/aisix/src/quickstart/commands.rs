//! Commands to go on with, ready to be pasted into a shell.

use std::io;
use std::net::SocketAddr;

use aisix_core::Secret;

use super::client::base_url;
use super::page::Page;
use super::setup::ALIAS;

/// Prints them. The keys are those that this start made.
pub(super) fn print(
    page: &mut Page,
    proxy: SocketAddr,
    admin: SocketAddr,
    admin_key: &Secret,
    caller_key: &Secret,
) -> io::Result<()> {
    let (proxy, admin) = (base_url(proxy), base_url(admin));
    page.heading("The gateway runs until Ctrl-C. Go on in another terminal:")?;
    page.command(
        "",
        &format!(
            "export AISIX_ADMIN_KEY=\"{}\"\nexport AISIX_API_KEY=\"{}\"",
            admin_key.expose(),
            caller_key.expose()
        ),
    )?;
    page.command("Ask", &chat("-sS", &proxy, "AISIX_API_KEY", ""))?;
    page.command("Ask, and see the answer arrive", &chat("-sSN", &proxy, "AISIX_API_KEY", STREAM))?;
    page.command(
        "List the models that the key may use",
        &format!(
            "curl -sS \"{proxy}/v1/models\" \\\n  -H \"Authorization: Bearer ${{AISIX_API_KEY}}\""
        ),
    )?;
    page.command("Make another caller key, and use it", &another_key(&admin))?;
    page.command("", &chat("-sS", &proxy, "AISIX_NEW_KEY", ""))?;
    page.plain(&format!("Reference of the admin API: {admin}/admin/openapi-scalar"))
}

const STREAM: &str = ", \"stream\": true";

fn chat(flags: &str, proxy: &str, key: &str, more: &str) -> String {
    format!(
        r#"curl {flags} "{proxy}/v1/chat/completions" \
  -H "Authorization: Bearer ${{{key}}}" \
  -H "Content-Type: application/json" \
  -d '{{"model": "{ALIAS}", "messages": [{{"role": "user", "content": "Hello"}}]{more}}}'"#
    )
}

fn another_key(admin: &str) -> String {
    format!(
        r#"export AISIX_NEW_KEY="sk-another-caller"
AISIX_NEW_KEY_HASH=$(printf '%s' "${{AISIX_NEW_KEY}}" | shasum -a 256 | awk '{{print $1}}')
curl -sS -X POST "{admin}/admin/v1/apikeys" \
  -H "Authorization: Bearer ${{AISIX_ADMIN_KEY}}" \
  -H "Content-Type: application/json" \
  -d '{{"key_hash": "'"${{AISIX_NEW_KEY_HASH}}"'", "allowed_models": ["{ALIAS}"]}}'"#
    )
}
