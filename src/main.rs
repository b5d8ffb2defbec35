//! The binary: `docklings`, or, through a link of that name, `docker`.

fn main() -> std::process::ExitCode {
    docklings::main(std::env::args_os())
}
