//! Work on all cores, where there is much of it.

use std::ops::Range;

/// How many cores are worth it for so many: one where they are few, else all.
pub(crate) fn cores(many: usize, few: usize) -> usize {
    if many < few {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does something with each of some parts, the first here and the others beside it. What
/// comes of it is in the order of the parts.
pub(crate) fn beside<T: Send, R: Send>(
    parts: impl IntoIterator<Item = T>,
    each: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let mut parts = parts.into_iter();
    let first = parts.next();
    std::thread::scope(|scope| {
        let each = &each;
        let others: Vec<_> = parts.map(|part| scope.spawn(move || each(part))).collect();
        let mut done: Vec<R> = first.map(each).into_iter().collect();
        for other in others {
            match other.join() {
                Ok(result) => done.push(result),
                Err(fault) => std::panic::resume_unwind(fault),
            }
        }
        done
    })
}

/// The numbers up to one, in as many parts as cores are worth it.
pub(crate) fn parts(many: usize, few: usize) -> Vec<Range<usize>> {
    let long = many.div_ceil(cores(many, few)).max(1);
    let starts = (0..many).step_by(long);
    starts.map(|at| at..many.min(at + long)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_of_it_in_order() {
        for many in [0, 1, 2, 7, 100, 101] {
            for few in [0, 50, 1_000] {
                let parts = parts(many, few);
                assert!(parts.iter().all(|part| !part.is_empty()));
                assert!(parts.len() <= if many < few { 1 } else { cores(many, few) });
                let all: Vec<usize> = parts.into_iter().flatten().collect();
                assert!(all.into_iter().eq(0..many), "{many} {few}");
            }
        }
    }

    #[test]
    fn what_is_done_beside_comes_in_order() {
        let squares = beside(0..9_u32, |n| n * n);
        assert_eq!(squares, (0..9).map(|n| n * n).collect::<Vec<_>>());
        assert!(beside(Vec::<u32>::new(), |n| n).is_empty());
    }
}
