//! A registry's errors: the specification's codes, each with its HTTP status.
//!
//! Source: OCI distribution specification, § Error Codes; the sentences are those of Docker's registry
//! (distribution, `registry/api/errcode`), since clients print them.

use crate::answer::Answer;
use serde_json::{Value, json};
use std::{fmt, io};

/// The kind of an error, as clients see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The repository does not have the blob.
    BlobUnknown,
    /// The upload cannot continue this way.
    BlobUploadInvalid,
    /// The upload does not exist.
    BlobUploadUnknown,
    /// The content does not match its digest, or the digest is malformed.
    DigestInvalid,
    /// A manifest names something that the repository does not have.
    ManifestBlobUnknown,
    /// The manifest is malformed.
    ManifestInvalid,
    /// The repository does not have the manifest.
    ManifestUnknown,
    /// The name is malformed.
    NameInvalid,
    /// The repository does not exist.
    NameUnknown,
    /// The page size of a list is malformed.
    PaginationNumberInvalid,
    /// The body is longer or shorter than announced, or larger than accepted.
    SizeInvalid,
    /// The client is not authenticated.
    Unauthorized,
    /// The client is authenticated but not allowed to do this.
    Denied,
    /// The request does not exist.
    Unsupported,
    /// The registry failed.
    Unknown,
}

impl Code {
    /// As written in an answer.
    pub fn word(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::PaginationNumberInvalid => "PAGINATION_NUMBER_INVALID",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied => "DENIED",
            Self::Unsupported => "UNSUPPORTED",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::BlobUnknown
            | Self::BlobUploadUnknown
            | Self::ManifestUnknown
            | Self::NameUnknown => 404,
            Self::BlobUploadInvalid
            | Self::DigestInvalid
            | Self::ManifestBlobUnknown
            | Self::ManifestInvalid
            | Self::NameInvalid
            | Self::PaginationNumberInvalid
            | Self::SizeInvalid => 400,
            Self::Unauthorized => 401,
            Self::Denied => 403,
            Self::Unsupported => 405,
            Self::Unknown => 500,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::BlobUnknown | Self::ManifestBlobUnknown => "blob unknown to registry",
            Self::BlobUploadInvalid => "blob upload invalid",
            Self::BlobUploadUnknown => "blob upload unknown to registry",
            Self::DigestInvalid => "provided digest did not match uploaded content",
            Self::ManifestInvalid => "manifest invalid",
            Self::ManifestUnknown => "manifest unknown",
            Self::NameInvalid => "invalid repository name",
            Self::NameUnknown => "repository name not known to registry",
            Self::PaginationNumberInvalid => "invalid number of results requested",
            Self::SizeInvalid => "provided length did not match content length",
            Self::Unauthorized => "authentication required",
            Self::Denied => "requested access to the resource is denied",
            Self::Unsupported => "The operation is unsupported.",
            Self::Unknown => "unknown error",
        }
    }
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct Fault {
    /// The code that a client may branch on.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    message: String,
    details: Vec<Value>,
    headers: Vec<(&'static str, String)>,
}

/// The result of everything that a client can request.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// `code` with its usual sentence and status.
    pub fn new(code: Code) -> Self {
        Self::saying(code, code.sentence())
    }

    /// `code` with its own sentence.
    pub fn saying(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            status: code.status(),
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// About this. After several calls the answer has an entry for each.
    #[must_use]
    pub fn about(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// In the specification's form.
    pub fn answer(self) -> Answer {
        let entry = |detail: Value| json!({ "code": self.code.word(), "message": self.message, "detail": detail });
        let errors: Vec<Value> = match self.details.is_empty() {
            true => vec![entry(Value::Null)],
            false => self.details.iter().cloned().map(entry).collect(),
        };
        let mut answer = Answer::json(self.status, &json!({ "errors": errors }));
        for (name, value) in self.headers {
            answer = answer.header(name, value);
        }
        answer
    }
}

/// The sentence, without the code.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The disk failed or is full.
impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::saying(Code::Unknown, "no space left on the registry's disk").status(507)
            }
            _ => Self::saying(
                Code::Unknown,
                format!("the registry's disk failed: {error}"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_as_the_specification_says() {
        let fault = Fault::new(Code::ManifestBlobUnknown)
            .about(json!("a"))
            .about(json!("b"));
        let answer = fault.answer();
        assert_eq!(answer.status, 400);
        let text = String::from_utf8(answer.bytes().to_vec()).unwrap();
        assert_eq!(text.matches("MANIFEST_BLOB_UNKNOWN").count(), 2, "{text}");
        let plain = Fault::new(Code::NameUnknown).answer();
        let text = String::from_utf8(plain.bytes().to_vec()).unwrap();
        assert_eq!(
            text,
            r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":null}]}"#
        );
    }
}
