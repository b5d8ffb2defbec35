//! The layers of an image, as `docklings show` draws them.

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
fn the_layers_of_an_image_are_drawn_and_those_it_shares_are_marked() {
    let sandbox = built();
    let tree = sandbox.docklings("show layers app:1").ok();
    for line in [
        "image app:1 (",
        "    also in welcome:latest, busybox:latest\n",
        "2B  COPY app.py /app.py\n",
    ] {
        assert!(tree.stdout.contains(line), "{line}: {tree}");
    }
    sandbox
        .docklings("show image app:1")
        .ok()
        .says(&tree.stdout);
    sandbox
        .docker("images --tree app")
        .fails(125)
        .complains("`--tree` is not part of docklings");
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
    let drawn = tree.lines();
    let ids: Vec<&str> = drawn
        .iter()
        .filter_map(|line| line.trim_start().strip_prefix("layer "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    sandbox
        .docklings(&format!("show layer {}", ids[2]))
        .ok()
        .mentions(
            "in: app:1\n0 added, 2 changed, 1 deleted\nC /etc\nD /etc/group\nC /etc/passwd\n",
        );
    sandbox
        .docklings(&format!("show layer {}", ids[1]))
        .ok()
        .mentions("1 added, 0 changed, 0 deleted\nA /app.py\n");
    sandbox
        .docklings(&format!("show layer {}", ids[0]))
        .ok()
        .mentions("in: app:1, welcome:latest, busybox:latest\n")
        .mentions("A /bin/sh\n");
    sandbox
        .docklings("show layer 0123")
        .fails(1)
        .complains("No such layer: 0123");
}
