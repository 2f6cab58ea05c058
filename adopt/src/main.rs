//! The program `beat-adopt`; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    adopt::main()
}
