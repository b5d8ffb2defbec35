//! `docker top` and `docker stats`: the processes of a container, and its resource use.

use crate::support::sandbox::Sandbox;

#[test]
fn options_of_ps_select_the_columns() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sh -c 'sleep 601 & exec sleep 602'")
        .ok()
        .warns("");
    sandbox
        .shell("until [ $(docker top box -o pid,comm | grep -c 'sleep$') = 2 ]; do :; done")
        .ok()
        .says("");
    let titles = |words: &str| {
        let output = sandbox.docker(&format!("top box {words}")).ok();
        let first = output.lines()[0].split_whitespace().collect::<Vec<_>>();
        first.join(" ")
    };
    assert_eq!(titles(""), "UID PID PPID C STIME TTY TIME CMD");
    assert_eq!(
        titles("aux"),
        "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"
    );
    assert_eq!(titles("-eo pid,ppid,stat,args"), "PID PPID STAT COMMAND");
    let output = sandbox.docker("top box -o pid,comm,args").ok();
    let pid = sandbox
        .docker("inspect -f '{{.State.Pid}}' box")
        .ok()
        .text()
        .to_owned();
    let first: Vec<_> = output.lines()[1].split_whitespace().collect();
    assert_eq!(first, [&*pid, "sleep", "sleep", "602"]);
    assert_eq!(output.lines().len(), 3, "{output}");
}

#[test]
fn what_top_cannot_show_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox
        .docker("top box -o comm")
        .fails(1)
        .says("")
        .complains("Couldn't find PID field in ps output");
    sandbox
        .docker("top box --nosuch")
        .fails(1)
        .complains("ps: ");
    sandbox
        .docker("top nobody")
        .fails(1)
        .complains("No such container: nobody");
    sandbox.docker("stop -t 0 box").ok().says("box\n");
    sandbox
        .docker("top box")
        .fails(1)
        .complains("is not running");
}

#[test]
fn stats_take_a_format() {
    let sandbox = Sandbox::new();
    sandbox.sleeping("box");
    sandbox
        .docker("stats --no-stream --format '{{.Name}} {{.PIDs}}' box")
        .ok()
        .says("box 1\n");
    let line = sandbox
        .docker(
            "stats --no-stream --format '{{.CPUPerc}}|{{.MemUsage}}|{{.NetIO}}|{{.BlockIO}}' box",
        )
        .ok();
    assert!(
        line.text().contains("%|") && line.text().contains(" / "),
        "{line}"
    );
    sandbox
        .docker("stats --no-stream nobody")
        .fails(1)
        .complains("No such container: nobody");
}
