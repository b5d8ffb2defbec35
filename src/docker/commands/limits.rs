//! Docker's commands and flags that docklings does not have: refused by name, so that users do not take them for typing
//! errors. `docs/limits.md` gives the reasons.

/// Commands, and groups of commands.
const COMMANDS: &[&str] = &[
    "checkpoint",
    "compose",
    "config",
    "context",
    "debug",
    "desktop",
    "init",
    "manifest",
    "model",
    "network connect",
    "network create",
    "network disconnect",
    "network prune",
    "network rm",
    "node",
    "offload",
    "plugin",
    "sbom",
    "scout",
    "secret",
    "service",
    "stack",
    "swarm",
    "trust",
    "volume update",
    "buildx ls",
    "buildx create",
    "buildx use",
    "buildx inspect",
    "buildx bake",
    "buildx du",
    "buildx imagetools",
    "system dial-stdio",
];

/// Global flags, before the command.
const GLOBAL: &[&str] = &[
    "config",
    "context",
    "c",
    "host",
    "H",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
];

/// Flags by command; single letters are the short forms.
const FLAGS: &[(&str, &[&str])] = &[
    ("", GLOBAL),
    ("run", CREATE),
    ("create", CREATE),
    ("start", &["checkpoint", "checkpoint-dir"]),
    ("rm", &["link", "l"]),
    (
        "update",
        &[
            "blkio-weight",
            "cpu-period",
            "cpu-quota",
            "cpu-rt-period",
            "cpu-rt-runtime",
            "cpuset-mems",
            "kernel-memory",
        ],
    ),
    ("logs", &["details"]),
    (
        "build",
        &[
            "allow",
            "annotation",
            "attest",
            "build-context",
            "builder",
            "c",
            "cache-from",
            "cache-to",
            "call",
            "cgroup-parent",
            "compress",
            "cpu-period",
            "cpu-quota",
            "cpu-shares",
            "cpuset-cpus",
            "cpuset-mems",
            "D",
            "debug",
            "disable-content-trust",
            "isolation",
            "m",
            "memory",
            "memory-swap",
            "metadata-file",
            "no-cache-filter",
            "provenance",
            "push",
            "sbom",
            "security-opt",
            "shm-size",
            "squash",
            "ssh",
            "ulimit",
        ],
    ),
    (
        "builder prune",
        &[
            "builder",
            "keep-storage",
            "max-used-space",
            "min-free-space",
            "reserved-space",
            "verbose",
        ],
    ),
    ("images", &["platform", "tree"]),
    ("rmi", &["platform"]),
    ("save", &["platform"]),
    ("load", &["platform"]),
    ("history", &["platform"]),
    ("image inspect", &["platform"]),
    (
        "volume create",
        &[
            "availability",
            "group",
            "limit-bytes",
            "o",
            "opt",
            "required-bytes",
            "scope",
            "secret",
            "sharing",
            "topology-preferred",
            "topology-required",
            "type",
        ],
    ),
    ("volume ls", &["cluster"]),
];

const CREATE: &[&str] = &[
    "annotation",
    "blkio-weight",
    "blkio-weight-device",
    "cgroup-parent",
    "cgroupns",
    "cidfile",
    "cpu-count",
    "cpu-percent",
    "cpu-period",
    "cpu-quota",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cpuset-mems",
    "device-cgroup-rule",
    "device-read-bps",
    "device-read-iops",
    "device-write-bps",
    "device-write-iops",
    "disable-content-trust",
    "dns-opt",
    "dns-option",
    "dns-search",
    "domainname",
    "gpus",
    "group-add",
    "io-maxbandwidth",
    "io-maxiops",
    "ip",
    "ip6",
    "ipc",
    "isolation",
    "kernel-memory",
    "label-file",
    "link",
    "link-local-ip",
    "memory-swappiness",
    "net-alias",
    "network-alias",
    "oom-kill-disable",
    "oom-score-adj",
    "pid",
    "runtime",
    "storage-opt",
    "sysctl",
    "use-api-socket",
    "userns",
    "uts",
    "volume-driver",
];

/// Words of Go templates.
const TEMPLATES: &[&str] = &[
    "block", "break", "call", "continue", "define", "ge", "gt", "html", "js", "le", "lt", "print",
    "slice", "template", "urlquery",
];

/// Whether Go templates have `word`, but ours do not.
pub(crate) fn is_dockers_template(word: &str) -> bool {
    TEMPLATES.contains(&word)
}

/// Whether Docker has the command `name` (`network`, `image push`), but docklings does not.
pub(crate) fn is_dockers_command(name: &str) -> bool {
    COMMANDS.contains(&name)
}

/// Whether Docker's command `path` (any of its names) has `flag`, but ours does not.
pub(crate) fn is_dockers(path: &str, flag: &str) -> bool {
    let name = flag.trim_start_matches('-');
    let name = name.split('=').next().unwrap_or(name);
    let words: Vec<String> = path.split_whitespace().map(str::to_owned).collect();
    let row = super::find(&words).map(|(row, _, _)| row.names);
    FLAGS.iter().any(|(command, flags)| {
        let is_it = *command == path || row.is_some_and(|names| names.contains(command));
        is_it && flags.contains(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_of_dockers_is_known_by_each_name_of_its_command() {
        assert!(is_dockers("rm", "--link"));
        assert!(is_dockers("container rm", "-l"));
        assert!(!is_dockers("rm", "--nope"));
        assert!(is_dockers("", "-H"));
    }

    #[test]
    fn every_flag_of_dockers_is_there_or_refused_by_name() {
        let mut unknown = Vec::new();
        let lines = include_str!("docker-28-flags.txt").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let (command, flags) = line.split_once(':').expect("a command and its flags");
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            let Some((row, _, _)) = super::super::find(&words) else {
                unknown.push(command.to_owned());
                continue;
            };
            let parser = (row.parser)();
            let has = |name: &str| {
                parser.get_arguments().any(|arg| {
                    let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
                    let hidden = arg.get_all_aliases().unwrap_or_default();
                    let short = arg.get_short().map(String::from);
                    longs.contains(&name)
                        || hidden.contains(&name)
                        || short.as_deref() == Some(name)
                })
            };
            for name in flags.split([' ', '/']).filter(|name| !name.is_empty()) {
                if !has(name) && !is_dockers(command, name) {
                    unknown.push(format!("{command} {name}"));
                }
            }
        }
        assert_eq!(unknown, [""; 0]);
    }

    #[test]
    fn no_command_and_no_flag_is_both_refused_and_there() {
        for row in super::super::TABLE {
            for name in row.names {
                assert!(!is_dockers_command(name), "{name}");
            }
            for arg in (row.parser)().get_arguments() {
                let names = arg.get_long().map(str::to_owned).into_iter();
                for flag in names.chain(arg.get_short().map(String::from)) {
                    assert!(!is_dockers(row.names[0], &flag), "{} {flag}", row.names[0]);
                }
            }
        }
    }

    /// All flags of Docker 28's commands about images and builds, and of `system`, as its reference lists them.
    const DOCKERS: &[(&str, &str)] = &[
        (
            "build",
            "--add-host --allow --annotation --attest --build-arg --build-context --builder --cache-from --cache-to \
             --call --cgroup-parent --check -D --debug -f --file --iidfile --label --load --metadata-file --network \
             --no-cache --no-cache-filter -o --output --platform --progress --provenance --pull --push -q --quiet \
             --sbom --secret --shm-size --ssh -t --tag --target --ulimit --compress --cpu-period --cpu-quota -c \
             --cpu-shares --cpuset-cpus --cpuset-mems --disable-content-trust --force-rm --isolation -m --memory \
             --memory-swap --rm --security-opt --squash",
        ),
        (
            "builder prune",
            "-a --all --filter -f --force --keep-storage --builder --max-used-space --min-free-space \
             --reserved-space --verbose",
        ),
        ("commit", "-a --author -c --change -m --message -p --pause"),
        ("events", "-f --filter --format --since --until"),
        ("export", "-o --output"),
        (
            "history",
            "--format -H --human --no-trunc --platform -q --quiet",
        ),
        ("image inspect", "-f --format --platform"),
        ("image prune", "-a --all --filter -f --force"),
        (
            "images",
            "-a --all --digests -f --filter --format --no-trunc -q --quiet --tree",
        ),
        ("import", "-c --change -m --message --platform"),
        ("info", "-f --format"),
        ("load", "-i --input --platform -q --quiet"),
        ("rmi", "-f --force --no-prune --platform"),
        ("save", "-o --output --platform"),
        ("system df", "--format -v --verbose"),
        ("system prune", "-a --all --filter -f --force --volumes"),
        ("tag", ""),
        ("version", "-f --format"),
    ];

    #[test]
    fn no_flag_of_dockers_is_unknown() {
        for (command, flags) in DOCKERS {
            let row = super::super::TABLE
                .iter()
                .find(|row| row.names.contains(command));
            let parser = (row.unwrap().parser)();
            for flag in flags.split_whitespace() {
                let name = flag.trim_start_matches('-');
                let is_ours = parser.get_arguments().any(|arg| {
                    arg.get_long() == Some(name)
                        || arg.get_short().is_some_and(|c| *name == *c.to_string())
                });
                assert!(is_ours || is_dockers(command, flag), "{command} {flag}");
            }
        }
    }
}
