//! Reading a file whole that another program may write meanwhile.

use rustix::io::Errno;

use crate::MAX_BYTES;

/// Reads a file whole into the scratch space, in as many pieces as it comes in, and says
/// how long it is: more than [`MAX_BYTES`] when it grew beyond that meanwhile.
pub(crate) fn read_whole(
    size: usize,
    buffer: &mut Vec<u8>,
    mut read: impl FnMut(&mut [u8]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    // Room for all that may be, once: a file that grew meanwhile is read on. What is not
    // written to takes no memory.
    if buffer.is_empty() {
        *buffer = vec![0; MAX_BYTES + 1];
    }
    let mut len = 0;
    while len < buffer.len() {
        match read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n) => len += n,
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno),
        }
        // A beat is never changed in place: its whole size is its whole content.
        if len == size {
            break;
        }
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_in_whatever_pieces_it_comes() {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(MAX_BYTES + 9).collect();
        for (told, is, piece, len) in [
            (0, 0, 100, 0),
            (100, 100, 100, 100),
            (100, 100, 30, 100),
            // Shorter than was told, and longer.
            (100, 70, 30, 70),
            (100, 130, 200, 130),
            (4_096, 4_100, 9_000, 4_100),
            (8_000, 9_000, 9_000, 9_000),
            (MAX_BYTES, MAX_BYTES, 1_000, MAX_BYTES),
            (MAX_BYTES, MAX_BYTES + 9, MAX_BYTES * 2, MAX_BYTES + 1),
        ] {
            // The scratch space is new, and then that of the file before.
            let mut buffer = Vec::new();
            for _ in 0..2 {
                let mut at = 0;
                let mut interrupted = false;
                let mut calls = 0;
                let read = |rest: &mut [u8]| {
                    interrupted = !interrupted;
                    if interrupted {
                        return Err(Errno::INTR);
                    }
                    calls += 1;
                    let n = piece.min(rest.len()).min(is - at);
                    rest[..n].copy_from_slice(&content[at..at + n]);
                    at += n;
                    Ok(n)
                };
                assert_eq!(read_whole(told, &mut buffer, read), Ok(len), "{told} {is}");
                assert!(buffer[..len] == content[..len], "{told} {is}");
                // No call more where all that was told is there.
                assert!(is != told || calls == is.div_ceil(piece).max(1), "{calls}");
            }
        }
        let broken = |_: &mut [u8]| Err(Errno::IO);
        assert_eq!(read_whole(1, &mut Vec::new(), broken), Err(Errno::IO));
    }
}
