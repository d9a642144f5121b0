//! Asking the members of a cluster, one after the other where one does not answer.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, ConnectError, Request, Status, Streaming};
use tonic_prost::ProstCodec;
use tracing::info;

use super::options::{EtcdLogin, EtcdOptions, Trust};
use super::wire::{
    AuthenticateRequest, AuthenticateResponse, LeaseGrantRequest, LeaseGrantResponse,
    LeaseKeepAliveRequest, LeaseKeepAliveResponse, LeaseRevokeRequest, LeaseRevokeResponse,
    RangeRequest, RangeResponse, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest,
    WatchResponse,
};
use crate::source::StoreError;

const RANGE: &str = "/etcdserverpb.KV/Range";
const TXN: &str = "/etcdserverpb.KV/Txn";
const WATCH: &str = "/etcdserverpb.Watch/Watch";
const GRANT: &str = "/etcdserverpb.Lease/LeaseGrant";
const KEEP_ALIVE: &str = "/etcdserverpb.Lease/LeaseKeepAlive";
const REVOKE: &str = "/etcdserverpb.Lease/LeaseRevoke";
const AUTHENTICATE: &str = "/etcdserverpb.Auth/Authenticate";

/// The members of a cluster, and who we are to them.
pub(super) struct Client {
    members: Vec<Member>,
    /// The member that is asked, counted on without end.
    current: AtomicUsize,
    login: Option<EtcdLogin>,
    /// What etcd gave for the password; it expires.
    token: Mutex<Option<MetadataValue<Ascii>>>,
    patience: Duration,
    options: EtcdOptions,
    /// What the connections trust.
    trust: Mutex<Option<Trust>>,
}

#[derive(Debug)]
struct Member {
    url: String,
    /// Replaced when there are new certificates.
    channel: Mutex<Channel>,
}

/// Why a member did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    /// The member.
    url: String,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Refused(Status),
    Login(Status),
    Silent(Duration),
}

/// What is left to try of one request.
struct Attempts {
    /// Members that were not asked yet, the one that is asked now included.
    left: usize,
    /// Whether the password was shown again.
    renewed: bool,
}

impl Attempts {
    fn new(client: &Client) -> Self {
        Self { left: client.members.len(), renewed: false }
    }
}

impl Client {
    pub(super) fn new(options: &EtcdOptions) -> Result<Self, StoreError> {
        let trust = options.trust()?;
        let members = options.members(trust.as_ref())?.into_iter();
        let members = members.map(|(url, endpoint)| {
            let channel = Mutex::new(endpoint.connect_lazy());
            Member { url, channel }
        });
        Ok(Self {
            members: members.collect(),
            current: AtomicUsize::new(0),
            login: options.login.clone(),
            token: Mutex::new(None),
            patience: options.request_timeout,
            options: options.clone(),
            trust: Mutex::new(trust),
        })
    }

    /// Reads documents, at one revision.
    pub(super) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Failure> {
        self.ask(RANGE, request, |_| true).await
    }

    /// Writes documents. What may have been done is not asked for again.
    pub(super) async fn txn(&self, request: TxnRequest) -> Result<TxnResponse, Failure> {
        self.ask(TXN, request, Failure::was_never_sent).await
    }

    /// Opens a watch, and returns etcd's first answer with what follows it.
    pub(super) async fn watch(
        &self,
        create: WatchCreateRequest,
    ) -> Result<(WatchResponse, Streaming<WatchResponse>), Failure> {
        let create = WatchRequest { create_request: Some(create) };
        // The watch ends when our half of the stream does.
        self.converse(WATCH, || stream::iter([create.clone()]).chain(stream::pending())).await
    }

    /// Makes a lease.
    pub(super) async fn grant(
        &self,
        request: LeaseGrantRequest,
    ) -> Result<LeaseGrantResponse, Failure> {
        // A lease that nobody knows of runs out by itself.
        self.ask(GRANT, request, |_| true).await
    }

    /// Renews a lease, unless it is gone, which the answer says.
    pub(super) async fn keep_alive(
        &self,
        request: LeaseKeepAliveRequest,
    ) -> Result<LeaseKeepAliveResponse, Failure> {
        Ok(self.converse(KEEP_ALIVE, || stream::iter([request])).await?.0)
    }

    /// Ends a lease.
    pub(super) async fn revoke(
        &self,
        request: LeaseRevokeRequest,
    ) -> Result<LeaseRevokeResponse, Failure> {
        self.ask(REVOKE, request, |_| true).await
    }

    /// Opens a stream in both directions, and returns etcd's first answer with what follows it.
    async fn converse<Q, A, S>(
        &self,
        path: &'static str,
        requests: impl Fn() -> S,
    ) -> Result<(A, Streaming<A>), Failure>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
        S: Stream<Item = Q> + Send + 'static,
    {
        let mut attempts = Attempts::new(self);
        loop {
            let (at, member) = self.member();
            match self.open(member, path, requests()).await {
                Ok(open) => return Ok(open),
                Err(failure) => self.or_next(at, failure, &mut attempts, |_| true)?,
            }
        }
    }

    async fn open<Q, A>(
        &self,
        member: &Member,
        path: &'static str,
        requests: impl Stream<Item = Q> + Send + 'static,
    ) -> Result<(A, Streaming<A>), Failure>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut request = self.authenticated(member, requests).await?;
        // A member that has lost its cluster ends the stream, instead of being silent.
        request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
        let opening = async {
            let mut grpc = member.grpc().await?;
            let path = PathAndQuery::from_static(path);
            let answer = grpc.streaming(request, path, ProstCodec::default()).await?;
            let mut responses: Streaming<A> = answer.into_inner();
            let first = responses.message().await?;
            let first = first.ok_or_else(|| Status::unavailable("the stream ended"))?;
            Ok((first, responses))
        };
        self.patiently(member, opening).await
    }

    /// Asks the current member; the next one where that is no use and `again` permits it.
    async fn ask<Q, A>(
        &self,
        path: &'static str,
        request: Q,
        again: impl Fn(&Failure) -> bool,
    ) -> Result<A, Failure>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let mut attempts = Attempts::new(self);
        loop {
            let (at, member) = self.member();
            match self.unary(member, path, request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => self.or_next(at, failure, &mut attempts, &again)?,
            }
        }
    }

    /// The member that is asked now.
    fn member(&self) -> (usize, &Member) {
        let at = self.current.load(Ordering::Relaxed);
        (at, &self.members[at % self.members.len()])
    }

    /// Prepares another attempt, if one may help; otherwise it fails as the last one did.
    fn or_next(
        &self,
        at: usize,
        failure: Failure,
        attempts: &mut Attempts,
        again: impl Fn(&Failure) -> bool,
    ) -> Result<(), Failure> {
        if failure.is_expired_token() && !attempts.renewed {
            attempts.renewed = true;
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Ok(());
        }
        if failure.is_of_the_connection() {
            self.renew_trust();
        }
        attempts.left -= 1;
        if failure.is_the_members_own() {
            // Where somebody else has moved on already, that was for the same reason.
            let order = Ordering::Relaxed;
            let _ = self.current.compare_exchange(at, at.wrapping_add(1), order, order);
            if attempts.left > 0 && again(&failure) {
                return Ok(());
            }
        }
        Err(failure)
    }

    /// Connects anew, with the certificates that the files hold now, if those are others.
    fn renew_trust(&self) {
        let Ok(Some(now)) = self.options.trust() else {
            return;
        };
        let mut known = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref() == Some(&now) {
            return;
        }
        // Files that do not belong together yet are read again at the next failure.
        let Ok(members) = self.options.members(Some(&now)) else {
            return;
        };
        for (member, (_, endpoint)) in self.members.iter().zip(members) {
            let mut channel = member.channel.lock().unwrap_or_else(PoisonError::into_inner);
            *channel = endpoint.connect_lazy();
        }
        *known = Some(now);
        info!("connecting to etcd with the new certificates");
    }

    async fn unary<Q, A>(&self, member: &Member, path: &'static str, ask: Q) -> Result<A, Failure>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let request = self.authenticated(member, ask).await?;
        self.patiently(member, member.unary(path, request)).await
    }

    /// A request with the token that the password is good for.
    async fn authenticated<Q>(&self, member: &Member, request: Q) -> Result<Request<Q>, Failure> {
        let mut request = Request::new(request);
        let Some(login) = &self.login else {
            return Ok(request);
        };
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let token = match known {
            Some(token) => token,
            None => self.log_in(member, login).await?,
        };
        request.metadata_mut().insert("token", token);
        Ok(request)
    }

    async fn log_in(
        &self,
        member: &Member,
        login: &EtcdLogin,
    ) -> Result<MetadataValue<Ascii>, Failure> {
        let request = AuthenticateRequest {
            name: login.user.clone(),
            password: login.password.expose().to_owned(),
        };
        let asking = member.unary(AUTHENTICATE, Request::new(request));
        let failed = |failure: Failure| match failure.reason {
            Reason::Refused(status) if status.code() == Code::InvalidArgument => {
                Failure { reason: Reason::Login(status), ..failure }
            }
            _ => failure,
        };
        let answer: AuthenticateResponse = self.patiently(member, asking).await.map_err(failed)?;
        let mut token: MetadataValue<Ascii> = answer.token.parse().map_err(|_| {
            let status = Status::internal("the token is no text");
            Failure { url: member.url.clone(), reason: Reason::Login(status) }
        })?;
        token.set_sensitive(true);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    async fn patiently<T>(
        &self,
        member: &Member,
        asking: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Failure> {
        let fail = |reason| Failure { url: member.url.clone(), reason };
        match tokio::time::timeout(self.patience, asking).await {
            Ok(answer) => answer.map_err(|status| fail(Reason::Refused(status))),
            Err(_) => Err(fail(Reason::Silent(self.patience))),
        }
    }
}

impl Member {
    /// The connection, once it is there. A document may be of any size that etcd permits.
    async fn grpc(&self) -> Result<Grpc<Channel>, Status> {
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut grpc = Grpc::new(channel).max_decoding_message_size(usize::MAX);
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        Ok(grpc)
    }

    async fn unary<Q, A>(&self, path: &'static str, request: Request<Q>) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc().await?;
        let path = PathAndQuery::from_static(path);
        Ok(grpc.unary(request, path, ProstCodec::default()).await?.into_inner())
    }
}

impl Failure {
    /// Whether etcd no longer remembers the revision.
    pub(super) fn is_compacted(&self) -> bool {
        self.says("has been compacted")
    }

    /// Whether the revision is yet to come.
    pub(super) fn is_of_the_future(&self) -> bool {
        self.says("is a future revision")
    }

    /// Whether the lease has run out, or was forgotten.
    pub(super) fn is_lost_lease(&self) -> bool {
        self.says("requested lease not found")
    }

    /// Whether etcd takes nothing but deletions.
    pub(super) fn is_full(&self) -> bool {
        self.says("database space exceeded")
    }

    /// What was being done, where, and why it failed.
    pub(super) fn doing(self, what: &str) -> StoreError {
        let url = &self.url;
        let (context, why) = match &self.reason {
            Reason::Refused(status) => (format!("cannot {what} etcd at {url}"), explain(status)),
            Reason::Login(status) => (format!("cannot log in to etcd at {url}"), explain(status)),
            Reason::Silent(patience) => {
                (format!("cannot {what} etcd at {url}"), format!("no answer within {patience:?}"))
            }
        };
        if self.is_full() {
            return StoreError::Full { context, source: why.into() };
        }
        // etcd's own limit, and the one that it sets its gRPC interface.
        if self.says("request is too large") || self.says("received message larger than max") {
            return StoreError::TooLarge { context, source: why.into() };
        }
        StoreError::unavailable(context, why)
    }

    fn says(&self, part: &str) -> bool {
        matches!(&self.reason, Reason::Refused(status) if status.message().contains(part))
    }

    /// Whether the password is to be shown again.
    fn is_expired_token(&self) -> bool {
        let unknown = |status: &Status| status.code() == Code::Unauthenticated;
        matches!(&self.reason, Reason::Refused(status) if unknown(status))
            || self.says("revision of auth store is old")
    }

    /// Whether the connection is at fault, as far as can be told: a certificate that is refused is
    /// only noticed with the first request.
    fn is_of_the_connection(&self) -> bool {
        match &self.reason {
            Reason::Refused(status) | Reason::Login(status) => status.source().is_some(),
            Reason::Silent(_) => true,
        }
    }

    /// Whether another member might do better.
    fn is_the_members_own(&self) -> bool {
        match &self.reason {
            Reason::Refused(status) => status.code() == Code::Unavailable,
            Reason::Login(_) => false,
            Reason::Silent(_) => true,
        }
    }

    /// Whether there was not even a connection.
    fn was_never_sent(&self) -> bool {
        let Reason::Refused(status) = &self.reason else {
            return false;
        };
        let mut cause = status.source();
        while let Some(error) = cause {
            if error.is::<ConnectError>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// What etcd says, or what happened to the connection.
fn explain(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = status.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = if text.is_empty() { more } else { format!("{text}: {more}") };
        }
        cause = error.source();
    }
    text
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<_> = self.members.iter().map(|member| &member.url).collect();
        f.debug_struct("Client").field("members", &members).finish_non_exhaustive()
    }
}
