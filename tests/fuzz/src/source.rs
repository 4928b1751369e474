//! Turns bytes into choices.

use arbitrary::Unstructured;

/// The bytes of one input. An exhausted source yields zeros, so every input is valid.
pub(crate) struct Source<'a>(Unstructured<'a>);

impl<'a> Source<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub(crate) fn short(&mut self) -> u16 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end <= 1 {
            return 0;
        }
        let number = if end <= 256 { usize::from(self.byte()) } else { usize::from(self.short()) };
        number % end
    }

    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// A string whose length is the next byte.
    pub(crate) fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        String::from_utf8_lossy(self.0.bytes(length).unwrap_or_default()).into_owned()
    }

    /// The remaining bytes as a string.
    pub(crate) fn rest(self) -> String {
        String::from_utf8_lossy(self.0.take_rest()).into_owned()
    }
}
