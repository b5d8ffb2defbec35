//! Blobs: whole, in part, or only whether they exist.

use crate::answer::{Answer, Content, Request};
use crate::error::{Code, Fault, Result};
use crate::names::Repository;
use crate::store::Store;
use engine::oci::digest::Digest;
use serde_json::json;
use std::io::{Seek, SeekFrom};

/// `GET` and `HEAD`. Docker's client needs the length in the answer to a `HEAD`.
pub(crate) fn get(
    store: &Store,
    name: &Repository,
    digest: &Digest,
    request: &Request,
) -> Result<Answer> {
    let (mut file, length) = store
        .open_blob(name, digest)?
        .ok_or_else(|| unknown(digest))?;
    let about = |status| {
        Answer::empty(status)
            .header("content-type", "application/octet-stream")
            .header("docker-content-digest", digest.as_str())
            .header("accept-ranges", "bytes")
            // Content named by its digest never changes.
            .header("cache-control", "max-age=31536000")
            .header("etag", format!("\"{digest}\""))
    };
    let (answer, first, count) = match request.range.as_deref().map(|range| part(range, length)) {
        None | Some(Part::Whole) => (about(200), 0, length),
        Some(Part::Bytes(first, last)) => {
            let range = format!("bytes {first}-{last}/{length}");
            (
                about(206).header("content-range", range),
                first,
                last - first + 1,
            )
        }
        Some(Part::Outside) => {
            let fault = Fault::saying(Code::SizeInvalid, "the blob has no such part").status(416);
            return Err(fault.header("content-range", format!("bytes */{length}")));
        }
    };
    file.seek(SeekFrom::Start(first))?;
    Ok(Answer {
        content: Content::File(file, count),
        ..answer
    })
}

/// `DELETE`.
pub(crate) fn delete(store: &Store, name: &Repository, digest: &Digest) -> Result<Answer> {
    match store.forget_blob(name, digest)? {
        true => Ok(Answer::empty(202)),
        false => Err(unknown(digest)),
    }
}

fn unknown(digest: &Digest) -> Fault {
    Fault::new(Code::BlobUnknown).about(json!({ "digest": digest }))
}

/// What a `Range` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Everything, also for a range in a form that we do not know.
    Whole,
    /// From the first to the second.
    Bytes(u64, u64),
    /// Nothing that exists.
    Outside,
}

/// Parses a `Range` over `length` bytes. Source: RFC 9110, § 14.
fn part(range: &str, length: u64) -> Part {
    let Some((first, last)) = range
        .trim()
        .strip_prefix("bytes=")
        .and_then(|text| text.split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(first), number(last)) {
        (Some(first), _) if first >= length => Part::Outside,
        (Some(first), Some(last)) if last >= first => Part::Bytes(first, last.min(length - 1)),
        (Some(first), None) if last.trim().is_empty() => Part::Bytes(first, length - 1),
        // The last `n` bytes.
        (None, Some(0)) => Part::Outside,
        (None, Some(count)) if first.trim().is_empty() && length > 0 => {
            Part::Bytes(length.saturating_sub(count), length - 1)
        }
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_http_says() {
        let check = |range: &str, expected: Part| assert_eq!(part(range, 10), expected, "{range}");
        check("bytes=0-3", Part::Bytes(0, 3));
        check("bytes=4-", Part::Bytes(4, 9));
        check("bytes=4-99", Part::Bytes(4, 9));
        check("bytes=-3", Part::Bytes(7, 9));
        check("bytes=-99", Part::Bytes(0, 9));
        check("bytes=10-", Part::Outside);
        check("bytes=-0", Part::Outside);
        for odd in [
            "",
            "bytes",
            "bytes=",
            "bytes=a-b",
            "bytes=3-1",
            "lines=1-2",
            "bytes=0-1,3-4",
            "bytes=-",
        ] {
            check(odd, Part::Whole);
        }
        assert_eq!(part("bytes=0-", 0), Part::Outside);
    }
}
