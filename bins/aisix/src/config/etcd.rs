//! The section `etcd`: where it is used, and what must be true of it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use aisix_core::Secret;
use aisix_store::{EtcdLogin, EtcdOptions, EtcdTls};
use anyhow::Context as _;
use http::Uri;
use serde::Deserialize;

/// The etcd that several gateways share. Without endpoints the embedded store is used.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Etcd {
    pub(crate) endpoints: Vec<String>,
    pub(crate) prefix: String,
    pub(crate) env_id: String,
    pub(crate) user: Option<String>,
    pub(crate) password_env: Option<String>,
    pub(crate) dial_timeout_ms: u64,
    pub(crate) request_timeout_ms: u64,
    pub(crate) tls: Tls,
    /// What the variable `password_env` holds.
    #[serde(skip)]
    password: Option<Secret>,
}

/// Certificates; all three files or none.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) ca_cert_file: Option<PathBuf>,
    pub(crate) client_cert_file: Option<PathBuf>,
    pub(crate) client_key_file: Option<PathBuf>,
    pub(crate) domain_name: Option<String>,
}

/// A key, and what is wrong with it.
type Problem = (&'static str, String);

impl Default for Etcd {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            prefix: "/aisix".into(),
            env_id: String::new(),
            user: None,
            password_env: None,
            dial_timeout_ms: 5_000,
            request_timeout_ms: 5_000,
            tls: Tls::default(),
            password: None,
        }
    }
}

impl Etcd {
    /// Whether etcd is the store.
    pub(crate) fn is_used(&self) -> bool {
        !self.endpoints.is_empty()
    }

    /// What every key begins with.
    pub(super) fn root(&self) -> String {
        let prefix = self.prefix.trim_end_matches('/');
        match self.env_id.as_str() {
            "" => format!("{prefix}/"),
            environment => format!("{prefix}/{environment}/"),
        }
    }

    /// Fails with the first rule that is broken. To be asked only where there is such a section.
    pub(super) fn check(&self) -> Result<(), Problem> {
        if !self.is_used() {
            let reason = "needs at least one URL, such as http://127.0.0.1:2379";
            return Err(("etcd.endpoints", reason.into()));
        }
        self.tls.check()?;
        let tls = self.tls.is_used();
        for endpoint in &self.endpoints {
            endpoint_rule(endpoint, tls).map_err(|reason| ("etcd.endpoints", reason))?;
        }
        if self.prefix.trim_end_matches('/').is_empty() {
            return Err(("etcd.prefix", "must name a root, such as /aisix".into()));
        }
        if self.env_id.contains('/') {
            return Err(("etcd.env_id", "must not hold a slash".into()));
        }
        if self.user.is_none() && self.password_env.is_some() {
            return Err(("etcd.password_env", "needs etcd.user beside it".into()));
        }
        Ok(())
    }

    /// Takes the password from the variable that the configuration names.
    pub(super) fn find_password(
        &mut self,
        variables: &[(OsString, OsString)],
    ) -> Result<(), Problem> {
        let Some(name) = &self.password_env else {
            return Ok(());
        };
        let fail = |what| Err(("etcd.password_env", format!("the variable {name} {what}")));
        let found = variables.iter().find(|(variable, _)| variable == name.as_str());
        match found.map(|(_, value)| value.to_str()) {
            Some(Some("")) => fail("is empty"),
            Some(Some(password)) => {
                self.password = Some(Secret::new(password));
                Ok(())
            }
            Some(None) => fail("is not UTF-8"),
            None => fail("is not set"),
        }
    }

    /// What the store is told.
    ///
    /// # Errors
    /// Where a certificate or the key cannot be read.
    pub(crate) fn options(&self) -> anyhow::Result<EtcdOptions> {
        let login = self.user.clone().zip(self.password.clone());
        let defaults = EtcdOptions::new(self.endpoints.clone(), &*self.prefix);
        // A member that never answers must be given up at some time.
        let or_default = |milliseconds, default| match milliseconds {
            0 => default,
            some => Duration::from_millis(some),
        };
        Ok(EtcdOptions {
            login: login.map(|(user, password)| EtcdLogin { user, password }),
            tls: self.tls.read()?,
            dial_timeout: or_default(self.dial_timeout_ms, defaults.dial_timeout),
            request_timeout: or_default(self.request_timeout_ms, defaults.request_timeout),
            ..defaults
        })
    }
}

impl Tls {
    fn files(&self) -> [(&'static str, &Option<PathBuf>); 3] {
        [
            ("etcd.tls.ca_cert_file", &self.ca_cert_file),
            ("etcd.tls.client_cert_file", &self.client_cert_file),
            ("etcd.tls.client_key_file", &self.client_key_file),
        ]
    }

    fn is_used(&self) -> bool {
        self.domain_name.is_some() || self.files().iter().any(|(_, file)| file.is_some())
    }

    fn check(&self) -> Result<(), Problem> {
        match self.files().into_iter().find(|(_, file)| file.is_none()) {
            Some((key, _)) if self.is_used() => {
                Err((key, "is missing: etcd.tls needs all three files".into()))
            }
            _ => Ok(()),
        }
    }

    /// Fails where a file cannot be read; the store reads them itself, again and again.
    fn read(&self) -> anyhow::Result<Option<EtcdTls>> {
        for (key, path) in self.files() {
            if let Some(path) = path {
                let cannot = || format!("{key}: cannot read {}", path.display());
                std::fs::File::open(path).with_context(cannot)?;
            }
        }
        let Self { ca_cert_file, client_cert_file, client_key_file, domain_name } = self.clone();
        let files = ca_cert_file.zip(client_cert_file).zip(client_key_file);
        Ok(files.map(|((ca, certificate), key)| EtcdTls { ca, certificate, key, domain_name }))
    }
}

/// Fails where a text is no URL of a member, saying why.
pub(crate) fn endpoint_rule(endpoint: &str, tls: bool) -> Result<(), String> {
    if endpoint.contains('@') {
        return Err("holds a user or password: they belong in etcd.user and \
                    etcd.password_env"
            .into());
    }
    let shown = endpoint.escape_debug();
    let url = match endpoint.contains("://") {
        true => endpoint.parse::<Uri>(),
        false => format!("{}://{endpoint}", if tls { "https" } else { "http" }).parse(),
    };
    let url = url.ok().filter(|url| url.host().is_some() && matches!(url.path(), "" | "/"));
    match url.as_ref().and_then(Uri::scheme_str) {
        Some("http") if tls => {
            Err(format!("'{shown}' is not encrypted, and etcd.tls is set: write https://"))
        }
        Some("https") if !tls => Err(format!("'{shown}' needs etcd.tls with its certificates")),
        Some("http" | "https") => Ok(()),
        _ => Err(format!("'{shown}' is not a URL such as http://127.0.0.1:2379")),
    }
}
