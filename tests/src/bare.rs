//! The bare loop that passes are measured against.
#![expect(clippy::unwrap_used, reason = "a benchmark may give up")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Read;
use std::path::Path;

/// The least that any reader of a store must do: list, then open, read and close
/// each file.
///
/// # Panics
/// When the directory or a file in it cannot be read.
pub fn bare(dir: &Path, threads: usize) {
    let names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    std::env::set_current_dir(dir).unwrap();
    let each = names.len().div_ceil(threads).max(1);
    let read = |names: &[std::ffi::OsString]| {
        let mut buffer = vec![0; 64 * 1024];
        let mut sum = 0;
        for name in names {
            sum += File::open(name).unwrap().read(&mut buffer).unwrap();
        }
        black_box(sum);
    };
    if threads == 1 {
        return read(&names);
    }
    std::thread::scope(|scope| {
        for part in names.chunks(each) {
            scope.spawn(|| read(part));
        }
    });
}
