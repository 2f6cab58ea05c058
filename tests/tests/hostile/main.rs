//! Hostile users: what an unprivileged user tries on the system's store to forge, freeze,
//! hide, replace, read through or crash, and what happens. Each attempt is a test, and a
//! row in `docs/security.md`; the last test here keeps the two in step.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "attempts run programs, and end where one cannot be run"
)]

mod forging;
mod freezing;
mod hiding;
mod host;
mod page;
mod reading;
mod settings;
mod texts;

/// One attempt: its name, which is that of the test, and what is done.
macro_rules! attempts {
    ($($(#[$about:meta])* $name:ident($host:ident) $body:block)*) => {$(
        $(#[$about])*
        #[test]
        fn $name() {
            let module = module_path!().split_once("::").map_or("", |(_, module)| module);
            let name = format!("{module}::{}", stringify!($name));
            crate::host::attempt(&name, |$host| $body);
        }
    )*};
}
pub(crate) use attempts;
