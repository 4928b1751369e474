//! Secrets that can be recognised, and the search for them.

const MARK: &str = "s3cr3t-";
const DIGITS: usize = 2;
/// As many as have a bit each.
const NUMBERS: u8 = 64;

/// The secrets in a payload; those that are answered follow.
pub(crate) const PAYLOAD: u8 = 4;

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
    /// As the payload is handed in, with all of its secrets.
    pub(crate) fn of_payload() -> Self {
        Self { kept: (1 << PAYLOAD) - 1, ..Self::default() }
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
        let number = PAYLOAD + self.given % (NUMBERS - PAYLOAD);
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
        let found = numbers(text).find(|number| self.kept >> number & 1 == 1);
        assert!(found.is_none(), "a secret in {text}");
    }
}

/// The secrets that a request carried: what a service may be heard to repeat.
#[derive(Clone, Copy, Default)]
pub(crate) struct Carried(u64);

impl Carried {
    pub(crate) fn by(text: &str) -> Self {
        Self(numbers(text).fold(0, |all, number| all | 1 << number))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One of them, if there is any.
    pub(crate) fn one(self, choice: u8) -> String {
        let carried: Vec<u8> = (0..NUMBERS).filter(|number| self.0 >> number & 1 == 1).collect();
        carried.get(usize::from(choice) % carried.len().max(1)).copied().map(secret).unwrap_or_default()
    }
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
    #[should_panic(expected = "a secret in said: s3cr3t-04!")]
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
    fn what_did_not_go_in_or_is_a_name_is_none() {
        let mut secrets = Secrets::of_payload();
        secrets.search(&secret(PAYLOAD));
        secrets.search("s3cr3t-+2 s3cr3t-é s3cr3t-");
        let name = secrets.give();
        secrets.publish(&name);
        secrets.search(&name);
    }

    #[test]
    fn what_a_request_carried_can_be_repeated() {
        let carried = Carried::by("s3cr3t-07").and(Carried::by("&s3cr3t-41"));
        assert_eq!([0, 1, 2].map(|choice| carried.one(choice)), [secret(7), secret(41), secret(7)]);
        assert_eq!(Carried::default().one(3), "");
    }
}
