//! Requests and answers without a network, so that tests cover everything but the listening.

use serde_json::Value;
use std::fs::File;

/// A request without its body, which is a separate stream.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// As sent, with its escapes.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// The requested host; becomes part of the token endpoint's address.
    pub host: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Length`.
    pub content_length: Option<u64>,
    /// `Content-Range`.
    pub content_range: Option<String>,
    /// `Range`.
    pub range: Option<String>,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// `Origin`: the site whose page made a browser send this.
    pub origin: Option<String>,
    /// `Sec-Fetch-Site`: whether that site differs from ours.
    pub site: Option<String>,
}

/// What comes after an answer's headers.
#[derive(Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// This many bytes of the file, from its current position.
    File(File, u64),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// What follows.
    pub content: Content,
}

impl Answer {
    /// `status`, and nothing else.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Empty,
        }
    }

    /// `value` as JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::typed(status, "application/json", value.to_string().into_bytes())
    }

    /// `bytes` of type `media_type`.
    pub fn typed(status: u16, media_type: &str, bytes: Vec<u8>) -> Self {
        Self {
            content: Content::Bytes(bytes),
            ..Self::empty(status).header("content-type", media_type)
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// How long its content is.
    pub fn length(&self) -> u64 {
        match &self.content {
            Content::Empty => 0,
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::File(_, length) => *length,
        }
    }

    /// The bytes of an answer that is not a file.
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Bytes(bytes) => bytes,
            Content::Empty | Content::File(..) => &[],
        }
    }

    /// The value of the header `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| &**value)
    }
}
