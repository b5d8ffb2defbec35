//! The binary: `docklings`, or `docker` when called through a link of that name.

fn main() -> std::process::ExitCode {
    docklings::main(std::env::args_os())
}
