//! A file that is emptied, cut in half or filled with garbage: only its object fails, nothing panics, and
//! `docklings doctor --repair` leaves a home in which everything works.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Commands that work with any single damaged file, except files whose name starts with the second field.
const COMMANDS: [(&str, &str); 15] = [
    ("ps -a", ""),
    ("images", "images.json"),
    ("volume ls", ""),
    ("run --rm busybox true", "images.json"),
    ("start -a other", ""),
    ("build -q -t again .", "images.json"),
    ("pull busybox", "images.json"),
    ("login -u alice -p pw", "logins.json"),
    ("rm -f box", ""),
    ("rm -f other", ""),
    ("rm -f in-build", ""),
    ("volume rm vol", ""),
    ("system prune -f", "images.json"),
    ("builder prune -af", "images.json"),
    ("events --since 0 --until 1s", ""),
];

/// A home with one object of each kind, and nothing running.
fn full() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo 1 > /built\n");
    sandbox
        .docker("run --name box -v vol:/v busybox touch /v/kept")
        .ok();
    sandbox.docker("run --name other busybox true").ok();
    sandbox.docker("build -q -t i .").ok();
    sandbox.docker("create --name in-build i").ok();
    sandbox.docker("login -u alice -p pw").ok();
    sandbox.docker("tag i alice/i").ok();
    sandbox.docker("push -q alice/i").ok();
    sandbox.docklings("config hub practice").ok();
    sandbox.docklings("check hello").fails(1);
    sandbox
}

/// The records below the home.
fn records(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(home).into_iter().flatten() {
        let path = entry.path();
        let inside = path.strip_prefix(home).unwrap_or(path);
        let text = inside.display().to_string();
        let is_record =
            text.ends_with(".json") || text.ends_with(".jsonl") || text.contains("/names/");
        let is_content =
            text.contains("/diff/") || text.contains("/upper/") || text.contains("/_data/");
        if entry.file_type().is_file() && is_record && !is_content && !text.ends_with(".lock") {
            found.push(inside.to_owned());
        }
    }
    // Of files that differ only in an id, one is enough.
    found.sort();
    found.dedup_by_key(|path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let kind: String = name
            .chars()
            .filter(|letter| !letter.is_ascii_hexdigit())
            .collect();
        (
            path.parent().and_then(Path::parent).map(Path::to_owned),
            kind,
        )
    });
    found
}

type Damaging = fn(&Path);

const WAYS: [(&str, Damaging); 3] = [
    ("emptied", |path| fs::write(path, "").unwrap()),
    ("cut in half", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("made garbage", |path| {
        fs::write(path, b"\x00\xff}{garbage\x07").unwrap()
    }),
];

/// Runs all commands with the file at `inside` damaged, then repairs it.
fn survives(original: &Path, inside: &Path, damage: Damaging, how: &str) {
    let sandbox = Sandbox::empty();
    fs::remove_dir(sandbox.home()).unwrap();
    let mut copy = Command::new("cp");
    assert!(
        copy.arg("-a")
            .arg(original)
            .arg(sandbox.home())
            .status()
            .unwrap()
            .success()
    );
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo 2 > /built\n");
    let name = inside
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let is_of_exercise = inside.starts_with("sandboxes/ex-hello");
    damage(&sandbox.home().join(inside));
    for (words, excused) in COMMANDS {
        let output = sandbox.docker(words).never_complains("panicked");
        let may_fail = !excused.is_empty() && name.starts_with(excused) && !is_of_exercise;
        // A damaged container itself cannot be started, and a damaged record of a layer may cost its image.
        let may_fail = may_fail
            || (words.starts_with("start") && inside.starts_with("sandboxes/free/containers"));
        assert!(
            may_fail || output.code() == 0,
            "`docker {words}` with {} {how}: {output:?}",
            inside.display()
        );
    }
    for words in ["list", "progress"] {
        let output = sandbox.docklings(words).never_complains("panicked");
        assert!(
            output.code() == 0 || name == "progress.json",
            "`docklings {words}` with {} {how}: {output:?}",
            inside.display()
        );
    }
    let _ = sandbox
        .docklings("doctor --repair")
        .never_complains("panicked");
    sandbox
        .docklings("doctor --repair")
        .ok()
        .says("nothing is damaged\n");
    for words in [
        "ps -a",
        "images",
        "volume ls",
        "run --rm busybox true",
        "pull busybox",
        "system prune -f",
    ] {
        sandbox.docker(words).ok().warns("");
    }
    sandbox.docklings("progress").ok();
}

#[test]
fn one_damaged_file_stops_nothing_else() {
    let original = full();
    let all = records(&original.home());
    assert!(all.len() > 15, "{all:?}");
    for inside in all {
        for (how, damage) in WAYS {
            survives(&original.home(), &inside, damage, how);
        }
    }
}

#[test]
fn a_damaged_container_is_named_once_and_removed_by_id_or_name() {
    let sandbox = Sandbox::empty();
    let id = sandbox
        .docker("create --name broken busybox")
        .ok()
        .text()
        .trim()
        .to_owned();
    sandbox.docker("create --name fine busybox").ok();
    let config = sandbox
        .home()
        .join("sandboxes/free/containers")
        .join(&id)
        .join("config.json");
    fs::write(&config, "").unwrap();
    let list = sandbox.docker("ps -aq --no-trunc").ok();
    list.complains(&format!("WARNING: container {} is left out", &id[..12]))
        .never_mentions(&id);
    sandbox
        .docker("rm broken")
        .fails(1)
        .complains("config.json` is damaged");
    sandbox.docker("inspect broken").fails(1);
    sandbox.docker("create --name broken busybox").fails(1);
    sandbox
        .docker("rm -f broken")
        .ok()
        .says("broken\n")
        .warns("");
    sandbox.docker("ps -a").ok().warns("");
    let id = sandbox
        .docker("create --name broken busybox")
        .ok()
        .text()
        .trim()
        .to_owned();
    let config = sandbox
        .home()
        .join("sandboxes/free/containers")
        .join(&id)
        .join("config.json");
    fs::remove_file(config).unwrap();
    sandbox.docker(&format!("rm -f {}", &id[..12])).ok();
    sandbox.docker("ps -a").ok().warns("");
}

#[test]
fn a_damaged_container_that_runs_is_ended_by_rm() {
    let sandbox = Sandbox::empty();
    let id = sandbox.sleeping("broken");
    let id = id.trim();
    let folder = sandbox.home().join("sandboxes/free/containers").join(id);
    fs::write(folder.join("state.json"), "{").unwrap();
    sandbox
        .docker("ps --format {{.Names}}")
        .ok()
        .says("broken\n");
    fs::write(folder.join("config.json"), "{").unwrap();
    sandbox.docker("ps -q").ok().says("");
    sandbox.docker(&format!("rm -f {id}")).ok();
    assert!(!folder.exists());
}

#[test]
fn a_table_of_images_is_made_again_from_the_journal() {
    let sandbox = Sandbox::empty();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo kept > /built\n");
    sandbox.docker("build -q -t i:1 .").ok();
    sandbox.docker("tag i:1 i:2").ok();
    sandbox.docker("tag i:1 gone").ok();
    sandbox.docker("rmi gone").ok();
    let format = "images --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}}'";
    let before = sandbox.docker(format).ok();
    let table = sandbox.home().join("sandboxes/free/images.json");
    fs::write(&table, "{").unwrap();
    sandbox
        .docker("images")
        .fails(1)
        .complains("images.json` is damaged");
    sandbox
        .docklings("doctor")
        .fails(1)
        .mentions("docklings doctor --repair");
    sandbox
        .docklings("doctor --repair")
        .ok()
        .mentions("4 images and 5 names")
        .mentions("images.json");
    assert_eq!(sandbox.docker(format).ok().text(), before.text());
    sandbox
        .docker("run --rm i:2 cat /built")
        .ok()
        .says("kept\n");
    let aside = fs::read_dir(table.parent().unwrap()).unwrap().flatten();
    let mut names = aside.map(|entry| entry.file_name().to_string_lossy().into_owned());
    assert!(names.any(|name| name.starts_with("images.json.damaged-")));
}

#[test]
fn a_pulled_layer_without_its_compressed_form_is_pulled_again() {
    let sandbox = Sandbox::new();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo kept > /pulled\n");
    for line in [
        "docker build -q -t tool:1 . && docker save -o tool.tar tool:1",
        "docker rmi tool:1 && docker builder prune -af",
    ] {
        sandbox.shell(line).ok();
    }
    sandbox.docklings("images add tool.tar").ok();
    sandbox.docker("pull -q tool:1").ok();
    for entry in walkdir::WalkDir::new(sandbox.home().join("content")) {
        let entry = entry.expect("the content is there");
        let path = entry.path();
        if path.ends_with("pulled") {
            fs::write(path, "").unwrap();
        } else if path.ends_with("on-disk") || is_gzip(path) {
            fs::remove_file(path).unwrap();
        }
    }
    sandbox
        .docker("run --rm tool:1 cat /pulled")
        .ok()
        .says("kept\n")
        .complains("the image tool:1 is damaged")
        .complains("Pull complete");
}

fn is_gzip(path: &std::path::Path) -> bool {
    path.is_file() && fs::read(path).is_ok_and(|bytes| bytes.starts_with(&[0x1f, 0x8b]))
}

#[test]
fn layers_that_a_cut_has_emptied_are_made_again_or_named() {
    let sandbox = Sandbox::empty();
    sandbox.write("Dockerfile", "FROM busybox\nRUN echo kept > /built\n");
    sandbox.docker("build -q -t i .").ok();
    for entry in walkdir::WalkDir::new(sandbox.home().join("content/layers"))
        .into_iter()
        .flatten()
    {
        let path = entry.path();
        if ["built", "busybox", "hello"]
            .iter()
            .any(|name| path.ends_with(name))
            && entry.file_type().is_file()
        {
            fs::write(path, "").unwrap();
        } else if path.ends_with("on-disk") {
            fs::remove_file(path).unwrap();
        }
    }
    sandbox
        .docker("run --rm busybox echo works")
        .ok()
        .says("works\n");
    sandbox
        .docker("run --rm i cat /built")
        .fails(125)
        .complains("the image i is damaged");
    sandbox.docker("build -q -t i .").ok();
    sandbox.docker("run --rm i cat /built").ok().says("kept\n");
    sandbox.docker("run --rm hello-world").ok();
}

#[test]
fn doctor_finds_an_emptied_file_of_a_layer_that_was_whole() {
    let sandbox = Sandbox::empty();
    sandbox.docker("images").ok();
    for layer in fs::read_dir(sandbox.home().join("content/layers"))
        .unwrap()
        .flatten()
    {
        let program = layer.path().join("diff/bin/busybox");
        if program.exists() {
            fs::write(program, "").unwrap();
        }
    }
    sandbox
        .docklings("doctor")
        .fails(1)
        .mentions("not all of its files are there");
    sandbox
        .docklings("doctor --repair")
        .ok()
        .mentions("it was made again");
    sandbox
        .docker("run --rm busybox echo works")
        .ok()
        .says("works\n");
}

#[test]
fn leftovers_of_a_build_are_pruned_after_a_reboot() {
    let sandbox = Sandbox::new();
    sandbox.docker("images").ok();
    let left = sandbox.home().join("content/tmp/run-abcdef");
    fs::create_dir_all(left.join("work/work")).unwrap();
    fs::set_permissions(left.join("work/work"), fs::Permissions::from_mode(0o000)).unwrap();
    sandbox.docker("system prune -f").ok();
    assert!(!left.exists());
}

#[test]
fn the_folder_of_a_container_is_removed_by_rm_rf_and_everything_by_uninstall() {
    let sandbox = Sandbox::empty();
    sandbox.docker("run --name box busybox true").ok();
    let containers = sandbox.home().join("sandboxes/free/containers");
    let id = sandbox
        .docker("inspect -f {{.Id}} box")
        .ok()
        .text()
        .trim()
        .to_owned();
    let remove = Command::new("rm")
        .arg("-rf")
        .arg(containers.join(id))
        .status();
    assert!(remove.unwrap().success());
    sandbox.sleeping("lives");
    fs::write(sandbox.home().join("mine"), "not docklings's").unwrap();
    // What the course keeps in addition to folders.
    for file in ["history", "setup.lock", "progress.json", "progress.lock"] {
        fs::write(sandbox.home().join(file), "{\"format\":1}").unwrap();
    }
    sandbox.docklings("uninstall").fails(2);
    sandbox.docklings("uninstall --yes").ok().mentions("mine");
    let left: Vec<_> = fs::read_dir(sandbox.home()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    fs::remove_file(sandbox.home().join("mine")).unwrap();
    sandbox.docker("run --rm busybox true").ok();
    sandbox.docklings("uninstall --yes").ok();
    assert!(!sandbox.home().exists());
    sandbox
        .docklings("uninstall")
        .ok()
        .mentions("there is nothing");
}

#[test]
fn uninstall_removes_files_of_a_containers_users() {
    requires!(SubordinateIds);
    let sandbox = Sandbox::empty();
    let script = "mkdir -m 700 /private && touch /private/f && chown -R 33:33 /private";
    sandbox
        .docker(&format!("run --name box busybox sh -c '{script}'"))
        .ok();
    sandbox.docklings("uninstall --yes").ok();
    assert!(!sandbox.home().exists());
}
