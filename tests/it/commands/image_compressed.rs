//! Compressed archives, in every command that reads one: `load`, `import`, `cp -`, `ADD` and a build context.

use crate::support::sandbox::Sandbox;
use std::fs;
use std::io::Write;

type Compress = fn(&[u8]) -> Vec<u8>;

const FORMATS: [(&str, Compress); 2] = [("bz2", bzip2), ("xz", xz)];

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("a preset is valid");
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// A tar of `note`, and of a Dockerfile that copies it.
fn tar(sandbox: &Sandbox) -> Vec<u8> {
    sandbox.write("in/note", "packed\n");
    sandbox.write("in/Dockerfile", "FROM busybox\nCOPY note /note\n");
    sandbox.shell("tar -C in -cf in.tar note Dockerfile").ok();
    fs::read(sandbox.work().join("in.tar")).expect("tar has written it")
}

#[test]
fn an_image_is_loaded_from_it() {
    let sandbox = Sandbox::new();
    sandbox.docker("tag busybox kept:v1").ok();
    sandbox.docker("save -o kept.tar kept:v1").ok();
    let archive = fs::read(sandbox.work().join("kept.tar")).expect("it was saved");
    for (_, compress) in FORMATS {
        let other = Sandbox::empty();
        let whole = compress(&archive);
        other
            .docker_with("load", &whole[..whole.len() / 2])
            .fails(1)
            .says("");
        other.docker("images -q kept").ok().says("");
        other
            .docker_with("load", whole)
            .ok()
            .says("Loaded image: kept:v1\n");
    }
}

#[test]
fn files_are_imported_from_it_and_copied_from_it() {
    let sandbox = Sandbox::new();
    let tar = tar(&sandbox);
    sandbox.docker("create --name box busybox").ok();
    for (name, compress) in FORMATS {
        sandbox.write("in.tar.any", compress(&tar));
        sandbox
            .docker(&format!("import in.tar.any {name}:v1"))
            .ok()
            .mentions("sha256:");
        sandbox
            .shell(&format!(
                "docker create --name {name} {name}:v1 x >/dev/null && docker cp {name}:/note - | tar -xOf -"
            ))
            .ok()
            .says("packed\n");
        sandbox
            .shell(&format!(
                "docker cp - box:/tmp <in.tar.any && docker cp box:/tmp/note {name}.out && cat {name}.out"
            ))
            .ok()
            .says("packed\n");
    }
}

#[test]
fn a_context_is_read_from_it_and_add_unpacks_it() {
    let sandbox = Sandbox::new();
    let tar = tar(&sandbox);
    for (name, compress) in FORMATS {
        let packed = compress(&tar);
        sandbox
            .docker_with(&format!("build -q -t context-{name} -"), &packed)
            .ok();
        sandbox
            .docker(&format!("run --rm context-{name} cat /note"))
            .ok()
            .says("packed\n");
        // Recognised by its content, not by its name.
        sandbox.write("packed.dat", &packed);
        sandbox.write("Dockerfile", "FROM busybox\nADD packed.dat /d/\n");
        sandbox
            .docker(&format!("build -q -t add-{name} -f Dockerfile ."))
            .ok();
        sandbox
            .docker(&format!("run --rm add-{name} sh -c 'ls /d; cat /d/note'"))
            .ok()
            .says("Dockerfile\nnote\npacked\n");
    }
    // A file that only starts like an archive is a normal file.
    sandbox.write("packed.dat", b"BZh9 is how bzip2 begins\n");
    sandbox.docker("build -q -t odd .").ok();
    sandbox
        .docker("run --rm odd cat /d/packed.dat")
        .ok()
        .says("BZh9 is how bzip2 begins\n");
}

#[test]
fn an_archive_that_unpacks_beyond_the_limit_is_refused() {
    let sandbox = Sandbox::new();
    // A tar whose only header promises far more than a layer may hold; zeros follow.
    let mut header = tar(&sandbox)[..512].to_vec();
    header[124..136].copy_from_slice(b"777777777777");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    for (_, compress) in FORMATS {
        sandbox
            .docker_with("import - bomb", compress(&header))
            .fails(1)
            .says("")
            .complains("is refused");
    }
}
