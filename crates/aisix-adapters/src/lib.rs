//! How each protocol family is reached: address, authentication, framing, quirks.
