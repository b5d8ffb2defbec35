//! A folder is ours only if we own it, it is not a link, and no other user can write to it; files in any other folder
//! could be redirected. Root is refused at a user's home, and files that root has left there are explained.

use crate::support::output::Output;
use crate::support::process;
use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// A user who is neither root nor the user of the tests.
const SOMEBODY: u32 = 12_345;

/// The checked folders, relative to the home.
const FOLDERS: [&str; 7] = [
    "",
    "sandboxes",
    "sandboxes/free",
    "sandboxes/free/containers",
    "sandboxes/free/volumes",
    "content",
    "content/layers",
];

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode can be changed");
}

#[test]
fn a_folder_that_others_may_write_is_refused_and_the_mode_is_the_fix() {
    let sandbox = Sandbox::new();
    sandbox.docker("volume create vol").ok();
    for folder in FOLDERS {
        let path: PathBuf = sandbox.home().join(folder).components().collect();
        for bad in [0o777, 0o1777, 0o770] {
            mode(&path, bad);
            sandbox
                .docker("ps")
                .fails(1)
                .complains("other users may write to")
                .complains("hint: look at what is in it, then: chmod go-w");
            sandbox.docker("run --rm busybox true").fails(125);
        }
        mode(&path, 0o755);
        sandbox.docker("ps").ok();
    }
}

#[test]
fn a_link_is_refused_and_nothing_is_written_behind_it() {
    let sandbox = Sandbox::new();
    sandbox.docker("volume create vol").ok();
    let away = sandbox.work().join("away");
    for folder in FOLDERS {
        let path: PathBuf = sandbox.home().join(folder).components().collect();
        fs::rename(&path, &away).expect("a folder can be moved");
        symlink(&away, &path).expect("a link can be made");
        sandbox
            .docker("ps")
            .fails(1)
            .complains("is a symbolic link");
        fs::remove_file(&path).expect("a link can be removed");
        fs::rename(&away, &path).expect("a folder can be moved");
        sandbox.docker("ps").ok();
    }
    let link = sandbox.work().join("link");
    symlink(sandbox.home(), &link).expect("a link can be made");
    let with_slash = format!("DOCKLINGS_HOME={}/ docker ps", link.display());
    let hint = format!("hint: export DOCKLINGS_HOME={}", sandbox.home().display());
    sandbox
        .shell(&with_slash)
        .fails(1)
        .complains("is a symbolic link")
        .complains(&hint);
}

#[test]
fn a_planted_link_leads_neither_the_journal_nor_a_volume_elsewhere() {
    let sandbox = Sandbox::new();
    let (victim, folder) = (sandbox.write("victim", ""), sandbox.work().join("folder"));
    fs::create_dir(&folder).expect("a folder can be made");
    for part in ["vol/_data", "vol"] {
        sandbox.docker("volume create vol").ok();
        let path = sandbox.home().join("sandboxes/free/volumes").join(part);
        let away = sandbox.work().join("away");
        fs::rename(&path, &away).expect("a folder can be moved");
        symlink(
            folder.parent().filter(|_| part == "vol").unwrap_or(&folder),
            &path,
        )
        .expect("a link can be made");
        let run = sandbox.docker("run --rm -v vol:/d busybox touch /d/written");
        run.status_code_is_not(0);
        fs::remove_file(&path).expect("a link can be removed");
        fs::rename(&away, &path).expect("a folder can be moved");
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    let journal = sandbox.home().join("sandboxes/free/journal.jsonl");
    fs::remove_file(&journal).expect("a file can be removed");
    symlink(&victim, &journal).expect("a link can be made");
    sandbox.docker("ps").ok().complains("not on record");
    assert_eq!(fs::read(&victim).expect("a file"), b"");
}

#[test]
fn a_registry_and_a_course_that_others_may_write_are_refused() {
    let sandbox = Sandbox::new();
    let root = sandbox.work().join("registry");
    fs::create_dir(&root).expect("a folder can be made");
    mode(&root, 0o777);
    let serve = format!(
        "registry serve --listen 127.0.0.1:0 --root {}",
        root.display()
    );
    sandbox
        .docklings(&serve)
        .fails(1)
        .complains("other users may write to");
    let file = sandbox.write("course/exercises/01-x/x.yaml", "format: 1\n");
    sandbox.write("course/lessons/content/01-x/lesson.md", "");
    let course = sandbox.work().join("course");
    let list = format!("DOCKLINGS_CONTENT={} docklings list", course.display());
    mode(&file, 0o666);
    sandbox
        .shell(&list)
        .fails(1)
        .complains("exercises are programs that run as you")
        .complains("chmod -R go-w");
    mode(&file, 0o664);
    sandbox
        .shell(&list)
        .never_complains("are programs")
        .status_code_is_not(125);
}

#[test]
fn doctor_names_the_folder_and_the_fix() {
    let sandbox = Sandbox::new();
    mode(&sandbox.home().join("content"), 0o777);
    sandbox
        .docklings("doctor")
        .fails(1)
        .mentions("FAIL  data directory")
        .mentions("fix: look at what is in it, then: chmod go-w");
}

#[test]
fn root_is_refused_at_the_home_of_a_user_before_anything_is_written() {
    requires!(Root);
    let sandbox = Sandbox::new();
    let home = sandbox.home();
    let entries = || fs::read_dir(&home).map_or(0, Iterator::count);
    chown(&home, Some(SOMEBODY), Some(SOMEBODY)).expect("root may give files away");
    let before = entries();
    let belongs = format!("belongs to the user {SOMEBODY}");
    sandbox
        .docker("run --rm busybox true")
        .fails(125)
        .complains(&belongs)
        .complains("without sudo");
    sandbox.docker("ps").fails(1).complains(&belongs);
    sandbox
        .docklings("check hello")
        .fails(1)
        .complains(&belongs);
    assert_eq!(entries(), before);
    let missing = home.join("missing/home");
    let ps = format!("DOCKLINGS_HOME={} docker ps", missing.display());
    sandbox.shell(&ps).fails(1).complains(&belongs);
    sandbox
        .shell(&ps.replace("docker ps", "docklings doctor"))
        .fails(1)
        .mentions(&belongs);
    assert!(!missing.parent().expect("a parent").exists());
    chown(&home, Some(0), Some(0)).expect("root may take files back");
}

/// Runs our program with `words` as [`SOMEBODY`], who owns the home.
fn as_somebody(sandbox: &Sandbox, words: &str) -> Output {
    let mut command = sandbox.command("setpriv");
    let ids = [format!("--reuid={SOMEBODY}"), format!("--regid={SOMEBODY}")];
    command
        .args(ids)
        .arg("--clear-groups")
        .arg(sandbox.bin().join("copy/docker"));
    command
        .env_remove("XDG_RUNTIME_DIR")
        .args(shell_words::split(words).expect("words"));
    process::run(&mut command, b"")
}

#[test]
fn files_that_root_left_in_a_users_home_are_named_with_the_fix() {
    requires!(Root, Tool("setpriv"));
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok();
    let home = sandbox.home();
    let copy = sandbox.bin().join("copy");
    fs::create_dir(&copy).expect("a folder can be made");
    fs::copy(env!("CARGO_BIN_EXE_docklings"), copy.join("docker")).expect("a file can be copied");
    mode(home.parent().expect("a parent"), 0o755);
    let give = |owner: u32| {
        sandbox
            .shell(&format!("chown -R {owner} {}", home.display()))
            .ok()
    };
    give(SOMEBODY);
    as_somebody(&sandbox, "ps -a --format '{{.Names}}'")
        .ok()
        .says("box\n");
    let fix = format!("hint: sudo chown -R \"$(id -un):\" {}", home.display());
    let containers = home.join("sandboxes/free/containers");
    let id = sandbox.container_ids().remove(0);
    for path in [
        containers.join(id).join("config.json"),
        containers,
        home.clone(),
    ] {
        chown(&path, Some(0), Some(0)).expect("root may take files");
        mode(
            &path,
            fs::metadata(&path).expect("it is there").mode() & 0o700,
        );
        as_somebody(&sandbox, "inspect box")
            .fails(1)
            .complains("belongs to root, as after `sudo docker`")
            .complains(&fix);
        chown(&path, Some(SOMEBODY), None).expect("root may give files away");
    }
    give(0);
}
