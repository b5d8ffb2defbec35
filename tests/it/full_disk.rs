//! A full disk: docklings' own commands can free space, reading needs none, and a command that needs space leaves
//! nothing half-made. The home is on a small file system, in the test's own mount namespace.

use crate::support::requires::requires;
use crate::support::sandbox::Sandbox;

/// How the small file system is mounted: in memory, and on a disk, where a file's last block has room after its end.
const KINDS: [&str; 2] = [
    "mount -t tmpfs -o size=24m,mode=755 none $DOCKLINGS_HOME",
    "truncate -s 40M disk && mkfs.ext4 -q -F -m0 disk && mount -o loop disk $DOCKLINGS_HOME",
];

/// Runs shell `lines` on a small file system. `full COMMAND…` runs a command while the disk is full, and prints its
/// output; `room` frees space.
#[track_caller]
fn on_a_small_disk(mount: &str, lines: &str) -> String {
    let sandbox = Sandbox::empty();
    let script = format!(
        "{mount} || exit 1
         # In large pieces, and then in small ones: of a piece that does not fit, nothing is written.
         fill() {{
             for size in 64k 1k 1k; do
                 dd if=/dev/zero bs=$size oflag=append conv=notrunc of=$DOCKLINGS_HOME/fill; sync -f $DOCKLINGS_HOME
             done
         }} 2>/dev/null
         full() {{ fill; \"$@\" 2>&1 || echo \"code $?\"; }}
         room() {{ rm $DOCKLINGS_HOME/fill; }}
         {lines}
         rm -f $DOCKLINGS_HOME/fill; docker rm -f $(docker ps -aq) >/dev/null 2>&1; true"
    );
    sandbox.write("script", script);
    let output = sandbox.shell("unshare --mount --propagation private sh ./script");
    assert_eq!(output.code(), 0, "{output}");
    output.stdout
}

/// Runs `lines` on each kind of disk; their output must be `expected`.
#[track_caller]
fn check(lines: &str, expected: &str) {
    requires!(Root, Tool("unshare"), Tool("mkfs.ext4"));
    for mount in KINDS {
        let said = on_a_small_disk(mount, lines);
        assert_eq!(said, expected, "{mount}");
    }
}

#[test]
fn a_container_is_stopped_and_removed_and_its_end_is_recorded() {
    check(
        "docker run -d --name live busybox sleep 600 >/dev/null
         docker run -d --name other busybox sleep 600 >/dev/null
         docker run --name ended busybox true
         full docker stop -t 0 live
         full docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' live
         full docker rm live
         full docker rm -f other
         full docker container prune -f | tail -1
         full docker ps -aq",
        "live\nexited 137\nlive\nother\nTotal reclaimed space: 0B\n",
    );
}

#[test]
fn images_volumes_and_the_build_cache_are_removed() {
    check(
        "docker tag busybox more; docker volume create vol >/dev/null; docker volume create other >/dev/null
         docker run --name user -v /d busybox true
         printf 'FROM busybox\\nRUN echo x > /x\\n' | docker build -q -t built - >/dev/null 2>&1
         full docker rmi more
         full docker volume rm vol
         full docker rm -v user
         full docker volume prune -af | head -2
         full docker rmi built | head -1
         full docker builder prune -af | tail -1
         full docker system prune -af | grep -c '^untagged'
         full docker images -q",
        "Untagged: more:latest\nvol\nuser\nDeleted Volumes:\nother\nUntagged: built:latest\n\
         Total reclaimed space: 2B\n3\n",
    );
}

#[test]
fn reading_works_and_is_recorded_in_the_journals_reserved_space() {
    check(
        "docker run -d --name live busybox sh -c 'echo said; sleep 600' >/dev/null; until docker logs live | grep said; do :; done
         full docker logs live
         full docker exec live echo inside
         full docker inspect -f '{{.Name}}' live
         full docker cp live:/etc/passwd - | tar -t
         full docker images -q | wc -l
         full docker diff live
         full docker top live | wc -l
         full docker system df | wc -l
         full docker history -q busybox | wc -l
         room
         for word in logs exec_start inspect copy_out diff top; do
             grep -q '\"action\":\"'$word $DOCKLINGS_HOME/sandboxes/free/journal.jsonl && echo $word
         done",
        "said\nsaid\ninside\n/live\npasswd\n3\n2\n5\n2\nlogs\nexec_start\ninspect\ncopy_out\ndiff\ntop\n",
    );
}

#[test]
fn an_unrecorded_read_gives_a_warning_and_works() {
    check(
        "docker create --name box busybox true >/dev/null
         full sh -c 'yes >> $DOCKLINGS_HOME/sandboxes/free/journal.jsonl' >/dev/null
         full docker inspect -f '{{.Name}}' box | cut -d: -f1-2 | cut -c1-60
         full docker logs box | cut -c1-40
         full docker rm box | head -1
         rm -f $DOCKLINGS_HOME/fill
         mount -o remount,ro $DOCKLINGS_HOME
         docker ps -a 2>&1 | cut -c1-40
         docker images -q 2>/dev/null | wc -l
         mount -o remount,rw $DOCKLINGS_HOME",
        "/box\nWARNING: this is not on record, so a check may miss it\n\
         hint: make room on that disk\n\
         WARNING: this is not on record, so a che\nhint: make room on that disk: `docker sy\n\
         box\nCONTAINER ID   IMAGE     COMMAND   CREAT\n\
         WARNING: this is not on record, so a che\n3\n",
    );
}

#[test]
fn a_command_that_needs_space_says_so_and_leaves_nothing_half_made() {
    check(
        "docker create --name box busybox true >/dev/null
         full docker create --name new busybox | grep -c 'no space left on device'
         full docker run --rm busybox true | grep -c 'no space left on device'
         full docker start box | grep -c -e 'no space left on device' -e '^hint: make room on that disk'
         full docker volume create vol | grep -c 'no space left on device'
         full docker commit box image | grep -c 'no space left on device'
         full docker rename box other | grep -c 'no space left on device'
         room
         docker ps -a --format '{{.Names}}'; docker volume ls -q; docker images -q | wc -l
         docker create --name other busybox true >/dev/null && echo free",
        "1\n1\n2\n1\n1\n1\nbox\n3\nfree\n",
    );
}

/// The calls that need space, as the kernel refuses them to a user whose quota is exhausted.
const NEED_ROOM: &str = "mkdir,mkdirat,rename,renameat,renameat2,fallocate";

#[test]
fn an_exhausted_quota_does_not_block_removal() {
    requires!(Tool("strace"));
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box -v /d busybox true").ok();
    sandbox.docker("create --name other busybox true").ok();
    sandbox.docker("volume create vol").ok();
    sandbox.docker("tag busybox more").ok();
    for (words, said) in [
        ("rm -v box", "box\n"),
        ("volume rm vol", "vol\n"),
        ("rmi more", "Untagged: more:latest\n"),
        ("container prune -f", "Deleted Containers:\n"),
        ("system prune -af --volumes", "Deleted Images:\n"),
    ] {
        let line = format!(
            "strace --quiet=all --output=/dev/null --follow-forks --trace={NEED_ROOM} \
             --inject={NEED_ROOM}:error=EDQUOT docker {words}"
        );
        let output = sandbox.shell(&line).ok();
        assert!(output.stdout.starts_with(said), "{output}");
    }
    sandbox.docker("ps -aq").ok().says("");
    sandbox.docker("volume ls -q").ok().says("");
    sandbox.docker("images -q").ok().says("");
    sandbox
        .shell(&format!("strace --quiet=all --output=/dev/null --inject={NEED_ROOM}:error=EDQUOT docker volume create new"))
        .fails(1)
        .complains("quota exceeded")
        .complains("docker system prune");
    sandbox.docker("volume ls -q").ok().says("");
}
