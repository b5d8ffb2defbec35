//! `hello-world`: a program of two system calls, written byte by byte.
//!
//! **Kernel feature.** `execve(2)` maps the segments that an ELF file names and jumps to its entry. A program without
//! libraries needs only one segment and the system calls `write` and `exit`.
//! **Try it.** `docker create --name hello hello-world && docker cp hello:/hello . && od -c hello | head`.
//! Sources: elf(5); syscalls(2); the instruction set manuals of x86-64 and AArch64.

/// The text that it prints.
pub(super) const TEXT: &str = "
Hello from docklings!
Your container engine works. What happened just now:

 1. The image `hello-world` was looked up among the images on this machine.
 2. A container was made from it: the image's single layer, read-only, and an
    empty writable layer on top.
 3. The one program in it was started in namespaces of its own. It saw no other
    process, no other file and no other network than its own.
 4. It wrote this text, which was passed on to your terminal. Then it ended, and
    the container with it. `docker ps -a` still shows it.

For a container with a shell in it, try:
 $ docker run -it busybox sh

";

/// The load address of the program; any page-aligned address above the lowest will do.
const BASE: u64 = 0x40_0000;
/// The file header and one program header.
const HEADERS: u64 = 64 + 56;

/// The program for this machine, or `None` for an architecture without code here.
pub(super) fn program() -> Option<Vec<u8>> {
    match std::env::consts::ARCH {
        "x86_64" => Some(file(62, &x86_64(TEXT.len()))),
        "aarch64" => Some(file(183, &aarch64(TEXT.len()))),
        _ => None,
    }
}

/// An executable of one segment: headers, code, text.
fn file(machine: u16, code: &[u8]) -> Vec<u8> {
    let length = HEADERS + code.len() as u64 + TEXT.len() as u64;
    let mut bytes = Vec::new();
    // 64 bits, little endian, version 1, System V.
    bytes.extend(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    bytes.extend(2_u16.to_le_bytes()); // ET_EXEC
    bytes.extend(machine.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend((BASE + HEADERS).to_le_bytes()); // entry
    bytes.extend(64_u64.to_le_bytes()); // program headers follow
    bytes.extend(0_u64.to_le_bytes()); // no sections
    bytes.extend(0_u32.to_le_bytes());
    for size in [64_u16, 56, 1, 0, 0, 0] {
        bytes.extend(size.to_le_bytes());
    }
    bytes.extend(1_u32.to_le_bytes()); // PT_LOAD
    bytes.extend(5_u32.to_le_bytes()); // readable and executable
    for field in [0, BASE, BASE, length, length, 0x1_0000_u64] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(code);
    bytes.extend(TEXT.as_bytes());
    bytes
}

/// `write(1, text, length); exit(0)`. The text follows the code.
fn x86_64(length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(0);
    let mut code = vec![0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0]; // mov eax, 1; mov edi, 1
    code.extend([0x48, 0x8d, 0x35]); // lea rsi, [rip + what follows the next address]
    code.extend(16_u32.to_le_bytes());
    code.push(0xba); // mov edx, length
    code.extend(length.to_le_bytes());
    code.extend([0x0f, 0x05]); // syscall
    code.extend([0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05]); // mov eax, 60; xor edi, edi; syscall
    code
}

/// The same with the numbers of AArch64: `write` is 64, `exit` is 93.
fn aarch64(length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(0);
    let move_to = |register: u32, value: u32| 0xd280_0000 | value << 5 | register;
    const CALL: u32 = 0xd400_0001;
    let instructions = [
        move_to(8, 64),
        move_to(0, 1),
        // adr x1, six instructions from here
        0x1000_0001 | (6 << 5),
        move_to(2, length),
        CALL,
        move_to(8, 93),
        move_to(0, 0),
        CALL,
    ];
    instructions
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_begins_where_the_code_says() {
        // After `lea`: 5 bytes of mov, 2 of syscall, 5 + 2 + 2 to the end.
        assert_eq!(x86_64(1).len(), 10 + 7 + 16);
        // `adr` is the third of eight instructions and the text the ninth.
        assert_eq!(aarch64(1).len(), 8 * 4);
        let adr = u32::from_le_bytes(aarch64(1)[8..12].try_into().unwrap());
        let words = (adr >> 5) & 0x7_ffff;
        assert_eq!(3 + words, 9, "immhi counts words when immlo is 0");
    }
}
