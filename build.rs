//! Links the program so that it starts fast: `docker run` starts it twice.
//!
//! - For one address in memory. A program that may lie anywhere has its tables of addresses corrected at each start: 25,000 of
//!   them, in a hundred pages that then belong to this process alone. Stack, heap and libraries still lie anywhere.
//! - With the compiler's own library inside, where it is installed as an archive: one file less to look for and to map.
//!
//! Together they are a third of what the start takes; see docs/performance.md.

use std::path::Path;
use std::process::Command;

/// What unwinds the stack, for the backtrace of a panic, and what divides numbers of 128 bits. If one of them is missing,
/// the shared library with both is loaded.
const PARTS: [&str; 2] = ["gcc_eh", "gcc"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let set = |name| std::env::var(name).unwrap_or_default();
    // Elsewhere the start files are not the machine's own, or the linker has other words for it.
    if set("CARGO_CFG_TARGET_OS") != "linux" || set("CARGO_CFG_TARGET_ENV") != "gnu" {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-no-pie");
    let linker = std::env::var("RUSTC_LINKER").unwrap_or_else(|_| "cc".to_owned());
    for part in PARTS {
        // GNU's driver and Clang's answer with the path, or with the name alone if there is no such file.
        let answer = Command::new(&linker)
            .arg(format!("-print-file-name=lib{part}.a"))
            .output();
        let path = answer.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned());
        if path.is_ok_and(|path| Path::new(&path).is_absolute()) {
            println!("cargo::rustc-link-lib=static:-bundle={part}");
        }
    }
}
