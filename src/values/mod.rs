//! Values of flags: texts to plain data, each in a function that clap calls. An error is what Docker prints after
//! `invalid argument "…" for "…" flag: `.

mod number;

pub(crate) use number::{bytes, decimal_cpus, int, memory_swap};
