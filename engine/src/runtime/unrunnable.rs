//! Why the kernel refuses a program that exists.
//!
//! **Kernel feature.** `execve(2)` also returns "no such file or directory" when the file exists but its interpreter
//! does not: the one that a script names after `#!`, or the loader of a dynamic program. A script with Windows line
//! endings names an interpreter that ends in a carriage return.
//! **What Docker does.** Reports the kernel's error: `exec /e.sh: no such file or directory`.
//! **What we do.** The same error, with a hint that names the cause.

use crate::image::starter::elf;
use crate::oci::config::machine_architecture;

/// How much of a program is examined: enough for its first line, or the headers of an ELF file.
pub(crate) const HEAD: usize = 64 << 10;

/// `e_machine` of ELF files, with Docker's names. Source: elf(5).
const MACHINES: [(u16, &str); 7] = [
    (3, "386"),
    (8, "mips"),
    (21, "ppc64le"),
    (22, "s390x"),
    (40, "arm"),
    (62, "amd64"),
    (183, "arm64"),
];

/// Why the program `name`, which begins with `head`, cannot run; `exists` checks whether a file exists. `None` if
/// nothing can be added to the kernel's error.
pub(crate) fn why(name: &str, head: &[u8], exists: &dyn Fn(&str) -> bool) -> Option<String> {
    if head.starts_with(b"\x7fELF") {
        return of_elf(name, head, exists);
    }
    let line = head.split(|byte| *byte == b'\n').next()?;
    let Some(line) = line.strip_prefix(b"#!") else {
        return Some(format!(
            "`{name}` is neither a program nor a script that begins with `#!` and an interpreter"
        ));
    };
    let line = String::from_utf8_lossy(line);
    let interpreter = line.split([' ', '\t']).find(|word| !word.is_empty())?;
    // `#!/usr/bin/env python3\r`: env runs, but does not find its argument.
    if line.ends_with('\r') {
        return Some(format!(
            "`{name}` has Windows line endings (CRLF), so its interpreter is taken for `{}\\r`: save it with LF, or `sed -i 's/\\r$//' {name}`",
            line.trim_start().trim_end_matches('\r')
        ));
    }
    (!exists(interpreter)).then(|| {
        format!("`{name}` asks for the interpreter `{interpreter}`, which the image does not have")
    })
}

fn of_elf(name: &str, head: &[u8], exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let machine = u16::from_le_bytes(head.get(18..20)?.try_into().ok()?);
    let its = MACHINES.iter().find(|(number, _)| *number == machine);
    let own = machine_architecture();
    if let Some((_, its)) = its.filter(|(_, its)| *its != own) {
        return Some(format!(
            "`{name}` was built for {its}, and this machine is {own}"
        ));
    }
    let loader = elf::interpreter(head)?;
    (!exists(&loader)).then(|| {
        format!("`{name}` needs the loader `{loader}`, which the image does not have: build it statically, or for this base")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expected: Option<&str>) {
        let found = why("/e.sh", head, &|path| path == "/bin/sh");
        match expected {
            Some(part) => assert!(
                found.as_deref().unwrap_or("nothing").contains(part),
                "{found:?}"
            ),
            None => assert_eq!(found, None),
        }
    }

    #[test]
    fn the_cause_is_named() {
        check(b"#!/bin/sh\necho\n", None);
        check(b"#! /bin/sh -e\necho\r\n", None);
        check(b"#!/bin/sh\r\necho\r\n", Some("taken for `/bin/sh\\r`"));
        check(
            b"#!/usr/bin/env python3\r\n",
            Some("Windows line endings (CRLF)"),
        );
        check(
            b"#!/bin/bash\n",
            Some("the interpreter `/bin/bash`, which the image does not have"),
        );
        check(b"echo hi\n", Some("neither a program nor a script"));
        let mut elf = [0; 64];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[18..20].copy_from_slice(&8_u16.to_le_bytes());
        check(&elf, Some("was built for mips"));
    }
}
