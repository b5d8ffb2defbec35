//! A repository of a registry on this machine, over the distribution API: its tags, and the image of each. A name
//! without a registry belongs to the practice hub, which the caller looks up
//! ([`super::engine::EngineWorld::with_hub`]).
//!
//! Only registries on this machine are contacted, as with `http`: a check never needs a network. The image's id is the
//! digest of its configuration, which the manifest contains, so that it can be compared with a local image.

use super::facts::{HttpFacts, Repository, Tagged};
use super::{Blind, Observed, hex, http};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The manifest types that name a configuration. Without this, a registry may answer in an obsolete format.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// The repository `name`, such as `localhost:5000/alice/hello`; `None` if the registry has none of this name.
pub(crate) fn repository(name: &str) -> Observed<Option<Repository>> {
    let (host, path) = name.split_once('/').unwrap_or((name, ""));
    let base = format!("http://{host}/v2/{path}");
    let named = host.contains(':') || host == "localhost";
    if !named || path.is_empty() || http::parts(&base).is_none() {
        return Err(Blind::new(format!(
            "no registry can be looked into: `{name}` names none of this machine, as `localhost:5000/{name}` does"
        )));
    }
    let Some(list) = answer(host, &format!("{base}/tags/list"))? else {
        return Ok(None);
    };
    let list = json(host, &list)?;
    let mut tags = BTreeMap::new();
    for tag in list["tags"].as_array().into_iter().flatten() {
        let tag = tag.as_str().unwrap_or_default();
        // A tag that was deleted meanwhile is left out.
        if let Some(manifest) = answer(host, &format!("{base}/manifests/{tag}"))? {
            json(host, &manifest)?;
            let digest = format!("sha256:{}", hex(&Sha256::digest(&manifest)));
            tags.insert(tag.to_owned(), Tagged::of(digest, manifest.as_bytes()));
        }
    }
    Ok(Some(Repository {
        name: name.to_owned(),
        tags,
    }))
}

fn json(host: &str, text: &str) -> Observed<Value> {
    serde_json::from_str(text)
        .map_err(|_| Blind::new(format!("what answers at `{host}` is no registry")))
}

/// The response at `url`; `None` if nothing is there.
fn answer(host: &str, url: &str) -> Observed<Option<String>> {
    let HttpFacts { answer, body, .. } = http::get_as(url, Some(MANIFESTS))?;
    match answer {
        Ok(200) => Ok(Some(body)),
        Ok(404) => Ok(None),
        Ok(status) => Err(Blind::new(format!(
            "the registry at `{host}` answers with status {status}"
        ))),
        Err(cause) => Err(Blind::new(format!(
            "no registry answers at `{host}`: {cause}"
        ))),
    }
}

/// Whether `name` begins with the address of a registry, other than docker.io.
pub(super) fn is_addressed(name: &str) -> bool {
    let host = name.split_once('/').map_or("", |(host, _)| host);
    (host.contains(['.', ':']) || host == "localhost") && host != "docker.io"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// A registry with one repository, for this number of requests; returns its address.
    fn registry(requests: usize) -> (String, std::thread::JoinHandle<()>) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("127.0.0.1:{}", server.local_addr().unwrap().port());
        let serve = move || {
            for _ in 0..requests {
                let (mut stream, _) = server.accept().unwrap();
                let (mut request, mut byte) = (Vec::new(), [0]);
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                let request = String::from_utf8(request).unwrap();
                let (status, body) = match request.split(' ').nth(1).unwrap() {
                    "/v2/alice/hello/tags/list" => {
                        ("200 OK", r#"{"name":"alice/hello","tags":["v1"]}"#)
                    }
                    "/v2/alice/hello/manifests/v1"
                        if request.contains("image.manifest.v1+json") =>
                    {
                        (
                            "200 OK",
                            r#"{"schemaVersion":2,"config":{"digest":"sha256:abc"}}"#,
                        )
                    }
                    "/v2/odd/tags/list" => ("200 OK", "<html>"),
                    _ => ("404 Not Found", r#"{"errors":[]}"#),
                };
                write!(stream, "HTTP/1.0 {status}\r\n\r\n{body}").unwrap();
            }
        };
        (host, std::thread::spawn(serve))
    }

    #[test]
    fn tags_are_found_with_the_images_that_they_are() {
        let (host, thread) = registry(4);
        let found = repository(&format!("{host}/alice/hello")).unwrap().unwrap();
        let v1 = &found.tags["v1"];
        assert_eq!(v1.image, "sha256:abc");
        let manifest = r#"{"schemaVersion":2,"config":{"digest":"sha256:abc"}}"#;
        assert_eq!(
            v1.digest,
            format!("sha256:{}", hex(&Sha256::digest(manifest)))
        );
        assert_eq!(repository(&format!("{host}/bob/hello")), Ok(None));
        assert!(repository(&format!("{host}/odd")).is_err());
        thread.join().unwrap();
        let gone = repository(&format!("{host}/alice/hello")).unwrap_err();
        assert!(
            gone.because.starts_with("no registry answers at"),
            "{}",
            gone.because
        );
    }

    #[test]
    fn a_name_with_an_address_is_told_from_one_of_the_hub() {
        for (name, expected) in [
            ("localhost:5000/a", true),
            ("localhost/a", true),
            ("example.org/a", true),
            ("alice/hello", false),
            ("busybox", false),
            ("docker.io/alice/hello", false),
            ("a:b", false),
        ] {
            assert_eq!(is_addressed(name), expected, "{name}");
        }
    }

    #[test]
    fn only_registries_of_this_machine_are_asked() {
        for name in [
            "alice/hello",
            "hello",
            "example.org:5000/hello",
            "localhost:5000",
            "localhost:x/a",
        ] {
            assert!(
                repository(name)
                    .unwrap_err()
                    .because
                    .starts_with("no registry can be looked into"),
                "{name}"
            );
        }
    }
}
