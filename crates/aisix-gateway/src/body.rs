//! Bodies: what callers send, and what they get.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aisix_core::{Error, ErrorCode};
use aisix_telemetry::Metrics;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::endpoints::Endpoint;
use crate::exchange::EventBody;
use crate::published::InFlight;
use crate::settings::Settings;

/// Any error of a body that somebody else made.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer. The request counts as in flight until it is dropped.
#[derive(Debug)]
pub struct AnswerBody {
    content: Content,
    _in_flight: Option<InFlight>,
}

#[derive(Debug)]
enum Content {
    Whole(Option<Bytes>),
    Events(Pin<Box<EventBody>>),
}

impl AnswerBody {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let content = Content::Whole((!bytes.is_empty()).then_some(bytes));
        Self { content, _in_flight: None }
    }

    pub(crate) fn events(events: EventBody) -> Self {
        let content = Content::Events(Box::pin(events));
        Self { content, _in_flight: None }
    }

    pub(crate) fn counted(self, in_flight: InFlight) -> Self {
        Self { _in_flight: Some(in_flight), ..self }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Events(events) => {
                events.as_mut().poll_next(cx).map(|bytes| Some(Ok(Frame::data(bytes?))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.is_none(),
            Content::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Content::Events(_) => SizeHint::default(),
        }
    }
}

/// Refuses a body that is not declared as JSON, or that is compressed, and says which header shows
/// that. A body that is JSON although the header calls it compressed is taken.
pub(crate) fn refuse_other_than_json(headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
    if !is_json(headers) {
        return Err(not_json_as("its content-type must be application/json"));
    }
    if headers.contains_key(CONTENT_ENCODING) && !body.trim_ascii_start().starts_with(b"{") {
        return Err(not_json_as("it must be sent without a content-encoding"));
    }
    Ok(())
}

/// That a body is no JSON, and what of it shows that.
fn not_json_as(sent: &str) -> Error {
    let form = Error::invalid_json();
    Error::new(form.code(), format!("{}: {sent}", form.message()))
}

/// Whether a request says that its body is JSON: `application/json`, or a type built on it.
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/").unwrap_or_default();
    subtype == "json" || subtype.ends_with("+json")
}

/// Reads a caller's body, no more than the limit and no slower than allowed.
pub(crate) async fn read<B>(
    mut body: B,
    settings: &Settings,
    oversized: Oversized<'_>,
) -> Result<Bytes, Error>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = next_frame(&mut body, settings.read_timeout).await? {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let size = first.len() + rest.len() + data.len();
        if settings.body_limit.is_some_and(|limit| size > limit) {
            discard(body, oversized).await;
            return Err(too_large(settings));
        }
        // Most bodies arrive in one piece and are never copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.reserve(size + announced(&body));
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// The most that is set aside for what a caller only says will come, in bytes.
const LARGEST_ANNOUNCED: u64 = 1 << 20;

/// How much is said to come, within reason.
pub(crate) fn announced(body: &impl Body) -> usize {
    // The smaller of the two fits into any `usize`.
    usize::try_from(body.size_hint().lower().min(LARGEST_ANNOUNCED)).unwrap_or_default()
}

async fn next_frame<B>(
    body: &mut B,
    patience: Option<Duration>,
) -> Result<Option<Frame<Bytes>>, Error>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    let frame = match patience {
        None => body.frame().await,
        Some(patience) => timeout(patience, body.frame()).await.map_err(|_| {
            let seconds = patience.as_secs_f64();
            Error::new(
                ErrorCode::RequestTimeout,
                format!("request body stalled for more than {seconds} s"),
            )
        })?,
    };
    frame.transpose().map_err(|broken| {
        Error::invalid_request("the request body could not be read").because(broken.into())
    })
}

pub(crate) fn too_large(settings: &Settings) -> Error {
    let limit = settings.body_limit.unwrap_or(usize::MAX);
    Error::new(ErrorCode::BodyTooLarge, format!("request body exceeds the limit of {limit} bytes"))
}

/// The most that is read of a body that is refused, so that its caller gets to read the refusal.
pub(crate) const DISCARDED_BYTES: usize = 32 << 20;
/// The longest time that this may take.
pub(crate) const DISCARDED_FOR: Duration = Duration::from_secs(5);

/// Counts a body that is refused for its size, when no more of it will be read: also where its
/// caller leaves meanwhile.
pub(crate) struct Oversized<'a> {
    metrics: &'a Metrics,
    endpoint: &'static Endpoint,
    /// Whether it was refused, and if so whether all of it was read.
    refused: Option<bool>,
}

impl<'a> Oversized<'a> {
    /// For a request to this endpoint; nothing was refused yet.
    pub(crate) fn at(endpoint: &'static Endpoint, metrics: &'a Metrics) -> Self {
        Self { metrics, endpoint, refused: None }
    }
}

impl Drop for Oversized<'_> {
    fn drop(&mut self) {
        if let Some(whole) = self.refused {
            self.metrics.body_refused(self.endpoint.path, self.endpoint.protocol(), whole);
        }
    }
}

/// Reads and forgets the beginning of a body that is too large: most clients read an answer only
/// once they have sent their request.
pub(crate) async fn discard<B>(mut body: B, mut oversized: Oversized<'_>)
where
    B: Body<Data = Bytes> + Unpin,
{
    oversized.refused = Some(false);
    let deadline = Instant::now() + DISCARDED_FOR;
    let mut discarded = 0;
    while discarded < DISCARDED_BYTES {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => discarded += frame.data_ref().map_or(0, Bytes::len),
            Ok(None) => {
                oversized.refused = Some(true);
                return;
            }
            Ok(Some(Err(_))) | Err(_) => return,
        }
    }
}
