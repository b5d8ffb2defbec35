//! Builds without RUN: they need no privileges. RUN is tested through the binary.

mod archives;
mod large;

use super::*;
use crate::build::observe::{Progress, Quiet};
use crate::build::request::{Context, DockerfileAt};
use crate::image::resolve;
use crate::paths::create_private_dir;
use crate::paths::{Home, SandboxPaths};
use crate::store::layers;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

pub(crate) struct World {
    folder: tempfile::TempDir,
    home: Home,
    sandbox: SandboxPaths,
}

impl World {
    pub(crate) fn new() -> Self {
        let (folder, home, sandbox) = crate::paths::testing::world();
        create_private_dir(&folder.path().join("context")).unwrap();
        Self {
            folder,
            home,
            sandbox,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("context").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    fn request(&self) -> BuildRequest {
        BuildRequest {
            context: Context::Folder(self.folder.path().join("context")),
            tags: vec!["t".to_owned()],
            ..BuildRequest::default()
        }
    }

    fn build_with(&self, request: BuildRequest, observer: &mut dyn BuildObserver) -> Done {
        build(&crate::testing::open(&self.home), request, observer)
    }

    fn build(&self, dockerfile: &str) -> BuildOutcome {
        let request = BuildRequest {
            dockerfile: DockerfileAt::Text(dockerfile.as_bytes().to_vec()),
            ..self.request()
        };
        self.build_with(request, &mut Quiet).result.unwrap()
    }

    fn error(&self, dockerfile: &str) -> Error {
        let request = BuildRequest {
            dockerfile: DockerfileAt::Text(dockerfile.as_bytes().to_vec()),
            ..self.request()
        };
        self.build_with(request, &mut Quiet).result.err().unwrap()
    }

    /// The text of a file of the image `t`, searched from its top layer down.
    fn read(&self, path: &str) -> String {
        let image = resolve::find(&self.home, &self.sandbox, "t").unwrap();
        let mut layers = image.chain.iter().rev();
        layers
            .find_map(|chain| fs::read_to_string(layers::diff(&self.home, chain).join(path)).ok())
            .unwrap_or_default()
    }
}

/// The outcome of each step: `CACHED`, or the reason.
fn told(outcome: &BuildOutcome) -> Vec<String> {
    let told = |step: &StepReport| match &step.reason {
        Some(reason) => format!("{}: {reason}", step.number),
        None => format!("{}: CACHED", step.number),
    };
    outcome.steps.iter().map(told).collect()
}

#[test]
fn an_image_is_built_from_nothing() {
    let world = World::new();
    world.write("a", "hello");
    let outcome =
        world.build("FROM scratch\nCOPY a /x/\nWORKDIR /w\nENV A=1\nCMD [\"/x/a\"]\nEXPOSE 80\n");
    let image = resolve::find(&world.home, &world.sandbox, "t").unwrap();
    assert_eq!(image.id, outcome.id);
    assert_eq!(world.read("x/a"), "hello");
    assert_eq!(image.chain.len(), 2);
    let config = &image.config.config;
    assert_eq!(config.cmd.as_deref().unwrap(), ["/x/a"]);
    assert_eq!(config.working_dir, "/w");
    let history: Vec<(&str, bool)> = image
        .config
        .history
        .iter()
        .map(|entry| (entry.created_by.as_str(), entry.empty_layer))
        .collect();
    assert_eq!(
        history,
        [
            ("COPY a /x/ # buildkit", false),
            ("WORKDIR /w", false),
            ("ENV A=1", true),
            ("CMD [\"/x/a\"]", true),
            ("EXPOSE map[80/tcp:{}]", true),
        ]
    );
}

#[test]
fn a_second_build_is_cached_and_gives_the_same_image() {
    let world = World::new();
    world.write("a", "1");
    let file = "FROM scratch\nCOPY a /a\nENV X=1\nWORKDIR /w\n";
    let first = world.build(file);
    assert_eq!(
        told(&first),
        [
            "0: CACHED",
            "1: first time",
            "0: first time",
            "2: first time"
        ]
    );
    let second = world.build(file);
    assert_eq!(second.id, first.id);
    assert_eq!(
        told(&second),
        ["0: CACHED", "1: CACHED", "0: CACHED", "2: CACHED"]
    );
}

#[test]
fn every_miss_names_its_reason() {
    let world = World::new();
    world.write("deps", "1");
    world.write("app.py", "1");
    let file = "FROM scratch\nCOPY deps /deps\nCOPY . /src\nWORKDIR /w\n";
    world.build(file);
    world.write("app.py", "2");
    assert_eq!(
        told(&world.build(file)),
        [
            "0: CACHED",
            "1: CACHED",
            "2: app.py differs",
            "3: step 2 changed: app.py differs"
        ]
    );
    fs::set_permissions(world.path("deps"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(told(&world.build(file))[1], "1: deps mode 0644 -> 0755");
    world.write("new", "3");
    assert_eq!(told(&world.build(file))[2], "2: new is new");
    fs::rename(world.path("new"), world.path("old")).unwrap();
    assert_eq!(told(&world.build(file))[2], "2: new was renamed to old");
    let other = file.replace("WORKDIR /w", "WORKDIR /x");
    assert_eq!(
        told(&world.build(&other))[3],
        "3: instruction changed, was: WORKDIR /w"
    );
    let more = file.replace("COPY .", "LABEL a=b\nCOPY .");
    assert_eq!(
        told(&world.build(&more))[2..4],
        ["0: new instruction", "2: LABEL a=b is new"]
    );
}

#[test]
fn no_cache_runs_everything_and_says_so() {
    let world = World::new();
    world.write("a", "1");
    let file = "FROM scratch\nCOPY a /a\nWORKDIR /w\n";
    let first = world.build(file);
    let request = BuildRequest {
        dockerfile: DockerfileAt::Text(file.as_bytes().to_vec()),
        no_cache: true,
        ..world.request()
    };
    let again = world.build_with(request, &mut Quiet).result.unwrap();
    assert_eq!(told(&again)[1..], ["1: --no-cache", "2: --no-cache"]);
    assert_eq!(told(&world.build(file))[1..], ["1: CACHED", "2: CACHED"]);
    assert_ne!(again.id, first.id);
}

#[test]
fn a_lost_layer_is_made_again() {
    let world = World::new();
    world.write("a", "1");
    let file = "FROM scratch\nCOPY a /a\nWORKDIR /w\n";
    let first = world.build(file);
    let chain = &first.steps[1].layer.as_ref().unwrap().chain;
    layers::remove(&world.home, chain).unwrap();
    let again = world.build(file);
    assert_eq!(told(&again)[1], "1: its layer was removed");
    assert_eq!(again.steps[1].layer, first.steps[1].layer);
}

#[test]
fn stages_copy_from_each_other_and_only_needed_ones_are_built() {
    let world = World::new();
    world.write("a", "1");
    let file = "FROM scratch AS one\nCOPY a /out/a\nFROM scratch AS unused\nCOPY missing /\nFROM scratch\nCOPY --from=one /out /app\nCOPY --from=0 /out/a /b\n";
    let outcome = world.build(file);
    assert_eq!(
        (world.read("app/a"), world.read("b")),
        ("1".to_owned(), "1".to_owned())
    );
    let names: Vec<String> = outcome.steps.iter().map(StepReport::title).collect();
    assert_eq!(names[1], "[one 1/1] COPY a /out/a");
    assert_eq!(names[3], "[stage-2 1/2] COPY --from=one /out /app");
    // The stage runs again with another file, but the files copied from it are the same: the copy is cached.
    world.write("b", "2");
    let more = file.replace("COPY a /out/a\n", "COPY a /out/a\nCOPY b /b\n");
    let again = world.build(&more);
    let last: Vec<bool> = again.steps.iter().map(|step| step.cached).collect();
    assert_eq!(last, [true, true, false, true, true, true]);
}

#[test]
fn errors_point_into_the_dockerfile_and_say_what_helps() {
    let world = World::new();
    world.write("requirements.txt", "");
    world.write("secret", "");
    world.write("src/app.py", "");
    world.write(".dockerignore", "secret\n");
    for (line, first, hint) in [
        (
            "COPY requirement.txt /",
            "failed to compute cache key: failed to calculate checksum: \"/requirement.txt\": not found",
            "did you mean `requirements.txt`?",
        ),
        (
            "COPY secret /s",
            "failed to compute cache key: failed to calculate checksum: \"/secret\": not found",
            "`secret` exists, and `.dockerignore` leaves it out",
        ),
        (
            "COPY --parents ./secret /s",
            "failed to compute cache key: failed to calculate checksum: \"/secret\": not found",
            "`./secret` exists, and `.dockerignore` leaves it out",
        ),
        (
            "COPY --parents ./scr/./app.py /",
            "failed to compute cache key: failed to calculate checksum: \"/scr/app.py\": not found",
            "did you mean `src/app.py`?",
        ),
        (
            "COPY src/ap.py /",
            "failed to compute cache key: failed to calculate checksum: \"/src/ap.py\": not found",
            "did you mean `src/app.py`?",
        ),
        (
            "COPY ../x /",
            "failed to compute cache key: failed to calculate checksum: \"/x\": not found",
            "a path cannot lead out of the build context",
        ),
        (
            "COPY requirements.txt .dockerignore /x",
            "When using COPY with more than one source file, the destination must be a directory and end with a /",
            "write `/x/`",
        ),
        (
            "COPY --from=nope a /",
            "nope: there is neither a stage nor an image of this name",
            "",
        ),
        (
            "COPY --chmod=999 requirements.txt /",
            "invalid chmod parameter: '999'. it should be octal string and between 0 and 07777",
            "",
        ),
    ] {
        let error = world.error(&format!("FROM scratch\n{line}\n"));
        assert_eq!(error.message().lines().next(), Some(first));
        assert!(error.message().contains(&format!("2 | {line}")), "{error}");
        assert_eq!(error.hint().unwrap_or_default(), hint, "{line}");
    }
}

#[test]
fn a_failed_build_leaves_the_steps_before_it() {
    let world = World::new();
    world.write("a", "1");
    world.error("FROM scratch\nCOPY a /a\nCOPY nothing /b\n");
    assert_eq!(
        told(&world.build("FROM scratch\nCOPY a /a\n"))[1],
        "1: CACHED"
    );
}

#[test]
fn text_in_the_dockerfile_is_copied_with_its_variables() {
    let world = World::new();
    world.build(
        "FROM scratch\nENV V=x\nCOPY <<a.txt <<'b.txt' /d/\nv=$V \"q\"\na.txt\nv=$V\nb.txt\n",
    );
    assert_eq!(world.read("d/a.txt"), "v=x \"q\"\n");
    assert_eq!(world.read("d/b.txt"), "v=$V\n");
}

#[test]
fn build_arguments_that_nothing_declares_are_reported() {
    let world = World::new();
    let request = BuildRequest {
        dockerfile: DockerfileAt::Text(b"ARG G\nFROM scratch\nARG B\nENV X=$B".to_vec()),
        build_args: [("A", "1"), ("B", "2"), ("G", "3"), ("http_proxy", "p")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..world.request()
    };
    let outcome = world.build_with(request, &mut Quiet).result.unwrap();
    assert_eq!(
        outcome.warnings,
        ["One or more build-args [A] were not consumed"]
    );
    let image = resolve::find(&world.home, &world.sandbox, "t").unwrap();
    assert_eq!(image.config.config.env.unwrap()[1..], ["X=2"]);
}

#[test]
fn triggers_of_the_base_image_run_first() {
    let world = World::new();
    world.write("a", "1");
    world.build("FROM scratch\nONBUILD COPY a /trigger\nONBUILD ENV T=1\n");
    let outcome = world.build("FROM t\nCOPY a /own\n");
    let texts: Vec<&str> = outcome
        .steps
        .iter()
        .map(|step| step.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "FROM docker.io/library/t:latest",
            "COPY a /trigger",
            "ENV T=1",
            "COPY a /own"
        ]
    );
    let image = resolve::find(&world.home, &world.sandbox, "t").unwrap();
    assert_eq!(image.config.config.on_build, None);
    assert_eq!(image.config.config.env.unwrap()[1..], ["T=1"]);
}

#[test]
fn a_changed_base_image_runs_everything_again() {
    let world = World::new();
    world.write("a", "1");
    let base = |label: &str| {
        let request = BuildRequest {
            dockerfile: DockerfileAt::Text(format!("FROM scratch\nLABEL v={label}").into_bytes()),
            context: Context::Empty,
            tags: vec!["base".to_owned()],
            ..BuildRequest::default()
        };
        world.build_with(request, &mut Quiet).result.unwrap();
    };
    base("1");
    world.build("FROM base\nCOPY a /a\n");
    base("2");
    assert_eq!(
        told(&world.build("FROM base\nCOPY a /a\n"))[1],
        "2: base image base changed"
    );
}

#[test]
fn from_alone_is_the_base_image_itself() {
    let world = World::new();
    let base = world.build("FROM scratch\nLABEL a=b\n");
    assert_eq!(world.build("FROM t\n").id, base.id);
}

/// Records what an observer sees.
#[derive(Default)]
struct Recorder(Vec<String>);

impl BuildObserver for Recorder {
    fn progress(&mut self, event: Progress<'_>) {
        self.0.push(match event {
            Progress::Started { vertex, name } => format!("{vertex} {name}"),
            Progress::Note { vertex, text } => format!("{vertex} - {text}"),
            Progress::Output { vertex, .. } => format!("{vertex} output"),
            Progress::Tick => return,
            Progress::Finished {
                vertex,
                step,
                error,
                ..
            } => match (step, error) {
                (_, Some(error)) => format!("{vertex} ERROR {error}"),
                (Some(step), None) if step.cached => format!("{vertex} CACHED"),
                _ => format!("{vertex} DONE"),
            },
        });
    }
}

#[test]
fn progress_is_told_as_buildkit_tells_it() {
    let world = World::new();
    world.write("a", "12");
    world.write("Dockerfile", "FROM scratch\nCOPY a /a\n");
    let mut recorder = Recorder::default();
    let done = world.build_with(world.request(), &mut recorder);
    let id = done.result.unwrap().id;
    assert_eq!(
        recorder.0,
        [
            "1 [internal] load build definition from Dockerfile",
            "1 - transferring dockerfile: 23B",
            "1 DONE",
            "2 [internal] load build context",
            "2 - transferring context: 2B",
            "2 DONE",
            "3 [1/1] COPY a /a",
            "3 DONE",
            "4 exporting to image",
            &format!("4 - writing image {id}"),
            "4 - naming to docker.io/library/t:latest",
            "4 DONE",
        ]
    );
}

/// Checks at every event whether another process could delete what the build needs.
struct Guard<'a> {
    home: &'a Home,
    seen: usize,
}

impl BuildObserver for Guard<'_> {
    fn progress(&mut self, _event: Progress<'_>) {
        let lock = crate::store::lock::try_exclusive(&self.home.content_lock()).unwrap();
        assert!(lock.is_none(), "the content may be deleted now");
        self.seen += 1;
    }
}

#[test]
fn nothing_is_deleted_while_a_build_is_on_its_way() {
    let world = World::new();
    world.write("a", "1");
    let request = BuildRequest {
        dockerfile: DockerfileAt::Text(b"FROM scratch\nCOPY a /x/\nCOPY a /y/\n".to_vec()),
        ..world.request()
    };
    let mut guard = Guard {
        home: &world.home,
        seen: 0,
    };
    world.build_with(request, &mut guard).result.unwrap();
    assert!(guard.seen > 5);
    let lock = crate::store::lock::try_exclusive(&world.home.content_lock()).unwrap();
    assert!(lock.is_some(), "the content is held after the build");
}
