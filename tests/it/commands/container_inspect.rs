//! `docker inspect`: everything about a container or an image, as JSON or in a format.

use crate::support::sandbox::Sandbox;

#[test]
fn a_container_is_an_array_with_dockers_fields() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("create --name box -e A=1 busybox sh -c 'exit 2'")
        .ok()
        .text()
        .to_owned();
    let output = sandbox.docker("inspect box").ok();
    let value: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
    let box_ = &value[0];
    assert_eq!(box_["Id"], id);
    assert_eq!(box_["Name"], "/box");
    assert_eq!(box_["Path"], "sh");
    assert_eq!(box_["Args"], serde_json::json!(["-c", "exit 2"]));
    assert_eq!(box_["State"]["Status"], "created");
    assert_eq!(box_["Config"]["Image"], "busybox");
    for field in [
        "Created",
        "Image",
        "RestartCount",
        "Mounts",
        "HostConfig",
        "NetworkSettings",
    ] {
        assert!(!box_[field].is_null(), "{field}");
    }
}

#[test]
fn a_format_takes_fields_and_functions() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("create --name box busybox sh -c 'a b'")
        .ok()
        .warns("");
    sandbox
        .docker("inspect -f '{{json .Config.Cmd}} {{len .Args}}' box")
        .ok()
        .says("[\"sh\",\"-c\",\"a b\"] 2\n");
    sandbox
        .docker("inspect -f '{{.Nosuch}}' box")
        .fails(1)
        .complains("Nosuch");
    sandbox
        .docker("inspect -f '{{.Name' box")
        .fails(64)
        .complains("template parsing error");
}

#[test]
fn missing_objects_are_named_and_the_rest_is_shown() {
    let sandbox = Sandbox::new();
    sandbox
        .docker("inspect nosuch")
        .fails(1)
        .says("[]\n")
        .complains("No such object: nosuch");
    sandbox.docker("create --name box busybox").ok().warns("");
    sandbox
        .docker("inspect -f '{{.Name}}' box nosuch")
        .fails(1)
        .says("/box\n")
        .complains("No such object: nosuch");
}

#[test]
fn an_image_is_found_under_its_name_and_its_id() {
    let sandbox = Sandbox::new();
    let id = sandbox
        .docker("inspect -f '{{.Id}}' busybox")
        .ok()
        .text()
        .to_owned();
    assert!(id.starts_with("sha256:"), "{id}");
    sandbox
        .docker(&format!("image inspect -f '{{{{.Id}}}}' {}", &id[7..19]))
        .ok()
        .says(&format!("{id}\n"));
}
