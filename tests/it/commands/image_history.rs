//! `docker history`, `docker history --cache`, and the layers that `docklings show` draws.

use crate::support::sandbox::Sandbox;

fn built() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "1\n");
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nENV A=b\nCOPY app.py /app.py\nRUN rm /etc/group && echo >> /etc/passwd\n",
    );
    sandbox.docker("build -q -t app:1 .").ok();
    sandbox
}

#[test]
fn each_step_says_later_why_it_ran() {
    let sandbox = built();
    let format = "'{{.Step}} | {{.Reason}}'";
    sandbox
        .docker(&format!("history --cache --format {format} app:1"))
        .ok()
        .says("ENV A=b | first time\nCOPY app.py /app.py | first time\nRUN rm /etc/group && echo >> /etc/passwd | first time\n");
    sandbox.write("app.py", "2\n");
    sandbox.docker("build -q -t app:2 .").ok();
    sandbox
        .docker(&format!("history --cache --format {format} app:2"))
        .ok()
        .says("ENV A=b | first time\nCOPY app.py /app.py | app.py differs\nRUN rm /etc/group && echo >> /etc/passwd | step 2 changed: app.py differs\n");
    sandbox
        .docker("history --cache --format '{{json .Inputs}}' app:2")
        .ok()
        .mentions("\"content\":\"sha256:");
    sandbox
        .docker("history --cache busybox")
        .fails(1)
        .complains("no cache records: busybox was not built here, or they were pruned");
    sandbox.docker("builder prune -af").ok();
    sandbox
        .docker("history --cache app:2")
        .fails(1)
        .complains("no cache records");
}

#[test]
fn the_layers_of_an_image_are_drawn_and_those_it_shares_are_marked() {
    let sandbox = built();
    let tree = sandbox.docklings("show layers app:1").ok();
    let lines = tree.lines();
    assert!(lines[0].starts_with("app:1  "), "{tree}");
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with("also in welcome:latest, busybox:latest")),
        "{tree}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("├─ 2. ") && line.ends_with("2B  COPY app.py /app.py")),
        "{tree}"
    );
    sandbox.docker("images --tree app").ok().says(&tree.stdout);
    sandbox
        .docklings("show layers")
        .fails(2)
        .complains("needs a name");
    sandbox
        .docklings("show layers nope")
        .fails(1)
        .complains("No such image: nope:latest");
}

#[test]
fn a_layer_shows_what_it_added_changed_and_deleted() {
    let sandbox = built();
    let tree = sandbox.docklings("show layers app:1").ok();
    let lines = tree.lines();
    let id = |number: &str| {
        let line = lines.iter().find(|line| line.contains(number));
        line.and_then(|line| line.split_whitespace().nth(2))
            .expect("the layer is drawn")
            .to_owned()
    };
    sandbox
        .docklings(&format!("show layer {}", id("─ 3. ")))
        .ok()
        .mentions(
            "in: app:1\n0 added, 2 changed, 1 deleted\nC /etc\nD /etc/group\nC /etc/passwd\n",
        );
    sandbox
        .docklings(&format!("show layer {}", id("─ 2. ")))
        .ok()
        .mentions("1 added, 0 changed, 0 deleted\nA /app.py\n");
    sandbox
        .docklings(&format!("show layer {}", id("─ 1. ")))
        .ok()
        .mentions("in: app:1, welcome:latest, busybox:latest\n")
        .mentions("A /bin/sh\n");
    sandbox
        .docklings("show layer 0123")
        .fails(1)
        .complains("No such layer: 0123");
}
