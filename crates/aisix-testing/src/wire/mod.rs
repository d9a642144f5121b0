//! Reading HTTP/1.1 messages from bytes: heads and bodies, shared by the scripted upstream and the
//! raw client. Pure: bytes in, pieces out.

#[cfg(test)]
mod tests;

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// More headers than any test sends.
const MAX_HEADERS: usize = 128;

/// Why the bytes are not HTTP/1.1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

/// The head of a request.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// Whether the peer allows another request on this connection.
    pub(crate) keep_alive: bool,
    /// The body that follows. Without a declared length there is none.
    pub(crate) body: Body,
}

/// The head of a response.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body that follows. Without a declared length it ends with the connection.
    pub(crate) body: Body,
}

/// Takes a request head off the front of `buffer`; `None` while it is incomplete.
pub(crate) fn take_request_head(buffer: &mut BytesMut) -> Result<Option<RequestHead>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(buffer).map_err(|error| malformed("request head", &error))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let headers = header_map(request.headers)?;
    let close = has_token(&headers, "connection", "close");
    let head = RequestHead {
        method: request
            .method
            .and_then(|method| method.parse().ok())
            .ok_or_else(|| Malformed("request head: no method".into()))?,
        target: request.path.unwrap_or_default().to_owned(),
        keep_alive: request.version == Some(1) && !close,
        body: Body::declared(&headers)?.unwrap_or(Body::done()),
        headers,
    };
    buffer.advance(length);
    Ok(Some(head))
}

/// Takes a response head off the front of `buffer`; `None` while it is incomplete.
pub(crate) fn take_response_head(buffer: &mut BytesMut) -> Result<Option<ResponseHead>, Malformed> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(buffer).map_err(|error| malformed("response head", &error))?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let headers = header_map(response.headers)?;
    let body = match status {
        ..200 | 204 | 304 => Body::done(),
        _ => Body::declared(&headers)?.unwrap_or(Body(State::UntilClose)),
    };
    let head = ResponseHead { status, headers, body };
    buffer.advance(length);
    Ok(Some(head))
}

/// A body that is being read, piece by piece.
#[derive(Debug)]
pub(crate) struct Body(State);

#[derive(Debug)]
enum State {
    Length(u64),
    ChunkHead,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
}

impl Body {
    /// No body, or none any more.
    pub(crate) const fn done() -> Self {
        Self(State::Done)
    }

    fn declared(headers: &HeaderMap) -> Result<Option<Self>, Malformed> {
        if has_token(headers, "transfer-encoding", "chunked") {
            return Ok(Some(Self(State::ChunkHead)));
        }
        let mut lengths = headers.get_all(http::header::CONTENT_LENGTH).iter();
        let Some(length) = lengths.next() else {
            return Ok(None);
        };
        if lengths.next().is_some() {
            return Err(Malformed("more than one content-length".into()));
        }
        match length.to_str().ok().and_then(|length| length.parse().ok()) {
            Some(0) => Ok(Some(Self::done())),
            Some(length) => Ok(Some(Self(State::Length(length)))),
            None => Err(Malformed(format!("content-length {length:?} is no number"))),
        }
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.0, State::Done)
    }

    /// Says that no more bytes will come. Returns whether the body is complete.
    pub(crate) const fn close(&mut self) -> bool {
        if matches!(self.0, State::UntilClose) {
            self.0 = State::Done;
        }
        self.is_done()
    }

    /// Takes the next piece off the front of `buffer`; `None` when the body is done or `buffer` too
    /// short.
    pub(crate) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
        loop {
            match self.0 {
                State::Done => return Ok(None),
                State::UntilClose => return Ok(take_up_to(buffer, u64::MAX)),
                State::Length(left) => {
                    let piece = take_up_to(buffer, left);
                    self.0 = match left - length_of(piece.as_ref()) {
                        0 => State::Done,
                        left => State::Length(left),
                    };
                    return Ok(piece);
                }
                State::ChunkData(left) => {
                    let piece = take_up_to(buffer, left);
                    self.0 = match left - length_of(piece.as_ref()) {
                        0 => State::ChunkEnd,
                        left => State::ChunkData(left),
                    };
                    return Ok(piece);
                }
                State::ChunkHead | State::ChunkEnd | State::Trailers => {
                    if !self.step_over_framing(buffer)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Steps over one line of the chunked coding; false while that line is incomplete.
    fn step_over_framing(&mut self, buffer: &mut BytesMut) -> Result<bool, Malformed> {
        if matches!(self.0, State::ChunkHead) {
            let parsed = httparse::parse_chunk_size(buffer)
                .map_err(|_| Malformed("chunk: the size is no hexadecimal number".into()))?;
            let httparse::Status::Complete((length, size)) = parsed else {
                return Ok(false);
            };
            buffer.advance(length);
            self.0 = if size == 0 { State::Trailers } else { State::ChunkData(size) };
            return Ok(true);
        }
        let Some(line) = take_line(buffer) else {
            return Ok(false);
        };
        self.0 = match (&self.0, line.is_empty()) {
            (State::Trailers, true) => State::Done,
            (State::Trailers, false) => State::Trailers,
            (_, true) => State::ChunkHead,
            (_, false) => return Err(Malformed("chunk: longer than its size".into())),
        };
        Ok(true)
    }
}

fn take_line(buffer: &mut BytesMut) -> Option<Bytes> {
    let end = buffer.windows(2).position(|pair| pair == b"\r\n")?;
    let line = buffer.split_to(end).freeze();
    buffer.advance(2);
    Some(line)
}

fn take_up_to(buffer: &mut BytesMut, most: u64) -> Option<Bytes> {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
    (length > 0).then(|| buffer.split_to(length).freeze())
}

fn length_of(piece: Option<&Bytes>) -> u64 {
    piece.map_or(0, |piece| piece.len() as u64)
}

fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

fn header_map(parsed: &[httparse::Header<'_>]) -> Result<HeaderMap, Malformed> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|error| malformed("header name", &error))?;
        let value = HeaderValue::from_bytes(header.value)
            .map_err(|error| malformed("header value", &error))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn malformed(part: &str, error: &dyn std::fmt::Display) -> Malformed {
    Malformed(format!("{part}: {error}"))
}
