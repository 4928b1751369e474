//! Names in JSON, derived from those in Rust at compile time.

/// The case of names in JSON.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    /// As in Rust.
    Same,
    /// `camelCase`.
    Camel,
    /// `kebab-case`.
    Kebab,
}

impl Case {
    /// The length of [`Case::write`]'s name.
    pub(crate) const fn length(self, name: &str) -> usize {
        let mut length = name.len();
        let mut rest = name.as_bytes();
        let mut is_first = true;
        while let [byte, others @ ..] = rest {
            match self {
                Self::Camel if *byte == b'_' => length -= 1,
                Self::Kebab if byte.is_ascii_uppercase() && !is_first => length += 1,
                Self::Same | Self::Camel | Self::Kebab => {}
            }
            is_first = false;
            rest = others;
        }
        length
    }

    /// The JSON name for a field (`snake_case`) or variant (`PascalCase`) in Rust.
    pub(crate) const fn write<const LENGTH: usize>(self, name: &str) -> [u8; LENGTH] {
        let mut written = [b'-'; LENGTH];
        let mut room: &mut [u8] = &mut written;
        let mut rest = name.as_bytes();
        let mut before = b'-';
        while let [byte, others @ ..] = rest {
            rest = others;
            let is_first = before == b'-';
            let letter = match self {
                Self::Same => *byte,
                Self::Camel if before == b'_' => byte.to_ascii_uppercase(),
                Self::Camel if is_first => byte.to_ascii_lowercase(),
                Self::Camel => *byte,
                Self::Kebab => byte.to_ascii_lowercase(),
            };
            before = *byte;
            if matches!(self, Self::Camel) && letter == b'_' {
                continue;
            }
            if matches!(self, Self::Kebab)
                && byte.is_ascii_uppercase()
                && !is_first
                && let [_, others @ ..] = room
            {
                room = others;
            }
            let [place, others @ ..] = room else { break };
            *place = letter;
            room = others;
        }
        written
    }
}

/// The JSON name of a field or variant: `name!(camel z_order)` is `"zOrder"`.
macro_rules! name {
    (same $name:ident) => { $crate::document::name!(@ Same $name) };
    (camel $name:ident) => { $crate::document::name!(@ Camel $name) };
    (kebab $name:ident) => { $crate::document::name!(@ Kebab $name) };
    (@ $case:ident $name:ident) => {{
        const RUST: &str = stringify!($name);
        const BYTES: [u8; $crate::document::names::Case::$case.length(RUST)] =
            $crate::document::names::Case::$case.write(RUST);
        const NAME: &str = match str::from_utf8(&BYTES) {
            Ok(name) => name,
            Err(_) => RUST,
        };
        NAME
    }};
}
pub(crate) use name;
