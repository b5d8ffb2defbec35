//! What holds on disk: across restarts, after kills, and under concurrent requests.

use super::*;
use crate::Reply;
use crate::manifests;
use crate::names::Target;
use std::fs::File;
use std::time::{Duration, SystemTime};

fn name(text: &str) -> Repository {
    Repository::parse(text).unwrap()
}

/// Makes the file look a day old.
fn age(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(24 * 3600);
    File::open(path).unwrap().set_modified(then).unwrap();
}

fn add(upload: &mut Upload, bytes: &[u8]) {
    upload.begin(None).unwrap();
    upload.add(bytes).unwrap();
    upload.end().unwrap();
}

fn push(store: &Store, repository: &Repository, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let mut upload = store.begin_upload(repository).unwrap();
    add(&mut upload, bytes);
    upload.finish(repository, &digest).unwrap();
    digest
}

#[test]
fn one_folder_is_served_by_one_registry() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(
        error.message().contains("another registry serves"),
        "{error}"
    );
    drop(first);
    assert!(Store::open(folder.path()).is_ok());
}

#[test]
fn an_upload_continues_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let own = name("a");
    let store = Store::open(folder.path()).unwrap();
    let mut upload = store.begin_upload(&own).unwrap();
    let id = upload.id().clone();
    add(&mut upload, b"first ");
    drop(upload);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let mut upload = store.resume_upload(&own, &id).unwrap();
    assert_eq!(upload.size(), 6);
    add(&mut upload, b"second");
    let digest = Digest::of(b"first second");
    upload.finish(&own, &digest).unwrap();
    assert!(store.has_blob(&own, &digest).unwrap());
}

#[test]
fn a_broken_off_body_leaves_what_has_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let own = name("a");
    let store = Store::open(folder.path()).unwrap();
    let mut upload = store.begin_upload(&own).unwrap();
    let id = upload.id().clone();
    upload.begin(None).unwrap();
    upload.add(b"xxx").unwrap();
    drop(upload);
    let mut upload = store.resume_upload(&own, &id).unwrap();
    assert_eq!(upload.size(), 3);
    let chunk = |start, length| Some(Chunk { start, length });
    assert_eq!(upload.begin(chunk(2, 1)).unwrap_err().status, 416);
    // Not as long as announced: none of it stays.
    upload.begin(chunk(3, 2)).unwrap();
    upload.add(b"z").unwrap();
    assert!(upload.end().is_err());
    upload.begin(chunk(3, 1)).unwrap();
    upload.add(b"y").unwrap();
    upload.end().unwrap();
    upload.finish(&own, &Digest::of(b"xxxy")).unwrap();
}

#[test]
fn only_one_request_uses_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let own = name("a");
    let store = Store::open(folder.path()).unwrap();
    let upload = store.begin_upload(&own).unwrap();
    let id = upload.id().clone();
    assert_eq!(store.resume_upload(&own, &id).err().unwrap().status, 409);
    // The refused request has not released it.
    assert_eq!(store.resume_upload(&own, &id).err().unwrap().status, 409);
    drop(upload);
    assert!(store.resume_upload(&own, &id).is_ok());
}

#[test]
fn two_push_the_same_blob_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let bytes = vec![7; 1 << 20];
    let digest = std::thread::scope(|scope| {
        let both = ["a", "b"].map(|own| {
            let (store, bytes) = (&store, &bytes);
            scope.spawn(move || push(store, &name(own), bytes))
        });
        both.map(|thread| thread.join().unwrap())
    });
    assert_eq!(digest[0], digest[1]);
    for own in ["a", "b"] {
        assert!(store.has_blob(&name(own), &digest[0]).unwrap());
    }
    assert!(names(&folder.path().join("uploads")).unwrap().is_empty());
}

#[test]
fn abandoned_uploads_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let own = name("a");
    let store = Store::open(folder.path()).unwrap();
    let old = store.begin_upload(&own).unwrap();
    let old_id = old.id().clone();
    age(&store.upload(&old_id).join("data"));
    // A request still uses it.
    store.sweep().unwrap();
    drop(old);
    assert!(store.upload(&old_id).exists());
    let young = store.begin_upload(&own).unwrap().id().clone();
    store.sweep().unwrap();
    assert!(!store.upload(&old_id).exists() && store.upload(&young).exists());
    assert!(store.resume_upload(&own, &old_id).is_err());
}

#[test]
fn what_no_repository_has_is_deleted_at_the_next_start() {
    use crate::answer::Request;
    use engine::oci::descriptor::{CONFIG, Descriptor, LAYER_GZIP, MANIFEST};
    let folder = tempfile::tempdir().unwrap();
    let own = name("a/b");
    let store = Store::open(folder.path()).unwrap();
    let (config, layer) = (push(&store, &own, b"config"), push(&store, &own, b"layer"));
    let (young, old) = (push(&store, &own, b"young"), push(&store, &own, b"old"));
    age(&store.repository(&own).join("_blobs").join(old.hex()));
    for digest in [&config, &layer] {
        age(&store.repository(&own).join("_blobs").join(digest.hex()));
    }
    let manifest = serde_json::json!({
        "schemaVersion": 2, "config": Descriptor::new(CONFIG, config.clone(), 6),
        "layers": [Descriptor::new(LAYER_GZIP, layer.clone(), 5)],
    });
    let bytes = manifest.to_string().into_bytes();
    let request = Request {
        content_type: Some(MANIFEST.to_owned()),
        ..Request::default()
    };
    let target = Target::parse("v1").unwrap();
    let Reply::Later(mut intake) = manifests::put(&store, &own, &target, &request).unwrap() else {
        panic!("a manifest is its body");
    };
    intake.take(&bytes).unwrap();
    intake.end().unwrap();
    let stray = store.blob(&Digest::of(b"stray"));
    fs::write(&stray, b"stray").unwrap();
    let drafts = [
        stray.with_file_name(".new-abc"),
        store.repository(&own).join("_tags/.new-def"),
    ];
    for draft in &drafts {
        fs::write(draft, b"half").unwrap();
        age(draft);
    }
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    for (digest, stays) in [
        (&config, true),
        (&layer, true),
        (&young, true),
        (&old, false),
    ] {
        assert_eq!(store.has_blob(&own, digest).unwrap(), stays, "{digest}");
        assert_eq!(store.blob(digest).exists(), stays, "{digest}");
    }
    assert!(!stray.exists());
    assert!(drafts.iter().all(|draft| !draft.exists()));
    assert!(store.manifest(&own, &Digest::of(&bytes)).unwrap().is_some());
    // Without the manifest, nothing of it is needed.
    store.forget_manifest(&own, &Digest::of(&bytes)).unwrap();
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    assert!(!store.has_blob(&own, &layer).unwrap() && store.has_blob(&own, &young).unwrap());
}

#[test]
fn a_file_that_is_a_blob_is_shared_and_another_is_refused() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("registry")).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"content").unwrap();
    let digest = Digest::of(b"content");
    store.adopt_blob(&name("a"), &digest, &file).unwrap();
    store.adopt_blob(&name("b"), &digest, &file).unwrap();
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    assert_eq!(inode(&file), inode(&store.blob(&digest)));
    assert!(store.has_blob(&name("b"), &digest).unwrap());
    let other = Digest::of(b"other");
    assert!(store.adopt_blob(&name("a"), &other, &file).is_err());
    assert!(!store.has_blob(&name("a"), &other).unwrap());
}
