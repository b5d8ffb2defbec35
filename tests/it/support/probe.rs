//! The program that inspects a container from inside: compiled once per run, linked statically.

use super::sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

static PROBE: OnceLock<PathBuf> = OnceLock::new();

/// Copies the probe to `probe` in the sandbox's working folder, and returns the `-v` flag that mounts it in a
/// container.
pub(crate) fn mounted(sandbox: &Sandbox) -> String {
    let probe = PROBE.get_or_init(compile);
    let here = sandbox.work().join("probe");
    std::fs::copy(probe, &here).expect("the probe can be copied");
    format!("-v {}:/probe:ro", here.display())
}

fn compile() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let finished = folder.join(format!("probe-{}", std::process::id()));
    let output = Command::new("rustc")
        .args([
            "--edition",
            "2024",
            "-O",
            "-C",
            "target-feature=+crt-static",
            "-C",
            "strip=symbols",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probe/probe.rs"))
        .arg("-o")
        .arg(&finished)
        .output()
        .expect("rustc can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    finished
}
