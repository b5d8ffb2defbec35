//! `docker build --output`: the result is files, and no image is recorded.

use crate::support::sandbox::Sandbox;

fn sources() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a", "a\n");
    sandbox.write(
        "Dockerfile",
        "FROM scratch AS files\nCOPY a /d/a\nCOPY --chmod=700 a /gone\nFROM busybox\nCOPY --from=files /d /d\nRUN rm /etc/group; ln /d/a /d/twin; ln -s a /d/soft; chown 33:44 /d/a\n",
    );
    sandbox
}

#[test]
fn files_of_a_stage_come_into_a_folder_and_belong_to_the_caller() {
    let sandbox = sources();
    sandbox
        .docker("build --target files -t app -o out/there .")
        .ok();
    sandbox
        .shell("cd out/there && find . -type f | sort && cat d/a && stat -c '%a %u' gone && id -u")
        .ok()
        .mentions("./d/a\n./gone\na\n700 ");
    let owner = sandbox.shell("stat -c %u out/there/gone").ok();
    sandbox.shell("id -u").ok().says(&owner.stdout);
    sandbox.docker("images -q app").ok().says("");
    // Again, over existing files.
    sandbox.write("a", "b\n");
    sandbox
        .docker("build --target files --output type=local,dest=out/there .")
        .ok();
    sandbox.shell("cat out/there/d/a").ok().says("b\n");
}

#[test]
fn a_tar_holds_the_files_as_the_image_shows_them() {
    let sandbox = sources();
    sandbox
        .shell("docker build -q -o - . | tar -tv -f -")
        .ok()
        .mentions("d/a\n")
        .mentions("d/soft -> a\n")
        .mentions("d/twin link to d/a\n")
        .never_mentions("etc/group")
        .never_mentions(".wh.");
    sandbox.docker("build --output type=tar,dest=x.tar .").ok();
    sandbox
        .shell("docker import x.tar flat && docker run --rm flat cat /d/twin")
        .ok()
        .mentions("a\n");
}

#[test]
fn an_archive_of_the_image_is_refused_by_name() {
    let sandbox = sources();
    sandbox
        .docker("build --output type=oci,dest=o.tar .")
        .fails(125)
        .complains("`docker build --output type=oci` is not part of docklings");
    assert!(!sandbox.work().join("o.tar").exists());
}
