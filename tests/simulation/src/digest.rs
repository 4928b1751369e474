//! A digest of a run.

use std::fmt;

/// FNV-1a. The standard library's hashers do not guarantee the same result on every platform.
#[derive(Clone, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    /// Adds a string and its length: the boundary between two strings counts.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.number(text.len() as u64);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Adds the debug text.
    pub(crate) fn debug(&mut self, value: &impl fmt::Debug) {
        // Writing to a digest cannot fail.
        let _ = fmt::Write::write_fmt(self, format_args!("{value:?}\n"));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }
}

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}
