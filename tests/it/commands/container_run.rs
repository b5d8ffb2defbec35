//! `docker run`: output, input, exit codes, environment, and requests that are refused before anything is made.

use crate::support::sandbox::Sandbox;

#[test]
fn output_and_exit_code_of_the_program_are_passed_on() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox echo hi")
        .ok()
        .says("hi\n")
        .warns("");
    sandbox
        .docker("run --rm busybox sh -c 'echo out; echo err >&2; exit 7'")
        .fails(7)
        .says("out\n")
        .warns("err\n");
}

#[test]
fn the_words_after_the_image_belong_to_the_program() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox echo -it --rm --help -- x")
        .ok()
        .says("-it --rm --help -- x\n");
}

#[test]
fn a_missing_or_non_executable_command_has_dockers_codes() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox nosuchcommand")
        .fails(127)
        .complains("exec: \"nosuchcommand\": executable file not found in $PATH")
        .complains("Run 'docker run --help' for more information");
    sandbox
        .docker("run --rm busybox /etc/passwd")
        .fails(126)
        .complains("permission denied");
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

#[test]
fn input_reaches_the_program_only_with_i() {
    let sandbox = Sandbox::new();
    sandbox
        .docker_with("run -i --rm busybox cat", "from outside\n")
        .ok()
        .says("from outside\n");
    sandbox
        .docker_with("run --rm busybox cat", "from outside\n")
        .ok()
        .says("");
}

#[test]
fn environment_directory_user_and_host_name_are_as_requested() {
    let sandbox = Sandbox::new().with("PASSED", "on");
    sandbox
        .docker("run --rm -e A=1 -e PASSED -e NOTSET busybox sh -c 'echo $A ${PASSED-unset} ${NOTSET-unset}'")
        .ok()
        .says("1 on unset\n");
    sandbox
        .docker("run --rm -w /made/by/w busybox pwd")
        .ok()
        .says("/made/by/w\n");
    sandbox
        .docker("run --rm -h box busybox hostname")
        .ok()
        .says("box\n");
    sandbox
        .docker("run --rm busybox sh -c 'echo $HOME'")
        .ok()
        .says("/root\n");
    sandbox
        .docker("run --rm --entrypoint echo busybox a b")
        .ok()
        .says("a b\n");
}

#[test]
fn the_program_is_process_one_of_its_own_world() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm busybox sh -c 'echo $$; ls /proc | grep -cx 1; readlink /proc/1/exe'")
        .ok()
        .says("1\n1\n/bin/busybox\n");
}

#[test]
fn d_prints_the_id_and_the_container_keeps_running() {
    let sandbox = Sandbox::new();
    let id = sandbox.sleeping("web");
    assert_eq!(id.len(), 64);
    sandbox
        .docker("ps --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.State}}'")
        .ok()
        .says(&format!("{id} web busybox \"sleep 600\" running\n"));
}

#[test]
fn rm_removes_when_it_ends_and_without_it_the_container_stays() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm --name gone busybox true")
        .ok()
        .says("");
    sandbox
        .docker("run --name stays busybox true")
        .ok()
        .says("");
    sandbox
        .docker("ps -a --format '{{.Names}}'")
        .ok()
        .says("stays\n");
}

#[test]
fn a_name_that_is_taken_or_malformed_is_refused() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("create --name web busybox")
        .ok()
        .text()
        .to_owned();
    sandbox.docker("run --name web busybox true").fails(125).says("").warns(&format!(
        "docker: Error response from daemon: Conflict. The container name \"/web\" is already in use by container \
         \"{id}\". You have to remove (or rename) that container to be able to reuse that name.\n\n\
         Run 'docker run --help' for more information\n"
    ));
    sandbox
        .docker("run --name 'a b' busybox true")
        .fails(125)
        .complains("Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
    assert_eq!(sandbox.container_ids(), [id]);
}

#[test]
fn of_eight_at_once_with_one_name_one_wins() {
    let sandbox = Sandbox::new();
    let runs: Vec<_> = (0..8)
        .map(|_| sandbox.spawn("run -d --name web busybox sleep 600"))
        .collect();
    let ends: Vec<_> = runs.into_iter().map(|run| run.finish()).collect();
    let (won, lost): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| end.code() == 0);
    assert_eq!(won.len(), 1);
    for end in lost {
        end.fails(125).complains("is already in use by container");
    }
    assert_eq!(sandbox.container_ids(), [won[0].text()]);
    sandbox
        .docker("ps --format '{{.Names}}'")
        .ok()
        .says("web\n");
}

#[test]
fn a_missing_image_is_named() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --pull never --rm nosuchimage:v9 true")
        .fails(125)
        .complains("docker: Error response from daemon: No such image: nosuchimage:v9");
    assert_eq!(sandbox.container_ids(), [""; 0]);
}

#[test]
fn a_read_only_root_with_a_tmpfs_can_be_written_only_there() {
    let sandbox = Sandbox::new();
    sandbox
        .docker(
            "run --rm --read-only --tmpfs /t busybox sh -c 'echo a > /t/x && cat /t/x; touch /x'",
        )
        .fails(1)
        .says("a\n")
        .complains("Read-only file system");
}

#[test]
fn files_and_folders_of_the_machine_and_volumes_are_mounted() {
    let sandbox = Sandbox::new();
    sandbox.write("site/page", "from the machine\n");
    let site = sandbox.work().join("site");
    let site = site.display();
    sandbox
        .docker(&format!("run --rm -v {site}:/site busybox cat /site/page"))
        .ok()
        .says("from the machine\n");
    sandbox
        .docker(&format!(
            "run --rm -v {site}:/site:ro busybox touch /site/x"
        ))
        .fails(1)
        .complains("Read-only file system");
    sandbox
        .docker("run --rm -v box:/data busybox sh -c 'echo kept > /data/f'")
        .ok()
        .says("");
    sandbox
        .docker("run --rm -v box:/data busybox cat /data/f")
        .ok()
        .says("kept\n");
    sandbox
        .docker(&format!(
            "run --rm --mount type=bind,source={site}/none,target=/m busybox true"
        ))
        .fails(125)
        .complains("bind source path does not exist");
}

#[test]
fn a_large_output_arrives_complete() {
    let sandbox = Sandbox::new();
    let output = sandbox.docker("run --rm busybox seq 1 200000").ok();
    let expected: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    assert!(
        output.stdout == expected,
        "{} bytes instead of {}",
        output.stdout.len(),
        expected.len()
    );
}

#[test]
fn the_volumes_of_another_container_are_shared() {
    let sandbox = Sandbox::new();
    sandbox.write("site/page", "from the machine\n");
    let site = sandbox.work().join("site");
    sandbox
        .docker(&format!(
            "run --name data -v /anonymous -v named:/named -v {}:/site busybox sh -c 'echo a > /anonymous/f; echo n > /named/f'",
            site.display()
        ))
        .ok()
        .says("");
    sandbox
        .docker("run --rm --volumes-from data busybox cat /anonymous/f /named/f /site/page")
        .ok()
        .says("a\nn\nfrom the machine\n");
    sandbox
        .docker("run --rm --volumes-from data:ro busybox sh -c 'cat /named/f; touch /named/g'")
        .fails(1)
        .says("n\n")
        .complains("Read-only file system");
    // The container's own mounts take precedence.
    sandbox
        .docker("run --rm --volumes-from data -v other:/named busybox ls -A /named")
        .ok()
        .says("");
    // The anonymous volume outlives a container that only shared it, and is removed with the last container that has
    // it.
    sandbox
        .docker("create --name second --volumes-from data busybox")
        .ok()
        .warns("");
    sandbox.docker("rm -v data").ok().says("data\n");
    sandbox
        .docker("run --rm --volumes-from second busybox cat /anonymous/f")
        .ok()
        .says("a\n");
    sandbox.docker("rm -v second").ok().says("second\n");
    sandbox.docker("volume ls -q").ok().says("named\nother\n");
    sandbox
        .docker("run --rm --volumes-from nobody busybox true")
        .fails(125)
        .complains("No such container: nobody");
    sandbox.docker("create --name third busybox").ok().warns("");
    sandbox
        .docker("run --rm --volumes-from third:rx busybox true")
        .fails(125)
        .complains("invalid mode: rx");
}

#[test]
fn dockers_init_is_process_one_on_request() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run --rm --init busybox sh -c 'tr \"\\0\" \" \" < /proc/1/cmdline; echo; cat /proc/1/comm'")
        .ok()
        .mentions("/sbin/docker-init -- sh -c ")
        .mentions("\ndocker-init\n")
        .never_mentions("monitor");
    // It reaps orphans (otherwise the orphan would stay in /proc), and it passes on its child's exit code.
    sandbox
        .docker("run --rm --init busybox sh -c 'orphan=$(true & echo $!); while [ -e /proc/$orphan ]; do :; done; exit 3'")
        .fails(3)
        .says("");
    sandbox
        .docker("run -d --name box --init busybox sleep 600")
        .ok()
        .warns("");
    // A plain `sleep` as process one would ignore SIGTERM.
    sandbox.docker("stop -t 60 box").ok().says("box\n");
    sandbox
        .docker("inspect -f '{{.State.ExitCode}}' box")
        .ok()
        .says("143\n");
}

#[test]
fn a_variable_that_the_caller_does_not_have_is_removed() {
    let sandbox = Sandbox::with_image("FROM busybox\nENV A=1 B=2\n");
    let print = "sh -c \"env | grep -E '^(A|B|HOSTNAME)=' | sort | xargs echo\"";
    sandbox
        .docker(&format!("run --rm -e A -e HOSTNAME i {print}"))
        .ok()
        .says("B=2\n");
    sandbox.docker("run -d --name box i sleep 600").ok();
    sandbox
        .docker(&format!("exec -e B -e HOSTNAME box {print}"))
        .ok()
        .says("A=1\n");
    // A name in a file is passed on if the caller has it, and removes nothing.
    sandbox.write("env", "A\nB=3\n");
    sandbox
        .docker(&format!("run --rm --env-file env -h h i {print}"))
        .ok()
        .says("A=1 B=3 HOSTNAME=h\n");
}

#[test]
fn an_id_that_no_user_can_have_is_refused() {
    let sandbox = Sandbox::new();
    for user in ["2147483648", "-1", "0:2147483648"] {
        sandbox
            .docker(&format!("run --rm -u {user} busybox true"))
            .fails(125)
            .complains("uids and gids must be in range 0-2147483647");
    }
}

#[test]
fn an_image_for_another_machine_causes_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name base busybox").ok();
    sandbox.docker("export -o root.tar base").ok();
    sandbox.docker("import root.tar here").ok();
    sandbox.docker("save -o here.tar here").ok();
    let other = "mkdir t && tar -xf here.tar -C t && cd t && \
        config=$(grep -o 'Config\":\"[^\"]*' manifest.json | cut -d'\"' -f3) && \
        sed -E 's/\"architecture\":\"[^\"]*\"/\"architecture\":\"s390x\"/' $config > other.json && \
        sed -i \"s,$config,other.json,; s,here:latest,other:latest,\" manifest.json && \
        tar -cf ../other.tar manifest.json other.json $(grep -o 'Layers\":\\[\"[^\"]*' manifest.json | cut -d'\"' -f3)";
    sandbox.shell(other).ok();
    sandbox.docker("load -i other.tar").ok();
    let warning = "WARNING: The requested image's platform (linux/s390x) does not match the detected host platform (linux/";
    sandbox.docker("create other true").ok().complains(warning);
    sandbox.docker("create here true").ok().warns("");
}
