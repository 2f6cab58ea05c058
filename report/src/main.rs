//! `beat-report`: the Night Watch of a host. See the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    report::run(std::env::args_os()).into()
}
