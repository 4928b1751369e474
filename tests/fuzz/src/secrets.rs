//! Secrets that can be recognised, and the search for them.

const MARK: &str = "s3cr3t-";
const DIGITS: usize = 2;
/// As many as have a bit each.
const NUMBERS: u8 = 64;

/// The secrets in a payload, and then the customer's; those that are answered follow.
const CUSTOMER: u8 = 4;
const BEGINNING: u8 = CUSTOMER + 1;

/// base64 of `customer-id:s3cr3t-04`.
const HEADER: &str = "Y3VzdG9tZXItaWQ6czNjcjN0LTA0";

/// What a driver knows, and a machine is told: the credentials, and the header that they make.
pub(crate) fn credentials() -> [String; 3] {
    [HEADER.to_owned(), format!("customer-id:{}", secret(CUSTOMER)), secret(CUSTOMER)]
}

/// The secret with this number.
pub(crate) fn secret(number: u8) -> String {
    format!("{MARK}{:02}", number % NUMBERS)
}

/// Which secrets went in, and must not come out.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    kept: u64,
    given: u8,
    /// They may be anywhere already: nothing can be told by them.
    are_everywhere: bool,
}

impl Secrets {
    /// As the payload and the credentials are handed in, with all of their secrets.
    pub(crate) fn of_payload() -> Self {
        Self { kept: (1 << BEGINNING) - 1, ..Self::default() }
    }

    /// Every one that there is.
    pub(crate) fn all() -> Self {
        Self { kept: u64::MAX, ..Self::default() }
    }

    /// They were put where nobody can tell that they are any.
    pub(crate) fn everywhere() -> Self {
        Self { are_everywhere: true, ..Self::default() }
    }

    /// A secret to hand in: a builder token, or an RTC token.
    pub(crate) fn give(&mut self) -> String {
        let number = BEGINNING + self.given % (NUMBERS - BEGINNING);
        self.given = self.given.wrapping_add(1);
        self.kept |= u64::from(!self.are_everywhere) << number;
        secret(number)
    }

    /// Of all only those that this request carried.
    pub(crate) fn keep_only(&mut self, carried: Carried) {
        self.kept &= carried.0;
    }

    /// What the service itself uses as a task's name is none.
    pub(crate) fn publish(&mut self, name: &str) {
        numbers(name).for_each(|number| self.kept &= !(1 << number));
    }

    /// # Panics
    /// If one is in there.
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

/// The secrets that a request carried: what a service may be heard to repeat.
#[derive(Clone, Copy, Default)]
pub(crate) struct Carried(u64);

impl Carried {
    /// Each request carries the customer's secret as well.
    pub(crate) fn by(text: &str) -> Self {
        Self(numbers(text).fold(1 << CUSTOMER, |all, number| all | 1 << number))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One of them, if there is any, in one of the ways in which it may be repeated.
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

/// The text without its escapes: `%73`, however often encoded, and `\u0073`, however often escaped.
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

/// Whether there is anything in there that may be a secret.
pub(crate) fn may_hold(text: &str) -> bool {
    text.contains(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a secret in said: s3cr3t-05!")]
    fn a_secret_that_went_in_is_found() {
        let mut secrets = Secrets::of_payload();
        let given = secrets.give();
        secrets.search(&format!("said: {given}!"));
    }

    #[test]
    #[should_panic(expected = "a secret in")]
    fn so_is_one_of_the_payload() {
        Secrets::of_payload().search(&format!("{} and {}", secret(9), secret(0)));
    }

    #[test]
    fn it_is_found_however_it_is_written() {
        let carried = Carried::by("s3cr3t-07");
        let mut secrets = Secrets::of_payload();
        secrets.kept |= 1 << 7;
        for choice in 0..=u8::MAX {
            let said = format!("said: {}!", carried.one(choice));
            let searched = std::panic::catch_unwind(|| secrets.search(&said));
            assert!(searched.is_err(), "{said}");
        }
    }

    #[test]
    fn what_did_not_go_in_or_is_a_name_is_none() {
        let mut secrets = Secrets::of_payload();
        secrets.search(&secret(BEGINNING));
        secrets.search("s3cr3t-+2 s3cr3t-é s3cr3t-");
        let name = secrets.give();
        secrets.publish(&name);
        secrets.search(&name);
    }

    #[test]
    fn what_a_request_carried_can_be_repeated() {
        let carried = Carried::by("s3cr3t-07").and(Carried::by("&s3cr3t-41"));
        assert_eq!([0, 1, 2, 3].map(|choice| carried.one(choice)), [4, 7, 41, 4].map(secret));
        assert_eq!(Carried::default().one(3), "");
    }
}
