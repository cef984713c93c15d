//! The program: everything is in the library.

use std::process::ExitCode;

/// A run takes milliseconds, and a third of them were page faults of the system's allocator; musl's is slower still.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chartwright::cli::main()
}
