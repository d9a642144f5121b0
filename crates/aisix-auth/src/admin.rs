//! The tower layer that lets administrators pass.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use tower::{Layer, Service};

/// The keys that administrators may send, kept as SHA-256 digests.
#[derive(Clone, Default)]
pub struct AdminKeys(Arc<[[u8; 32]]>);

impl AdminKeys {
    /// Takes the plaintext keys and forgets them. An empty key opens nothing.
    pub fn new<K: AsRef<str>>(plaintexts: impl IntoIterator<Item = K>) -> Self {
        let plaintexts = plaintexts.into_iter();
        Self(plaintexts.map(|key| digest(key.as_ref())).collect())
    }

    /// Whether the request carries one of the keys: `Authorization: Bearer <key>`, or
    /// `x-api-key: <key>` where there is no `Authorization`.
    #[must_use]
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        sent_key(headers).is_some_and(|key| self.contains(key))
    }

    /// Compares with every key, so that the time taken says nothing of which one came close.
    fn contains(&self, key: &str) -> bool {
        let sent = digest(key);
        let found = self.0.iter().fold(Choice::from(0), |found, known| found | known.ct_eq(&sent));
        found.into()
    }
}

impl fmt::Debug for AdminKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminKeys({})", self.0.len())
    }
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The one key that the head names; two headers that could disagree name none.
fn sent_key(headers: &HeaderMap) -> Option<&str> {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())?.to_str().ok()
    };
    let key = if headers.contains_key(AUTHORIZATION) {
        let (scheme, key) = one(AUTHORIZATION.as_str())?.trim().split_once([' ', '\t'])?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)?
    } else {
        one("x-api-key")?
    };
    Some(key.trim()).filter(|key| !key.is_empty())
}

/// Lets a request with an admin key pass, and answers any other with what `refuse` makes.
///
/// The body of a refused request is not read.
#[derive(Clone)]
pub struct AdminAuthLayer<R> {
    keys: AdminKeys,
    refuse: R,
}

impl<R> AdminAuthLayer<R> {
    /// A layer for these keys; `refuse` makes the answer to everyone else.
    pub fn new(keys: AdminKeys, refuse: R) -> Self {
        Self { keys, refuse }
    }
}

impl<S, R: Clone> Layer<S> for AdminAuthLayer<R> {
    type Service = AdminAuth<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { keys, refuse } = self.clone();
        AdminAuth { inner, keys, refuse }
    }
}

impl<R> fmt::Debug for AdminAuthLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminAuthLayer")
    }
}

/// The service of [`AdminAuthLayer`].
#[derive(Clone)]
pub struct AdminAuth<S, R> {
    inner: S,
    keys: AdminKeys,
    refuse: R,
}

impl<S, R> fmt::Debug for AdminAuth<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminAuth")
    }
}

impl<S, R, B, A> Service<Request<B>> for AdminAuth<S, R>
where
    S: Service<Request<B>, Response = Response<A>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: Fn() -> Response<A>,
    A: Send + 'static,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.keys.admit(request.headers()) {
            Box::pin(self.inner.call(request))
        } else {
            let refusal = (self.refuse)();
            Box::pin(async move { Ok(refusal) })
        }
    }
}
