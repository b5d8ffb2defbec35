//! `docker build`: hits, misses, and the one line that explains a miss.

use crate::support::sandbox::Sandbox;

/// A context of three files, and a Dockerfile that was built once.
struct World(Sandbox);

const DOCKERFILE: &str =
    "FROM busybox\nARG V=1\nENV E=1\nCOPY src /src\nRUN echo $V > /v\nRUN true\n";

impl World {
    fn new(dockerfile: &str) -> Self {
        let world = Self(Sandbox::new());
        for path in ["src/a", "src/b", "src/sub/c"] {
            world.0.write(path, format!("{path}\n"));
        }
        world.0.write("Dockerfile", dockerfile);
        world.0.docker("build -q -t i .").ok();
        world
    }

    fn dockerfile(&self, from: &str, to: &str) {
        assert!(DOCKERFILE.contains(from), "{from}");
        self.0.write("Dockerfile", DOCKERFILE.replace(from, to));
    }

    fn shell(&self, line: &str) {
        self.0.shell(line).ok();
    }

    /// Builds, and compares `--explain`'s lines for the steps after FROM.
    #[track_caller]
    fn explains(&self, flags: &str, expected: &[&str]) {
        let built = self
            .0
            .docker(&format!("build --progress plain --explain {flags} ."))
            .ok();
        let is_verdict = |line: &&str| {
            !line.starts_with('#') && (line.ends_with("(cached)") || line.contains("  (ran: "))
        };
        let verdicts: Vec<String> = built
            .stderr
            .lines()
            .filter(is_verdict)
            .skip(1)
            .map(|line| {
                let (_, verdict) = line.rsplit_once("  (").expect("a verdict has a bracket");
                verdict.trim_end_matches(')').to_owned()
            })
            .collect();
        assert_eq!(verdicts, expected, "{built}");
    }
}

const ALL_CACHED: [&str; 5] = ["cached"; 5];

#[test]
fn nothing_changed_nothing_runs() {
    let world = World::new(DOCKERFILE);
    world.explains("", &ALL_CACHED);
    // Times, files that are not copied, and the name of the image do not count.
    world.shell("touch -d 2001-01-01 src/a src && echo x > beside");
    world.explains("-t other --label a=b", &ALL_CACHED);
}

#[test]
fn each_kind_of_file_change_has_its_wording() {
    for (change, reason) in [
        ("echo x >> src/a", "src/a differs"),
        ("chmod 700 src/sub/c", "src/sub/c mode 0644 -> 0700"),
        ("rm src/b", "src/b is gone"),
        ("echo new > src/sub/n", "src/sub/n is new"),
        ("mv src/b src/sub/d", "src/b was renamed to src/sub/d"),
        ("rm src/a && ln -s b src/a", "src/a is another kind of file"),
        (
            "rm src/a && echo x >> src/b && chmod 600 src/sub/c",
            "src/a is gone, src/b differs, src/sub/c mode 0644 -> 0600",
        ),
        (
            "for n in 1 2 3 4 5; do echo $n > src/n$n; done",
            "src/n1 is new, src/n2 is new, src/n3 is new and 2 more",
        ),
    ] {
        let world = World::new(DOCKERFILE);
        world.shell(change);
        let (own, later) = (
            format!("ran: {reason}"),
            format!("ran: step 2 changed: {reason}"),
        );
        world.explains("", &["cached", "cached", &own, &later, &later]);
        world.explains("", &ALL_CACHED);
    }
}

#[test]
fn a_changed_instruction_shows_its_old_text() {
    let world = World::new(DOCKERFILE);
    world.dockerfile("RUN echo $V", "RUN echo -n $V");
    world.explains(
        "",
        &[
            "cached",
            "cached",
            "cached",
            "ran: instruction changed, was: RUN echo $V > /v",
            "ran: step 3 changed, was: RUN echo $V > /v",
        ],
    );
    // Back to the old text: its steps are still cached.
    world.dockerfile("RUN", "RUN");
    world.explains("", &ALL_CACHED);
    world.dockerfile("COPY src /src\n", "");
    world.explains(
        "",
        &[
            "cached",
            "cached",
            "ran: an instruction before it is gone: COPY src /src",
            "ran: an instruction before it is gone: COPY src /src",
        ],
    );
    let world = World::new("FROM busybox\nRUN true 1\nRUN true 2\nRUN true 3\n");
    world.0.write(
        "Dockerfile",
        "FROM busybox\nRUN true 2\nRUN true 1\nRUN true 3\n",
    );
    world.explains("", &["ran: the order of instructions changed"; 3]);
}

#[test]
fn arguments_and_variables_are_named_with_their_values() {
    let world = World::new(DOCKERFILE);
    world.explains(
        "--build-arg V=2",
        &[
            "cached",
            "cached",
            "cached",
            "ran: build argument V changed: \"1\" -> \"2\"",
            "ran: build argument V changed: \"1\" -> \"2\"",
        ],
    );
    let world = World::new(DOCKERFILE);
    world.dockerfile("E=1", "E=2");
    world.explains(
        "",
        &[
            "cached",
            "ran: instruction changed, was: ENV E=1",
            "ran: ENV E=2 changed, was: ENV E=1",
            "ran: ENV E=2 changed, was: ENV E=1",
            "ran: ENV E=2 changed, was: ENV E=1",
        ],
    );
}

#[test]
fn a_flag_a_first_time_and_another_base_are_reasons_too() {
    let world = World::new(DOCKERFILE);
    world.explains("--no-cache", &["ran: --no-cache"; 5]);
    world.0.write("Other", "FROM busybox\nRUN true && true\n");
    world.explains("-f Other", &["ran: first time"]);
    world.0.write("Base", "FROM busybox\nLABEL x=y\n");
    world.0.docker("build -q -t busybox -f Base .").ok();
    world.explains("", &["ran: base image busybox changed"; 5]);
    world.0.docker("builder prune -af").ok();
    world.explains("", &["ran: first time"; 5]);
}

#[test]
fn a_bad_order_is_reported_with_the_lines_to_swap() {
    let sandbox = Sandbox::new();
    sandbox.write("requirements.txt", "x\n");
    sandbox.write("app.py", "1\n");
    // `true` comes first because pip is not installed here.
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nWORKDIR /app\nCOPY . .\nRUN true pip install -r requirements.txt\n",
    );
    sandbox
        .docker("build -t i .")
        .ok()
        .never_complains("hint: ");
    sandbox.write("app.py", "2\n");
    let built = sandbox.docker("build -t i .").ok();
    let last = built.stderr.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("hint: ") && last.contains("COPY requirements.txt"),
        "{built}"
    );
    // In the right order, there is no hint.
    sandbox.write(
        "Dockerfile",
        "FROM busybox\nWORKDIR /app\nCOPY requirements.txt .\nRUN true pip install -r requirements.txt\nCOPY . .\n",
    );
    sandbox.docker("build -t i .").ok();
    sandbox.write("app.py", "3\n");
    sandbox
        .docker("build -t i .")
        .ok()
        .never_complains("hint: ");
}
