//! `docker cp`: files into and out of a container, whether it runs or not.

use crate::support::sandbox::Sandbox;

#[test]
fn a_file_goes_in_and_comes_out() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox cat /given")
        .ok()
        .warns("");
    sandbox.write("given", "a present\n");
    sandbox.docker("cp given box:/given").ok().says("");
    sandbox.docker("start -a box").ok().says("a present\n");
    sandbox.docker("cp box:/given back").ok().says("");
    sandbox.shell("cat back").ok().says("a present\n");
}

#[test]
fn it_works_on_a_running_container() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("run -d --name box busybox sleep 600")
        .ok()
        .warns("");
    sandbox
        .docker("exec box sh -c 'echo inside > /note'")
        .ok()
        .says("");
    sandbox.docker("cp box:/note .").ok().says("");
    sandbox.shell("cat note").ok().says("inside\n");
    sandbox.write("tree/sub/b", "b\n");
    sandbox.docker("cp tree box:/tmp").ok().says("");
    sandbox
        .docker("exec box cat /tmp/tree/sub/b")
        .ok()
        .says("b\n");
}

#[test]
fn what_is_missing_or_makes_no_sense_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.docker("create --name box busybox").ok().warns("");
    sandbox.write("dir/a", "");
    sandbox
        .docker("cp box:/nosuch .")
        .fails(1)
        .warns("Error response from daemon: Could not find the file /nosuch in container box\n");
    sandbox
        .docker("cp box:/a box:/b")
        .fails(1)
        .warns("copying between containers is not supported\n");
    sandbox
        .docker("cp a b")
        .fails(1)
        .warns("must specify at least one container source\n");
    sandbox
        .docker("cp dir box:/etc/passwd")
        .fails(1)
        .complains("cannot copy directory");
}

#[test]
fn a_link_in_the_container_never_leads_to_the_machine() {
    let sandbox = Sandbox::new();
    let outside = sandbox.write("outside", "untouched\n");
    let outside = outside.display();
    sandbox
        .docker(&format!("run --name box busybox ln -s {outside} /link"))
        .ok()
        .says("");
    sandbox.write("new", "written\n");
    // The link is followed inside the container's root, where its target's folder does not exist.
    sandbox
        .docker("cp new box:/link")
        .fails(1)
        .complains("Could not find the file");
    sandbox.shell("cat outside").ok().says("untouched\n");
    sandbox
        .docker("cp -L box:/link stolen")
        .fails(1)
        .complains("Could not find the file");
}
