//! Recognisable secrets, and the search for them.

const MARK: &str = "s3cr3t-";
const DIGITS: usize = 2;
/// One bit of a `u64` for each secret.
const NUMBERS: u8 = 64;

/// The number of the customer secret. Lower numbers are in the payload.
const CUSTOMER: u8 = 4;
/// The first number for tokens.
const FIRST_TOKEN: u8 = CUSTOMER + 1;

/// `customer-id:s3cr3t-04` in base64.
const HEADER: &str = "Y3VzdG9tZXItaWQ6czNjcjN0LTA0";

/// The credentials, in every form that a driver tells the core to redact.
pub(crate) fn credentials() -> [String; 3] {
    [HEADER.to_owned(), format!("customer-id:{}", secret(CUSTOMER)), secret(CUSTOMER)]
}

/// The secret with this number.
pub(crate) fn secret(number: u8) -> String {
    format!("{MARK}{:02}", number % NUMBERS)
}

/// The secrets that the core knows and must not reveal.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    kept: u64,
    given: u8,
    /// Secrets may be in fields that are not for secrets: the search is off.
    are_everywhere: bool,
}

impl Secrets {
    /// The secrets of the payload and the credentials.
    pub(crate) fn of_payload() -> Self {
        Self { kept: (1 << FIRST_TOKEN) - 1, ..Self::default() }
    }

    /// All secrets.
    pub(crate) fn all() -> Self {
        Self { kept: u64::MAX, ..Self::default() }
    }

    /// For inputs with secrets in fields that are not for secrets.
    pub(crate) fn everywhere() -> Self {
        Self { are_everywhere: true, ..Self::default() }
    }

    /// A new builder token or RTC token.
    pub(crate) fn give(&mut self) -> String {
        let number = FIRST_TOKEN + self.given % (NUMBERS - FIRST_TOKEN);
        self.given = self.given.wrapping_add(1);
        self.kept |= u64::from(!self.are_everywhere) << number;
        secret(number)
    }

    /// Keeps only the secrets that this request carried.
    pub(crate) fn keep_only(&mut self, carried: Carried) {
        self.kept &= carried.0;
    }

    /// A name that the service gives to a task is not secret.
    pub(crate) fn publish(&mut self, name: &str) {
        numbers(name).for_each(|number| self.kept &= !(1 << number));
    }

    /// # Panics
    /// If the text contains a secret, in any encoding.
    pub(crate) fn search(&self, text: &str) {
        if text.contains(['%', '\\']) {
            self.search_plain(&plain(text));
        }
        self.search_plain(text);
    }

    fn search_plain(&self, text: &str) {
        let is_kept = |number: u8| self.kept >> number & 1 == 1;
        let text = text.to_lowercase();
        let header = HEADER[..16].to_lowercase();
        let found = numbers(&text).any(is_kept) || (is_kept(CUSTOMER) && text.contains(&header));
        assert!(!found, "a secret in {text}");
    }
}

/// The secrets that a request carried. The service may echo them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Carried(u64);

impl Carried {
    /// Every request also carries the customer secret.
    pub(crate) fn by(text: &str) -> Self {
        Self(numbers(text).fold(1 << CUSTOMER, |all, number| all | 1 << number))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One of the secrets in one of several encodings; empty if there is none.
    pub(crate) fn one(self, choice: u8) -> String {
        let carried: Vec<u8> = (0..NUMBERS).filter(|number| self.0 >> number & 1 == 1).collect();
        let (which, how) = (usize::from(choice & 15), choice >> 4);
        let Some(number) = carried.get(which % carried.len().max(1)) else { return String::new() };
        let secret = if *number == CUSTOMER && how & 1 == 1 { HEADER.to_owned() } else { secret(*number) };
        let each = |written: fn(u8) -> String| secret.bytes().map(written).collect();
        match how >> 1 {
            0 | 1 => secret,
            2 => each(|byte| format!("%{byte:02X}")),
            3 => each(|byte| format!("%25{byte:02x}")),
            4 => each(|byte| format!("\\u{byte:04x}")),
            5 => each(|byte| format!("\\\\u00{byte:02X}")),
            6 => secret.to_uppercase(),
            _ => format!("Authorization: Basic {secret}=="),
        }
    }
}

/// Removes the escapes `%73` and `\u0073`, also nested ones.
fn plain(text: &str) -> String {
    let mut text = text.replace('\\', "");
    while text.contains("%25") {
        text = text.replace("%25", "%");
    }
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(letter) = rest.chars().next() {
        let digits =
            |from: usize, to| rest.get(from..to).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let escaped = match letter {
            '%' => digits(1, 3).map(|byte| (byte, 3)),
            'u' | 'U' if rest.get(1..3) == Some("00") => digits(3, 5).map(|byte| (byte, 5)),
            _ => None,
        };
        let (letter, length) =
            escaped.map_or((letter, letter.len_utf8()), |(byte, length)| (char::from(byte), length));
        plain.push(letter);
        rest = &rest[length..];
    }
    plain
}

fn numbers(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.match_indices(MARK).filter_map(|(at, _)| {
        let from = at + MARK.len();
        let digits = text.get(from..from + DIGITS)?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|number| is_number && *number < NUMBERS)
    })
}

pub(crate) fn may_contain_secret(text: &str) -> bool {
    text.contains(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a secret in text: s3cr3t-05!")]
    fn a_token_is_found() {
        let mut secrets = Secrets::of_payload();
        let given = secrets.give();
        secrets.search(&format!("text: {given}!"));
    }

    #[test]
    #[should_panic(expected = "a secret in")]
    fn a_secret_of_the_payload_is_found() {
        Secrets::of_payload().search(&format!("{} and {}", secret(9), secret(0)));
    }

    #[test]
    fn a_secret_is_found_in_any_encoding() {
        let carried = Carried::by("s3cr3t-07");
        let mut secrets = Secrets::of_payload();
        secrets.kept |= 1 << 7;
        for choice in 0..=u8::MAX {
            let text = format!("text: {}!", carried.one(choice));
            let searched = std::panic::catch_unwind(|| secrets.search(&text));
            assert!(searched.is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_secrets_and_task_names_are_ignored() {
        let mut secrets = Secrets::of_payload();
        secrets.search(&secret(FIRST_TOKEN));
        secrets.search("s3cr3t-+2 s3cr3t-é s3cr3t-");
        let name = secrets.give();
        secrets.publish(&name);
        secrets.search(&name);
    }

    #[test]
    fn secrets_of_a_request_can_be_echoed() {
        let carried = Carried::by("s3cr3t-07").and(Carried::by("&s3cr3t-41"));
        assert_eq!([0, 1, 2, 3].map(|choice| carried.one(choice)), [4, 7, 41, 4].map(secret));
        assert_eq!(Carried::default().one(3), "");
    }
}
