//! Images are immutable: no command changes a byte under `content/`, whatever happens in containers.

use crate::support::sandbox::Sandbox;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

#[test]
fn no_command_changes_what_is_under_content() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nRUN echo built > /note && mkdir /dir && echo a > /dir/a\n",
    );
    sandbox.docker("build -q -t app .").ok().mentions("sha256:");
    let content = sandbox.home().join("content");
    let before = digests(&content);
    assert!(before.len() > 10, "{} files", before.len());

    sandbox
        .docker("run --name box app sh -c 'echo changed > /note; rm -r /dir; chmod 0 /etc/passwd; mv /bin/ls /bin/ls2; ln /bin/busybox /b'")
        .ok()
        .says("");
    sandbox.write("new", "from outside\n");
    sandbox.docker("cp new box:/note").ok().says("");
    sandbox.docker("cp new box:/etc/group").ok().says("");
    sandbox
        .docker("run --rm -v data:/etc app sh -c 'echo x >> /etc/passwd'")
        .ok()
        .says("");
    sandbox
        .docker("run --rm --privileged app sh -c 'echo x >> /etc/passwd; rm /bin/cat'")
        .ok()
        .says("");
    sandbox
        .docker("commit box changed")
        .ok()
        .mentions("sha256:");
    sandbox.docker("save -o all.tar app changed").ok().says("");
    sandbox.docker("tag app other").ok().says("");
    sandbox.docker("diff box").ok().mentions("D /dir\n");
    sandbox.docker("rm box").ok().says("box\n");

    let after = digests(&content);
    let changed: Vec<_> = before
        .iter()
        .filter(|(path, digest)| after.get(*path) != Some(digest))
        .map(|(path, _)| path)
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
    sandbox
        .docker("run --rm app cat /note /dir/a")
        .ok()
        .says("built\na\n");
}

#[test]
fn two_sandboxes_share_content_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag busybox mine").ok().says("");
    sandbox.docker("create --name box busybox").ok().warns("");
    sandbox
        .shell(
            "DOCKLINGS_SANDBOX=other docker ps -aq; DOCKLINGS_SANDBOX=other docker images -q mine",
        )
        .ok()
        .says("");
    sandbox
        .shell("DOCKLINGS_SANDBOX=other docker create --name box busybox | wc -c")
        .ok()
        .says("65\n");
    sandbox
        .shell("DOCKLINGS_SANDBOX=other docker rmi -f busybox; docker run --rm busybox echo mine")
        .fails(0)
        .mentions("mine\n");
}

/// The kind, mode, owner, length, time and content of every file. Records that lists rewrite do not count as content.
fn digests(content: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in WalkDir::new(content).into_iter().filter_map(Result::ok) {
        let path = entry.path();
        if path.starts_with(content.join("tmp")) || entry.depth() < 3 && entry.file_type().is_dir()
        {
            continue;
        }
        let Ok(meta) = fs::symlink_metadata(path) else {
            continue;
        };
        let bytes = if meta.is_file() {
            fs::read(path).unwrap_or_default()
        } else {
            fs::read_link(path)
                .map(|target| target.into_os_string().into_encoded_bytes())
                .unwrap_or_default()
        };
        let digest = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        let facts = format!(
            "{:o} {}:{} {} {digest}",
            meta.mode(),
            meta.uid(),
            meta.gid(),
            meta.size()
        );
        found.insert(path.to_owned(), facts);
    }
    found
}
