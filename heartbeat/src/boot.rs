//! The boot clock: lets a reader tell a clock that was set from time that passed.

use std::fmt;
use std::time::Duration;

/// Identity of one boot of one machine (`/proc/sys/kernel/random/boot_id`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootId([u8; 16]);

impl BootId {
    /// Reads the usual 36 characters, `8-4-4-4-12` hexadecimal digits, or the
    /// same without the dashes, as systemd's `%b` has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii().as_bytes();
        let dashes = match text.len() {
            36 => true,
            32 => false,
            _ => return None,
        };
        let mut out = [0u8; 16];
        let mut digits = 0;
        for (at, &byte) in text.iter().enumerate() {
            if dashes && matches!(at, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return None;
                }
                continue;
            }
            let digit = (byte as char).to_digit(16)? as u8;
            out[digits / 2] = out[digits / 2] * 16 + digit;
            digits += 1;
        }
        Some(Self(out))
    }

    /// The running boot: as `HEARTBEAT_BOOT_ID` names it (a service in a container
    /// may see the host's `/proc`), else as the kernel tells.
    fn running() -> Option<Self> {
        use rustix::fs::{Mode, open};

        let named = std::env::var_os("HEARTBEAT_BOOT_ID");
        if let Some(id) = named.and_then(|id| Self::parse(id.to_str()?)) {
            return Some(id);
        }
        let file = open(
            "/proc/sys/kernel/random/boot_id",
            crate::flags::READ,
            Mode::empty(),
        )
        .ok()?;
        let mut text = [0u8; 64];
        let len = rustix::io::read(&file, &mut text).ok()?;
        Self::parse(std::str::from_utf8(&text[..len]).ok()?)
    }

    /// The 36 characters, lower case.
    #[must_use]
    pub fn text(self) -> [u8; 36] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut out = [b'-'; 36];
        let mut at = 0;
        for byte in self.0 {
            if matches!(at, 8 | 13 | 18 | 23) {
                at += 1;
            }
            out[at] = HEX[usize::from(byte >> 4)];
            out[at + 1] = HEX[usize::from(byte & 15)];
            at += 2;
        }
        out
    }
}

impl fmt::Debug for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

/// A moment on the boot clock: which boot, and how long after its start,
/// including time asleep (`CLOCK_BOOTTIME`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootStamp {
    /// Which boot.
    pub id: BootId,
    /// Time since that boot.
    pub uptime: Duration,
}

impl BootStamp {
    /// The boot clock now; `None` where the kernel does not tell.
    #[must_use]
    pub fn now() -> Option<Self> {
        use rustix::time::{ClockId, clock_gettime};

        let id = BootId::running()?;
        let time = clock_gettime(ClockId::Boottime);
        Some(Self {
            id,
            uptime: Duration::new(
                u64::try_from(time.tv_sec).ok()?,
                u32::try_from(time.tv_nsec).ok()?,
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_and_refuses_the_rest() {
        let text = "0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718";
        assert_eq!(&BootId::parse(text).unwrap().text(), text.as_bytes());
        assert!(BootId::parse(&format!("{text}\n")).is_some());
        assert_eq!(BootId::parse(&text.replace('-', "")), BootId::parse(text));
        assert_eq!(format!("{:?}", BootId::parse(text).unwrap()), text);
        for bad in [
            "",
            "0f9a3c51",
            &text.replace('-', "x"),
            &text.replace('9', "g"),
        ] {
            assert_eq!(BootId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn this_machine_has_a_boot_clock() {
        let first = BootStamp::now().unwrap();
        let second = BootStamp::now().unwrap();
        assert_eq!(first.id, second.id);
        assert!(second.uptime >= first.uptime);
    }
}
