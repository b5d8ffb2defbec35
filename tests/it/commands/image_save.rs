//! `docker save`, `load`, `import` and `commit`: images are moved, and stay the same image.

use crate::support::leftovers;
use crate::support::process::eventually;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// An image of a container that created, changed and deleted files.
fn committed(sandbox: &Sandbox) -> String {
    let script = "echo new > /new; rm /etc/group; mkdir /d; ln /new /d/twin; chmod 4711 /d/twin";
    sandbox
        .docker(&format!("run --name box busybox sh -c '{script}'"))
        .ok()
        .says("");
    let id = sandbox
        .docker("commit -m why -c 'CMD [\"cat\",\"/d/twin\"]' box mine:1")
        .ok();
    id.text().to_owned()
}

#[test]
fn an_image_is_the_same_one_in_another_home() {
    let (here, there) = (Sandbox::new(), Sandbox::empty());
    let id = committed(&here);
    let file = there.work().join("mine.tar");
    here.docker(&format!("save -o {} mine:1", file.display()))
        .ok()
        .says("");
    there
        .docker("load -i mine.tar")
        .ok()
        .says("Loaded image: mine:1\n");
    there
        .docker("images --no-trunc -q mine")
        .ok()
        .says(&format!("{id}\n"));
    there.docker("run --rm mine:1").ok().says("new\n");
    there
        .docker("run --rm mine:1 ls /etc/group")
        .fails(1)
        .complains("No such file or directory");
    there.docker("save -o again.tar mine:1").ok().says("");
    let again = fs::read(there.work().join("again.tar")).unwrap();
    assert!(
        fs::read(file).unwrap() == again,
        "the archive of a loaded image differs"
    );
}

#[test]
fn skopeo_reads_what_we_save_and_gives_it_the_same_id() {
    requires!(Tool("skopeo"));
    let sandbox = Sandbox::new();
    let id = committed(&sandbox);
    sandbox.docker("save -o mine.tar mine:1").ok().says("");
    // Copying compares every layer with its digest.
    sandbox
        .shell("skopeo --insecure-policy copy -q docker-archive:mine.tar docker-archive:copy.tar:copy:1")
        .ok()
        .says("");
    sandbox
        .docker("load -i copy.tar")
        .ok()
        .says("Loaded image: copy:1\n");
    sandbox
        .docker("images --no-trunc -q copy")
        .ok()
        .says(&format!("{id}\n"));
}

#[test]
fn a_file_that_is_not_an_archive_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("g.tar", "garbage\n");
    sandbox
        .docker("load -i g.tar")
        .fails(1)
        .complains("unexpected EOF");
    sandbox
        .docker("save nosuch")
        .fails(1)
        .complains("Error response from daemon: No such image: nosuch\n");
    // The daemon has already started its answer to a load, so its errors have no prefix.
    sandbox
        .docker("load -i .")
        .fails(1)
        .warns("read .: is a directory\n");
    let no_list = "invalid archive: does not contain a manifest.json\n";
    sandbox
        .shell("docker load < /dev/null")
        .fails(1)
        .warns(no_list);
}

#[test]
fn the_files_of_a_container_become_an_image_of_one_layer() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --name box busybox sh -c 'echo x > /x'")
        .ok()
        .says("");
    sandbox.docker("export -o files.tar box").ok().says("");
    sandbox
        .docker("import -c 'CMD [\"cat\",\"/x\"]' files.tar flat:1")
        .ok()
        .mentions("sha256:");
    sandbox.docker("run --rm flat:1").ok().says("x\n");
    assert_eq!(sandbox.docker("history -q flat:1").ok().lines().len(), 1);
}

#[test]
fn a_killed_load_leaves_no_partial_image() {
    let (here, there) = (Sandbox::new(), Sandbox::new());
    let big: Vec<u8> = (0..40_000_000_u32).map(|n| (n >> 7) as u8).collect();
    here.write("big", big);
    here.shell("tar -cf big.tar big && docker import big.tar big:1")
        .ok()
        .mentions("sha256:");
    let file = there.work().join("saved.tar");
    here.docker(&format!("save -o {} big:1", file.display()))
        .ok()
        .says("");
    let tmp = there.home().join("content/tmp");
    let mut load = there.spawn("load -i saved.tar");
    eventually("the load has begun", || {
        leftovers::files(&tmp)
            .iter()
            .any(|path| path.ends_with("/big"))
            || !there.docker("images -q big").ok().text().is_empty()
    });
    load.kill();
    // Nothing, or everything.
    if !there.docker("images -q big").ok().text().is_empty() {
        there.docker("save -o whole.tar big:1").ok().says("");
    }
    // The next clean-up removes the rest, and the image can be loaded. The kernel releases the locks of a killed
    // process after a while.
    eventually("the leftovers of the killed load are removed", || {
        there.docker("image prune -f").ok().mentions("reclaimed");
        fs::read_dir(&tmp).unwrap().count() == 0
    });
    there
        .docker("load -q -i saved.tar")
        .ok()
        .says("Loaded image: big:1\n");
}

#[test]
fn no_command_changes_a_byte_of_the_content() {
    let sandbox = Sandbox::new();
    let before = content(&sandbox);
    assert!(before.len() > 10);
    committed(&sandbox);
    sandbox.write(
        "Dockerfile",
        "FROM mine:1\nRUN echo 2 >> /new && rm -r /d\n",
    );
    sandbox
        .docker("build -q -t next .")
        .ok()
        .mentions("sha256:");
    sandbox
        .docker("run --rm next cat /new")
        .ok()
        .says("new\n2\n");
    sandbox.docker("diff box").ok().mentions("A /new\n");
    sandbox.docker("save -o all.tar next busybox").ok().says("");
    sandbox
        .docker("load -i all.tar")
        .ok()
        .mentions("Loaded image");
    let after = content(&sandbox);
    for (path, digest) in before {
        assert_eq!(after.get(&path), Some(&digest), "{}", path.display());
    }
}

/// Digests of all blobs and files of layers.
fn content(sandbox: &Sandbox) -> BTreeMap<PathBuf, String> {
    let content = sandbox.home().join("content");
    ["blobs", "layers"]
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(content.join(folder)))
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let bytes = fs::read(entry.path()).unwrap();
            let digest = Sha256::digest(bytes);
            (entry.into_path(), format!("{digest:?}"))
        })
        .collect()
}
