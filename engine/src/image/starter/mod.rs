//! The images that a new home starts with: `busybox`, `hello-world` and `welcome`, made from this machine's programs.
//!
//! **What Docker does.** It downloads them. **What we do.** We assemble them, in a moment and without a network: from a
//! static busybox of this machine, else a dynamic one with its libraries, else the machine's own shell and tools with
//! theirs; a label says which. `hello-world` is one program of a few hundred bytes that we write ourselves. `welcome` is
//! that busybox with a script that serves a page. The same machine always gives the same ids.
//! **What we leave out.** Products under their names: we never ship a fake `nginx`.
//! **Try it.** `docker run hello-world`, `docker image inspect -f '{{json .Config.Labels}}' busybox`.
//! **Lesson.** The first container.

pub(crate) mod elf;
mod hello;
pub mod sandboxes;
mod tree;
mod userland;
mod welcome;

use super::layer::{self, Origin};
use crate::error::{Error, Result};
use crate::oci::config::{History, ImageConfig, PATH, RootFs, RunConfig, machine_architecture};
use crate::oci::digest::{Digest, ImageId};
use crate::paths::Home;
use crate::store::atomic::{self, Durability};
use crate::store::{blobs, layers, whole};
use crate::tree::unpack::Limits;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::collections::BTreeMap;
use tree::Tree;
use userland::Userland;

/// The label that names the source of an assembled userland.
pub const LABEL_USERLAND: &str = "docklings.userland";
/// The creation time of all of them, so that the ids do not depend on the time of assembly.
const CREATED: &str = "2026-01-01T00:00:00Z";
const CREATED_SECONDS: i64 = 1_767_225_600;

/// Changes when the images do, so that a newer docklings replaces those of an older one.
const EDITION: u32 = 2;

/// The starter images of this home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starters {
    /// Names and images. A name with a tag is for the practice hub; sandboxes start with the others.
    pub images: BTreeMap<String, ImageId>,
    #[serde(default)]
    edition: u32,
}

impl Starters {
    /// The names and images that a new sandbox begins with.
    pub fn of_a_new_sandbox(&self) -> impl Iterator<Item = (&String, &ImageId)> {
        self.images.iter().filter(|(name, _)| !name.contains(':'))
    }
}

/// The starter images of this home, which are assembled if they are missing, damaged, of an older docklings, or made of
/// less than this machine now has. The caller holds [`keep_content`].
pub fn ready(home: &Home) -> Result<Starters> {
    match known(home).filter(|starters| starters.edition == EDITION) {
        Some(starters) if !is_makeshift(home, &starters) || !userland::has_busybox() => {
            Ok(starters)
        }
        _ => assemble(home),
    }
}

/// The images that `starter.json` names, if all of them are whole. They are kept even when no sandbox has them. An
/// unreadable file gives `None`.
pub fn known(home: &Home) -> Option<Starters> {
    let starters: Starters = atomic::read_json(&home.starters()).ok()??;
    let is_whole = |id: &ImageId| {
        super::config(home, id).is_ok_and(|config| {
            let chain = layers::chain(&config.rootfs.diff_ids);
            chain.iter().all(|layer| layers::exists(home, layer))
        })
    };
    starters.images.values().all(is_whole).then_some(starters)
}

/// Whether they are made from the machine's own tools because there was no busybox.
fn is_makeshift(home: &Home, starters: &Starters) -> bool {
    starters.images.values().any(|id| {
        let labels = super::config(home, id).map(|config| config.config.labels);
        labels.is_ok_and(|labels| {
            let label = labels
                .as_ref()
                .and_then(|labels| labels.get(LABEL_USERLAND));
            label.is_some_and(|label| label.contains(userland::MAKESHIFT))
        })
    })
}

/// Makes the images again. The caller holds [`keep_content`].
pub(super) fn assemble(home: &Home) -> Result<Starters> {
    let userland = userland::of_this_machine().ok_or_else(|| {
        Error::machine("no busybox and no shell was found on this machine")
            .with_hint("install `busybox-static`, or load an image with `docker load`")
    })?;
    assemble_of(home, &userland)
}

fn assemble_of(home: &Home, userland: &Userland) -> Result<Starters> {
    let label = &userland.label;
    let busybox = Recipe {
        layers: vec![(&userland.tree, label)],
        command: &["sh"],
        port: None,
        userland: Some(label),
    };
    let mut images = BTreeMap::new();
    let mut tree = Tree::default();
    let hello = match hello::program() {
        Some(program) => {
            tree.file("hello", 0o755, program);
            Recipe {
                layers: vec![(&tree, "a program that says hello")],
                command: &["/hello"],
                port: None,
                userland: None,
            }
        }
        // An architecture without `hello` code: the text, and a userland to print it.
        None => {
            tree = userland.tree.clone();
            tree.file("hello.txt", 0o644, hello::TEXT.as_bytes().to_vec());
            Recipe {
                layers: vec![(&tree, "a text that says hello")],
                command: &["cat", "/hello.txt"],
                ..busybox.clone()
            }
        }
    };
    images.insert("hello-world".to_owned(), image(home, &hello)?);
    if let Some(files) = welcome::files(userland) {
        let welcome = Recipe {
            layers: vec![
                (&userland.tree, label),
                (&files, "a script that serves a page"),
            ],
            command: &welcome::COMMAND,
            port: Some(welcome::PORT),
            ..busybox.clone()
        };
        let id = image(home, &welcome)?;
        images.insert("welcome:1".to_owned(), id.clone());
        images.insert("welcome".to_owned(), id);
    }
    images.insert("busybox".to_owned(), image(home, &busybox)?);
    let starters = Starters {
        images,
        edition: EDITION,
    };
    whole::settle(home)?;
    atomic::write_json(&home.starters(), &starters, Durability::Durable)?;
    Ok(starters)
}

/// What an image is made of.
#[derive(Clone)]
struct Recipe<'a> {
    /// The layers' files, lowest first, and what the history says of each.
    layers: Vec<(&'a Tree, &'a str)>,
    command: &'a [&'a str],
    /// The port for EXPOSE, such as `80/tcp`.
    port: Option<&'a str>,
    /// The label of its userland.
    userland: Option<&'a str>,
}

/// The image, whose configuration is written as a blob.
fn image(home: &Home, recipe: &Recipe<'_>) -> Result<ImageId> {
    let mut diff_ids = Vec::new();
    let mut parent: Option<String> = None;
    for (tree, _) in &recipe.layers {
        let tar = tree.to_tar(CREATED_SECONDS)?;
        let staged = layer::stage(home, tar.as_slice(), Origin::Foreign, &Limits::default())?;
        let layer = staged.place(home, parent.as_deref())?;
        diff_ids.push(layer.diff_id);
        parent = Some(layer.chain);
    }
    let bytes = serde_json::to_vec(&configuration(diff_ids, recipe))
        .map_err(|error| Error::internal("cannot write a configuration").with_source(error))?;
    blobs::write(home, &bytes)
}

fn configuration(diff_ids: Vec<Digest>, recipe: &Recipe<'_>) -> ImageConfig {
    let step = |created_by: String, empty_layer| History {
        created: Some(CREATED.to_owned()),
        created_by,
        empty_layer,
        ..History::default()
    };
    let layers = recipe.layers.iter();
    let mut history: Vec<_> = layers
        .map(|(_, created_by)| step(format!("docklings: {created_by}"), false))
        .collect();
    history.extend(
        recipe
            .port
            .map(|port| step(format!("EXPOSE map[{port}:{{}}]"), true)),
    );
    let quoted = recipe.command.iter().map(|word| format!("\"{word}\""));
    let quoted: Vec<_> = quoted.collect();
    history.push(step(format!("CMD [{}]", quoted.join(" ")), true));
    let words = recipe.command.iter().map(|word| (*word).to_owned());
    ImageConfig {
        architecture: machine_architecture().to_owned(),
        os: "linux".to_owned(),
        created: Some(CREATED.to_owned()),
        config: RunConfig {
            exposed_ports: recipe
                .port
                .map(|port| BTreeMap::from([(port.to_owned(), Map::new())])),
            env: Some(vec![PATH.to_owned()]),
            cmd: Some(words.collect()),
            labels: recipe
                .userland
                .map(|label| BTreeMap::from([(LABEL_USERLAND.to_owned(), label.to_owned())])),
            ..RunConfig::default()
        },
        history,
        rootfs: RootFs {
            diff_ids,
            ..RootFs::default()
        },
        ..ImageConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::sandboxes::{ensure, renew};
    use super::*;
    use crate::image::record::{self, NewImage};
    use crate::image::resolve;
    use crate::oci::reference::Reference;
    use crate::paths::create_private_dir;
    use crate::paths::testing::world;
    use jiff::Timestamp;
    use std::process::Command;

    #[test]
    fn a_new_sandbox_has_them_and_every_home_the_same() {
        let ids = || {
            let (_folder, home, sandbox) = world();
            ensure(&home, &sandbox, Timestamp::UNIX_EPOCH).unwrap();
            ["busybox", "hello-world"]
                .map(|name| resolve::find(&home, &sandbox, name).unwrap().listed.id)
        };
        assert_eq!(ids(), ids());
    }

    #[test]
    fn a_second_sandbox_shares_them_and_a_removed_one_does_not_come_back() {
        let (_folder, home, first) = world();
        ensure(&home, &first, Timestamp::UNIX_EPOCH).unwrap();
        let before = layers::list(&home).unwrap();
        let second = home.sandbox("second").unwrap();
        create_private_dir(second.root()).unwrap();
        ensure(&home, &second, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(layers::list(&home).unwrap(), before);
        crate::store::images::update(&second, |table| {
            table.references.clear();
            table.images.clear();
            Ok(())
        })
        .unwrap();
        ensure(&home, &second, Timestamp::UNIX_EPOCH).unwrap();
        assert!(resolve::find(&home, &second, "busybox").is_err());
    }

    #[test]
    fn names_of_a_makeshift_move_to_a_busybox_that_was_installed_since() {
        let (_folder, home, sandbox) = world();
        let (Some(tools), true) = (userland::of_tools(), userland::has_busybox()) else {
            return;
        };
        assemble_of(&home, &tools).unwrap();
        let starters = known(&home).unwrap();
        let new = starters.images.iter().map(|(name, id)| NewImage {
            config: blobs::read(&home, id).unwrap(),
            parent: None,
            references: vec![Reference::parse(name).unwrap().or_latest()],
        });
        let new: Vec<_> = new.collect();
        record::record(&home, &sandbox, Timestamp::UNIX_EPOCH, &new).unwrap();
        let old = resolve::find(&home, &sandbox, "busybox").unwrap().listed.id;
        renew(&home, Timestamp::UNIX_EPOCH).unwrap();
        let found = resolve::find(&home, &sandbox, "busybox").unwrap().listed.id;
        assert!(found != old && known(&home).unwrap().images["busybox"] == found);
        // A name that the user has moved belongs to the user.
        crate::store::images::update(&sandbox, |table| {
            let name = Reference::parse("busybox").unwrap().or_latest();
            table.tag(name, &old, Timestamp::UNIX_EPOCH);
            Ok(())
        })
        .unwrap();
        renew(&home, Timestamp::UNIX_EPOCH).unwrap();
        let found = resolve::find(&home, &sandbox, "busybox").unwrap().listed.id;
        assert_eq!(found, old);
    }

    #[test]
    fn the_images_of_an_older_docklings_are_made_again() {
        let (_folder, home, sandbox) = world();
        ensure(&home, &sandbox, Timestamp::UNIX_EPOCH).unwrap();
        let now = known(&home).unwrap();
        let mut older = now.clone();
        older.images.remove("busybox");
        older.edition = 0;
        atomic::write_json(&home.starters(), &older, Durability::Durable).unwrap();
        assert_eq!(known(&home), Some(older));
        assert_eq!(ready(&home).unwrap(), now);
    }

    #[test]
    fn a_damaged_list_or_layer_is_made_again() {
        let (_folder, home, sandbox) = world();
        ensure(&home, &sandbox, Timestamp::UNIX_EPOCH).unwrap();
        let before = known(&home).unwrap();
        std::fs::write(home.starters(), "").unwrap();
        assert_eq!(known(&home), None);
        assert_eq!(ready(&home).unwrap(), before);
        let chain = layers::list(&home).unwrap().remove(0);
        whole::doubt(&home, &chain).unwrap();
        std::fs::write(layers::path(&home, &chain).join("recipe"), "").unwrap();
        assert_eq!(known(&home), None);
        assert_eq!(ready(&home).unwrap(), before);
        assert!(layers::is_counted_whole(&home, &chain));
    }

    #[test]
    fn the_layer_of_hello_world_holds_a_program_that_runs() {
        let (_folder, home, sandbox) = world();
        ensure(&home, &sandbox, Timestamp::UNIX_EPOCH).unwrap();
        let image = resolve::find(&home, &sandbox, "hello-world").unwrap();
        let program = image.diffs(&home)[0].join("hello");
        if program.exists() {
            let output = Command::new(program).output().unwrap();
            assert!(output.status.success());
            assert_eq!(String::from_utf8(output.stdout).unwrap(), hello::TEXT);
        }
    }
}
