//! `beat`: leaves a proof of life for a job. All of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    writer::main()
}
