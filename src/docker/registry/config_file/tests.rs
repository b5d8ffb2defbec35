//! `config.json` as other programs write it, and as we leave it.

use super::*;
use std::os::unix::fs::PermissionsExt;

fn password(username: &str, password: &str) -> Credential {
    Credential::Password {
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

fn read(text: &str) -> Result<ConfigFile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, text).unwrap();
    ConfigFile::read(&path)
}

#[test]
fn entries_are_read_as_docker_reads_them() {
    let check = |entry: Json, expected: Result<Option<Credential>, &str>| {
        let found = decode(entry.as_object().unwrap());
        assert_eq!(found, expected.map_err(str::to_owned), "{entry}");
    };
    check(json!({}), Ok(None));
    check(json!({"auth": ""}), Ok(None));
    check(
        json!({"auth": "YWxpY2U6d29uZGVyOmxhbmQ="}),
        Ok(Some(password("alice", "wonder:land"))),
    );
    check(
        json!({"auth": "YWxpY2U6AA=="}),
        Ok(Some(password("alice", ""))),
    );
    check(
        json!({"username": "a", "password": "b"}),
        Ok(Some(password("a", "b"))),
    );
    check(json!({"auth": "!!!!"}), Err("illegal base64 data"));
    check(
        json!({"auth": "YWxpY2U="}),
        Err("invalid auth configuration file"),
    );
    check(
        json!({"auth": "/w=="}),
        Err("invalid auth configuration file"),
    );
    check(json!({"auth": 7}), Ok(None));
    let token = Credential::IdentityToken {
        username: "alice".to_owned(),
        token: "t".to_owned(),
    };
    check(
        json!({"auth": "YWxpY2U6", "identitytoken": "t"}),
        Ok(Some(token)),
    );
}

#[test]
fn what_is_written_is_read_back() {
    let token = |username: &str| Credential::IdentityToken {
        username: username.to_owned(),
        token: "t".to_owned(),
    };
    for credential in [
        password("alice", "p:w"),
        password("ü", " "),
        token("alice"),
        token(""),
    ] {
        assert_eq!(decode(&encode(&credential)), Ok(Some(credential)));
    }
}

#[test]
fn a_registry_is_found_by_its_name_and_by_old_addresses() {
    let file = read(r#"{"auths": {"https://old:5000/v1/": {"auth": "a"}, "reg": {"auth": "b"}}}"#);
    let file = file.unwrap();
    let auth = |key: &str| Some(file.entry(key)?.get("auth")?.as_str()?.to_owned());
    assert_eq!(auth("reg").as_deref(), Some("b"));
    assert_eq!(auth("old:5000").as_deref(), Some("a"));
    for other in ["old", "old:5001", "reg.evil", "eg", ""] {
        assert_eq!(auth(other), None, "{other}");
    }
}

#[test]
fn a_program_is_for_one_registry_or_for_all() {
    let file = read(r#"{"credsStore": "all", "credHelpers": {"reg": "one"}}"#).unwrap();
    assert_eq!(file.program("reg"), Some("one"));
    assert_eq!(file.program("other"), Some("all"));
    assert_eq!(read(r#"{"credsStore": ""}"#).unwrap().program("x"), None);
}

#[test]
fn what_cannot_be_understood_says_why() {
    for (text, expected) in [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("[]", "it holds no object"),
        (r#"{"auths": []}"#, "`auths` is no object"),
        (r#"{"credHelpers": "x"}"#, "`credHelpers` is no object"),
    ] {
        assert_eq!(read(text).unwrap_err(), expected);
    }
    for fine in ["", " \n", "{}", r#"{"auths": null}"#] {
        assert!(read(fine).is_ok(), "{fine}");
    }
}

#[test]
fn the_rest_of_the_file_stays_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (
        folder.path().join("real/config.json"),
        folder.path().join("link"),
    );
    fs::create_dir(folder.path().join("real")).unwrap();
    fs::write(
        &path,
        r#"{"z": [1, {"y": null}], "auths": {"b": {}, "a": {"auth": "x"}}, "c": 1.5}"#,
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut file = ConfigFile::read(&link).unwrap();
    file.set_entry("reg", encode(&password("alice", "pw")));
    assert!(file.remove_entry("b") && !file.remove_entry("b"));
    file.save().unwrap();
    assert!(link.is_symlink());
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\n\t\"z\": [\n\t\t1,\n\t\t{\n\t\t\t\"y\": null\n\t\t}\n\t],\n\t\"auths\": {\n\t\t\"a\": {\n\t\t\t\"auth\": \
         \"x\"\n\t\t},\n\t\t\"reg\": {\n\t\t\t\"auth\": \"YWxpY2U6cHc=\"\n\t\t}\n\t},\n\t\"c\": 1.5\n}"
    );
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let left = fs::read_dir(folder.path().join("real")).unwrap().count();
    assert_eq!(left, 1);
}

#[test]
fn a_folder_that_is_missing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = ConfigFile::read(&folder.path().join("a/b/config.json")).unwrap();
    file.set_entry("reg", encode(&password("alice", "pw")));
    file.save().unwrap();
    let mode = |name: &str| {
        folder
            .path()
            .join(name)
            .metadata()
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("a/b") & 0o777, 0o700);
    assert_eq!(ConfigFile::read(&file.path).unwrap().keys(), ["reg"]);
}
