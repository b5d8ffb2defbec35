//! The table of routes: what is accepted, what is refused, and with which code.

use super::*;

const HASH: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const UPLOAD: &str = "0123456789abcdef0123456789abcdef";

fn name(text: &str) -> Repository {
    Repository::parse(text).unwrap()
}

/// `line` is `METHOD path?query`; `HASH` and `UPLOAD` stand for the constants.
fn parsed(line: &str) -> Result<Route> {
    let line = line.replace("HASH", HASH).replace("UPLOAD", UPLOAD);
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    parse(method, path, query)
}

#[track_caller]
fn check(line: &str, expected: Route) {
    match parsed(line) {
        Ok(route) => assert_eq!(route, expected, "{line}"),
        Err(fault) => panic!("{line}: {fault:?}"),
    }
}

#[track_caller]
fn refused(line: &str, code: Code, status: u16) {
    match parsed(line) {
        Ok(route) => panic!("{line}: {route:?}"),
        Err(fault) => assert_eq!((fault.code, fault.status), (code, status), "{line}"),
    }
}

#[test]
fn everything_of_the_specification_is_found() {
    let hash = Digest::parse(HASH).unwrap();
    let upload = UploadId::parse(UPLOAD).unwrap();
    let tag = Target::parse("v1").unwrap();
    check("GET /v2/", Route::Base);
    check("HEAD /v2", Route::Base);
    check(
        "GET /v2/a/blobs/HASH",
        Route::GetBlob(name("a"), hash.clone()),
    );
    check(
        "HEAD /v2/a/b/c/blobs/sha256%3Ae3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        Route::GetBlob(name("a/b/c"), hash.clone()),
    );
    check(
        "DELETE /v2/a/blobs/HASH",
        Route::DeleteBlob(name("a"), hash.clone()),
    );
    check(
        "GET /v2/a/manifests/v1",
        Route::GetManifest(name("a"), tag.clone()),
    );
    check(
        "PUT /v2/a/manifests/HASH",
        Route::PutManifest(name("a"), Target::Digest(hash.clone())),
    );
    check(
        "DELETE /v2/a/manifests/v1",
        Route::DeleteManifest(name("a"), tag),
    );
    check(
        "POST /v2/a/blobs/uploads/",
        Route::StartUpload(name("a"), Start::Empty),
    );
    check(
        "POST /v2/a/blobs/uploads?digest=HASH",
        Route::StartUpload(name("a"), Start::Whole(hash.clone())),
    );
    check(
        "POST /v2/a/blobs/uploads/?mount=HASH&from=b%2Fc",
        Route::StartUpload(name("a"), Start::Mount(hash.clone(), name("b/c"))),
    );
    check(
        "POST /v2/a/blobs/uploads/?mount=HASH",
        Route::StartUpload(name("a"), Start::Empty),
    );
    check(
        "GET /v2/a/blobs/uploads/UPLOAD",
        Route::GetUpload(name("a"), upload.clone()),
    );
    check(
        "PATCH /v2/a/blobs/uploads/UPLOAD?_state=x",
        Route::AppendUpload(name("a"), upload.clone()),
    );
    check(
        "PUT /v2/a/blobs/uploads/UPLOAD?digest=HASH",
        Route::FinishUpload(name("a"), upload.clone(), hash.clone()),
    );
    check(
        "DELETE /v2/a/blobs/uploads/UPLOAD",
        Route::CancelUpload(name("a"), upload),
    );
    check(
        "GET /v2/a/referrers/HASH",
        Route::Referrers(name("a"), hash.clone(), None),
    );
    check(
        "GET /v2/a/referrers/HASH?artifactType=x/y%2Bz",
        Route::Referrers(name("a"), hash, Some("x/y+z".to_owned())),
    );
    let page = |limit, last: &str| Page {
        limit,
        last: last.to_owned(),
    };
    check(
        "GET /v2/a/tags/list",
        Route::Tags(name("a"), page(None, "")),
    );
    check(
        "GET /v2/a/tags/list?n=0",
        Route::Tags(name("a"), page(Some(0), "")),
    );
    check(
        "GET /v2/_catalog?n=2&last=b%2Fc",
        Route::Catalog(page(Some(2), "b/c")),
    );
    check(
        "GET /v1/search?q=busy+box&n=3",
        Route::Search("busy box".to_owned(), 3),
    );
    check(
        "GET /token?scope=a&service=s&scope=b",
        Route::Token(vec!["a".to_owned(), "b".to_owned()]),
    );
}

#[test]
fn a_repository_may_be_named_like_a_part_of_a_url() {
    check(
        "GET /v2/blobs/tags/list",
        Route::Tags(name("blobs"), Page::default()),
    );
    check(
        "GET /v2/tags/list/tags/list",
        Route::Tags(name("tags/list"), Page::default()),
    );
    check(
        "GET /v2/manifests/manifests/manifests",
        Route::GetManifest(name("manifests"), Target::parse("manifests").unwrap()),
    );
}

#[test]
fn names_are_checked_before_anything_else() {
    for path in [
        "GET /v2/../../etc/manifests/v1",
        "GET /v2/%2e%2e/manifests/v1",
        "GET /v2/A/manifests/v1",
        "GET /v2/%/tags/list",
        "GET /v2//manifests/v1",
        "GET /v2/manifests/v1",
        "GET /v2/a/_tags/manifests/v1",
        "POST /v2/a/blobs/uploads/?mount=HASH&from=../b",
    ] {
        refused(path, Code::NameInvalid, 400);
    }
    refused("GET /v2/a/manifests/..", Code::ManifestInvalid, 400);
    refused("GET /v2/a/manifests/sha256:..", Code::DigestInvalid, 400);
    refused("GET /v2/a/blobs/sha512:00", Code::DigestInvalid, 400);
    refused("PUT /v2/a/blobs/uploads/UPLOAD", Code::DigestInvalid, 400);
    refused("GET /v2/a/blobs/uploads/..", Code::BlobUploadUnknown, 404);
    refused(
        "GET /v2/a/tags/list?n=-1",
        Code::PaginationNumberInvalid,
        400,
    );
}

#[test]
fn a_missing_path_and_a_wrong_method_have_different_codes() {
    for path in [
        "GET /",
        "GET /v3/",
        "GET /v2/a",
        "GET /v2/a/tags",
        "GET /v2/%ff/tags/list",
    ] {
        refused(path, Code::Unsupported, 404);
    }
    for path in [
        "POST /v2/",
        "PUT /v2/_catalog",
        "GET /v2/a/blobs/uploads/",
        "PUT /v2/a/blobs/HASH",
        "POST /v2/a/manifests/v1",
        "PUT /v2/a/tags/list",
        "DELETE /v2/a/referrers/HASH",
        "BREW /v2/a/blobs/uploads/UPLOAD",
    ] {
        refused(path, Code::Unsupported, 405);
    }
}
