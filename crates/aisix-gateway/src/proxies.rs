//! The proxies that lead to upstreams, in the words of the usual environment variables.

mod exempt;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aisix_core::Secret;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use self::exempt::Exempt;

/// Which upstreams are reached through which proxy. None, unless the variables say so.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// `None` where there is no proxy at all: nothing is looked up then.
    routes: Option<Arc<Routes>>,
}

#[derive(Debug)]
struct Routes {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exempt: Exempt,
}

/// One proxy.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    /// Where it is, without its credentials.
    pub(crate) address: Uri,
    credentials: Option<Credentials>,
}

#[derive(Debug, Clone)]
struct Credentials {
    /// The value of `Proxy-Authorization`.
    authorization: HeaderValue,
    /// The parts of it that must not be repeated.
    secrets: [Secret; 2],
}

/// A variable does not name a proxy that can be used. Its value is not repeated: it may hold a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ProxyError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong, and what would be right.
    pub reason: &'static str,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case,
    /// which counts where the upper-case one is unset or blank. `HTTP_PROXY` is left out where
    /// `REQUEST_METHOD` is set, because there a caller's `Proxy:` header could have become it.
    ///
    /// # Errors
    /// The first variable that names no HTTP proxy.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let value = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| value(name).map(|value| (name, value)))
        };
        let cgi = value("REQUEST_METHOD").is_some();
        let http = if cgi { "http_proxy" } else { "HTTP_PROXY" };
        let proxy = |names: [&'static str; 2]| {
            first(names).map(|(name, value)| Proxy::parse(name, value.trim())).transpose()
        };
        let all = proxy(["ALL_PROXY", "all_proxy"])?;
        let http = proxy([http, "http_proxy"])?.or_else(|| all.clone());
        let https = proxy(["HTTPS_PROXY", "https_proxy"])?.or(all);
        if http.is_none() && https.is_none() {
            return Ok(Self::default());
        }
        let exempt = first(["NO_PROXY", "no_proxy"]).map(|(_, list)| Exempt::parse(&list));
        let exempt = exempt.unwrap_or_default();
        Ok(Self { routes: Some(Arc::new(Routes { http, https, exempt })) })
    }

    /// The proxy that leads to an upstream.
    pub(crate) fn towards(&self, upstream: &Uri) -> Option<&Proxy> {
        let routes = self.routes.as_deref()?;
        let proxy = match upstream.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => routes.https.as_ref(),
            Some(scheme) if *scheme == Scheme::HTTP => routes.http.as_ref(),
            _ => None,
        };
        proxy.filter(|_| !routes.exempt.holds(upstream))
    }

    /// The proxy that is asked for each request to an upstream, instead of for a tunnel.
    pub(crate) fn forwarding(&self, upstream: &Uri) -> Option<&Proxy> {
        let plain = upstream.scheme() == Some(&Scheme::HTTP);
        self.towards(upstream).filter(|_| plain)
    }
}

impl Proxy {
    fn parse(variable: &'static str, value: &str) -> Result<Self, ProxyError> {
        let fail = |reason| ProxyError { variable, reason };
        let malformed = "is not a URL such as http://proxy.example:3128";
        let url: Uri = value.parse().map_err(|_| fail(malformed))?;
        let scheme = url.scheme().cloned().unwrap_or(Scheme::HTTP);
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(fail(
                "must begin with http:// or https://: other proxies are not supported",
            ));
        }
        let authority = url.authority().ok_or_else(|| fail(malformed))?;
        // A slash in a password, where it should be %2F: what stands before it is no host.
        if url.path_and_query().is_some_and(|rest| rest.as_str().contains('@')) {
            return Err(fail("holds a user or a password with a character that must be encoded"));
        }
        let (user, place) = match authority.as_str().rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority.as_str()),
        };
        let address = Uri::builder().scheme(scheme).authority(place).path_and_query("/").build();
        let address = address.map_err(|_| fail(malformed))?;
        // A port beyond 65535 parses, and would be forgotten.
        let has_port = place.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        if address.host().is_none_or(str::is_empty) || has_port && address.port_u16().is_none() {
            return Err(fail(malformed));
        }
        let credentials = user.map(Credentials::parse).transpose().map_err(fail)?;
        Ok(Self { address, credentials })
    }

    /// The value of `Proxy-Authorization`.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.credentials.as_ref().map(|credentials| &credentials.authorization)
    }

    /// What must never be repeated.
    pub(crate) fn secrets(&self) -> &[Secret] {
        self.credentials.as_ref().map_or(&[], |credentials| &credentials.secrets)
    }
}

impl Credentials {
    fn parse(user: &str) -> Result<Self, &'static str> {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8();
        let (Ok(name), Ok(password)) = (decoded(name), decoded(password)) else {
            return Err("holds a user or a password that is not UTF-8");
        };
        let pair = BASE64_STANDARD.encode(format!("{name}:{password}"));
        let mut authorization = HeaderValue::try_from(format!("Basic {pair}"))
            .map_err(|_| "holds a user or a password that no header can carry")?;
        authorization.set_sensitive(true);
        // A user without a password is a token, and as secret as one.
        let secret = if password.is_empty() { name } else { password };
        Ok(Self { authorization, secrets: [Secret::new(pair), Secret::new(&*secret)] })
    }
}
