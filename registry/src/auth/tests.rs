//! The authorization rules, and the answer to a refused request.

use super::*;
use crate::routes;

fn gate(access: Access) -> Gate {
    Gate::new(access, false)
}

fn htpasswd(free_reading: bool) -> (tempfile::TempDir, Access) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("htpasswd");
    let hash = bcrypt::hash("a", 4).unwrap();
    std::fs::write(&path, format!("alice:{hash}\n")).unwrap();
    let file = Htpasswd::open(&path).unwrap();
    (folder, Access::Htpasswd { file, free_reading })
}

fn hub() -> (tempfile::TempDir, Access) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(&folder.path().join("accounts.json")).unwrap();
    (folder, Access::Accounts(accounts))
}

const ALICE: &str = "Basic YWxpY2U6YQ==";
const WRONG: &str = "Basic YWxpY2U6Yg==";
const READ: &str = "GET /v2/alice/x/tags/list";
const WRITE: &str = "POST /v2/alice/x/blobs/uploads/";

/// Every repository exists except those with this name.
fn exists(name: &Repository) -> bool {
    !name.as_str().ends_with("/nothing")
}

fn request(authorization: &str) -> Request {
    Request {
        host: "localhost:5000".to_owned(),
        authorization: Some(authorization.to_owned()).filter(|text| !text.is_empty()),
        ..Request::default()
    }
}

/// `expected` is empty if the request is admitted, else `STATUS CODE` and what the challenge must contain.
#[track_caller]
fn check(gate: &Gate, line: &str, authorization: &str, expected: &str) {
    let (method, path) = line.split_once(' ').unwrap();
    let route = routes::parse(method, path, "").unwrap();
    match gate.admit(&route, &request(authorization), &exists) {
        Ok(()) => assert_eq!("", expected, "{line} {authorization}"),
        Err(fault) => {
            let answer = Fault::answer(fault);
            let text = String::from_utf8_lossy(answer.bytes()).into_owned();
            let challenge = answer
                .get("www-authenticate")
                .unwrap_or_default()
                .to_owned();
            let found = format!("{} {text} {challenge}", answer.status);
            let words: Vec<&str> = expected.split(' ').collect();
            assert!(
                !expected.is_empty() && words.iter().all(|word| found.contains(word)),
                "{line} {authorization}: {found}"
            );
        }
    }
}

#[test]
fn an_open_registry_asks_no_password_and_a_read_only_one_takes_nothing() {
    check(&gate(Access::Open), WRITE, "", "");
    let closed = Gate::new(Access::Open, true);
    check(&closed, WRITE, "", "403 DENIED");
    check(&closed, READ, "", "");
}

#[test]
fn with_a_password_file_everything_needs_a_password() {
    let (_folder, access) = htpasswd(false);
    let gate = gate(access);
    for line in ["GET /v2/", "GET /v2/_catalog", READ, WRITE] {
        check(&gate, line, "", "401 UNAUTHORIZED Basic");
        check(&gate, line, WRONG, "401 UNAUTHORIZED incorrect Basic");
        check(&gate, line, ALICE, "");
    }
}

#[test]
fn with_free_reading_a_client_must_fetch_a_token() {
    let (_folder, access) = htpasswd(true);
    let gate = gate(access);
    check(
        &gate,
        "GET /v2/",
        "",
        "401 Bearer realm=\"http://localhost:5000/token\"",
    );
    check(&gate, READ, "", "");
    check(
        &gate,
        WRITE,
        "",
        "401 DENIED scope=\"repository:alice/x:pull,push\"",
    );
    check(&gate, WRITE, ALICE, "");
    let token = |authorization: &str, scopes: &[&str]| {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let answer = gate
            .token(&scopes, &request(authorization), &exists)
            .unwrap();
        let value: serde_json::Value = serde_json::from_slice(answer.bytes()).unwrap();
        format!("Bearer {}", value["token"].as_str().unwrap())
    };
    let anonymous = token("", &["repository:alice/x:pull,push"]);
    check(&gate, READ, &anonymous, "");
    check(&gate, WRITE, &anonymous, "401 DENIED insufficient_scope");
    let alice = token(ALICE, &["repository:alice/x:pull,push"]);
    check(&gate, WRITE, &alice, "");
    check(
        &gate,
        "POST /v2/alice/y/blobs/uploads/",
        &alice,
        "401 DENIED insufficient_scope",
    );
    check(&gate, "GET /v2/", &token(ALICE, &[]), "");
    check(
        &gate,
        READ,
        "Bearer nonsense",
        "401 UNAUTHORIZED invalid_token",
    );
    assert!(gate.token(&[], &request(WRONG), &exists).is_err());
}

#[test]
fn on_the_hub_accounts_read_everything_and_write_below_their_own_name() {
    let (_folder, access) = hub();
    let gate = gate(access);
    check(&gate, READ, "", "");
    check(&gate, "GET /v1/search", "", "");
    // A missing repository is refused, except to the account that may create it.
    let nothing = "GET /v2/alice/nothing/manifests/latest";
    check(&gate, nothing, "", "401 DENIED pull");
    check(&gate, WRITE, "", "401 DENIED");
    // No account yet: the login creates it.
    check(&gate, WRITE, ALICE, "401 UNAUTHORIZED incorrect");
    check(&gate, "GET /v2/", ALICE, "");
    check(&gate, WRITE, ALICE, "");
    check(&gate, nothing, ALICE, "");
    check(&gate, "GET /v2/bob/nothing/tags/list", ALICE, "403 DENIED");
    check(&gate, WRITE, WRONG, "401 UNAUTHORIZED incorrect");
    check(&gate, "GET /v2/", WRONG, "401 UNAUTHORIZED incorrect");
    check(
        &gate,
        "POST /v2/library/x/blobs/uploads/",
        ALICE,
        "403 DENIED",
    );
    check(&gate, "POST /v2/bob/x/blobs/uploads/", ALICE, "403 DENIED");
    check(
        &gate,
        "DELETE /v2/library/x/manifests/latest",
        ALICE,
        "403 DENIED",
    );
}

#[test]
fn name_and_password_are_found_or_nothing_is() {
    let check = |header: &str, expected: Option<(&str, &str)>| {
        let found = basic(header);
        let found = found
            .as_ref()
            .map(|(name, password)| (name.as_str(), password.as_str()));
        assert_eq!(found, expected, "{header}");
    };
    check("Basic YWxpY2U6c2VjcmV0", Some(("alice", "secret")));
    check("basic YTpi", Some(("a", "b")));
    check("Basic YTpiOmM=", Some(("a", "b:c")));
    check("Basic YTpiYw==", Some(("a", "bc")));
    check("Basic YTo=", Some(("a", "")));
    for bad in [
        "",
        "Basic",
        "Basic ",
        "Basic !",
        "Basic YWxpY2U=",
        "Basic Y",
        "Bearer YTpi",
        "Basic /w==",
    ] {
        check(bad, None);
    }
}
