//! Which errors a system call may plausibly end with. A call that cannot fail has none:
//! it is killed at, all the same.

/// The errors of a call with these arguments, as strace shows them.
pub(crate) fn of(call: &str, args: &str) -> &'static [&'static str] {
    let pipe =
        args.contains("<pipe:") || args.contains("<anon_inode:") || args.contains("</dev/null>");
    let socket = args.contains("<socket:") || args.contains("<TCP:");
    let by_descriptor = args.contains("AT_EMPTY_PATH") || call == "fstat";
    match call {
        "open" | "openat" if args.contains("O_CREAT") => {
            &["ENOSPC", "EACCES", "EMFILE", "EIO", "EROFS"]
        }
        "open" | "openat" => &["EACCES", "EMFILE", "EIO", "EINTR"],
        "read" | "pread64" | "readv" if pipe => &["EINTR"],
        "read" | "pread64" | "readv" => &["EIO", "EINTR"],
        "write" | "writev" if socket => &["EPIPE", "ECONNRESET", "EINTR"],
        // What wakes a thread.
        "write" if args.contains("<anon_inode:") => &[],
        "write" if pipe => &["EPIPE", "EIO", "EINTR"],
        "write" | "writev" | "pwrite64" => &["ENOSPC", "EIO", "EDQUOT", "EINTR"],
        "fsync" | "fdatasync" => &["EIO", "ENOSPC"],
        "rename" | "renameat" | "renameat2" => &["EIO", "ENOSPC", "EACCES"],
        "unlink" | "unlinkat" | "rmdir" => &["EIO", "EACCES"],
        "mkdir" | "mkdirat" => &["ENOSPC", "EACCES", "EIO"],
        "chmod" | "fchmod" | "fchmodat" | "chown" | "fchown" | "lchown" | "fchownat" => {
            &["EPERM", "EIO"]
        }
        "statx" | "newfstatat" | "stat" | "lstat" | "fstat" if by_descriptor => &["EIO"],
        "statx" | "newfstatat" | "stat" | "lstat" => &["EACCES", "EIO"],
        "readlink" | "readlinkat" => &["EACCES", "EIO"],
        "getdents64" | "lseek" | "ftruncate" => &["EIO"],
        "flock" => &["EINTR", "ENOLCK", "EAGAIN"],
        // Not brk: the kernel says no by another break, and not by an error.
        "mmap" | "mremap" => &["ENOMEM"],
        "clone" | "clone3" | "fork" | "vfork" => &["EAGAIN", "ENOMEM"],
        "pipe" | "pipe2" | "signalfd4" | "epoll_create1" | "eventfd2" | "timerfd_create"
        | "dup" | "dup2" | "dup3" => &["EMFILE"],
        "fcntl" if args.contains("F_DUPFD") => &["EMFILE"],
        "socket" => &["EMFILE", "EACCES"],
        "connect" => &["ECONNREFUSED", "ETIMEDOUT", "EACCES"],
        "sendto" | "sendmsg" => &["ECONNRESET", "EPIPE"],
        "recvfrom" | "recvmsg" => &["ECONNRESET", "EINTR"],
        "setsockopt" => &["ENOBUFS"],
        "epoll_wait" | "epoll_pwait" | "wait4" | "waitid" => &["EINTR"],
        "epoll_ctl" => &["ENOMEM"],
        "poll" | "ppoll" => &["EINTR", "ENOMEM"],
        "getrandom" => &["EINTR"],
        "getcwd" => &["ENOENT"],
        "access" | "faccessat" | "faccessat2" => &["EACCES"],
        "utimensat" | "flistxattr" | "fgetxattr" | "fsetxattr" => &["EIO", "EPERM"],
        "prlimit64" | "setrlimit" => &["EPERM"],
        "copy_file_range" | "sendfile" => &["EIO", "ENOSPC"],
        _ => &[],
    }
}
