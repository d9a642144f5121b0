//! Bodies, read within bounds of size and time.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::error::ApiError;

/// The largest body that is kept, in bytes.
const LIMIT: usize = 8 << 20;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of a body that is too large is still read, in bytes, and for how long: a client that
/// is cut off while it sends does not read the answer.
const DISCARDED: usize = 32 << 20;
const DISCARD_PATIENCE: Duration = Duration::from_secs(5);

/// Reads a body to its end. `waits` says that the client sends it only when it is asked to, so
/// that one that is too large need not be sent at all.
pub(super) async fn read(body: Body, waits: bool) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > LIMIT as u64 {
        if !waits {
            discard(body).await;
        }
        return Err(too_large());
    }
    match timeout(PATIENCE, collect(body)).await {
        Ok(collected) => collected,
        Err(_) => {
            let message = format!("did not arrive within {} seconds", PATIENCE.as_secs());
            Err(refused(StatusCode::BAD_REQUEST, message))
        }
    }
}

async fn collect(mut body: Body) -> Result<Bytes, ApiError> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| refused(StatusCode::BAD_REQUEST, "could not be read to its end");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if collected.len() + data.len() > LIMIT {
            discard(body).await;
            return Err(too_large());
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

async fn discard(mut body: Body) {
    let rest = async {
        let mut discarded = 0;
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > DISCARDED {
                break;
            }
        }
    };
    // However much came: the answer is the same.
    let _ = timeout(DISCARD_PATIENCE, rest).await;
}

fn too_large() -> ApiError {
    let message = format!("larger than {} MiB", LIMIT >> 20);
    refused(StatusCode::PAYLOAD_TOO_LARGE, message)
}

fn refused(status: StatusCode, message: impl Into<String>) -> ApiError {
    ApiError::about(status, "request body", message)
}
