//! `beat-check`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(checker::main())
}
