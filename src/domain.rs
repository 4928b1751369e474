//! Which domain is asked next.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::durations::server::DOMAIN_COOLDOWN;
use crate::error::{Invalid, quoted};
use crate::time::{Duration, Instant};

/// Where the broadcast is, which decides which domains are near.
#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Mainland China.
    China,
    /// North America.
    #[json(default)]
    NorthAmerica,
    /// Europe.
    Europe,
    /// Asia Pacific, without mainland China.
    AsiaPacific,
}

impl Area {
    /// Primary and alternate suffix, and the area's two regions, each the other's neighbour.
    fn table(self) -> (&'static str, &'static str, [&'static str; 2]) {
        const GLOBAL: &str = "agora.io";
        const CHINA: &str = "sd-rtn.com";
        match self {
            Self::China => (CHINA, GLOBAL, ["cn-east-1", "cn-north-1"]),
            Self::NorthAmerica => (GLOBAL, CHINA, ["us-west-1", "us-east-1"]),
            Self::Europe => (GLOBAL, CHINA, ["eu-west-1", "eu-central-1"]),
            Self::AsiaPacific => (GLOBAL, CHINA, ["ap-southeast-1", "ap-northeast-1"]),
        }
    }
}

/// How a call to a domain failed.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DomainFailure {
    /// The name could not be resolved: the alternate name may help.
    Dns,
    /// The name was resolved, but no answer came: the alternate name leads to the same place, so it is skipped.
    Unreachable,
    /// No answer, and the runtime does not say why (browsers and Workers never do).
    Unknown,
    /// The domain answered with a 5xx. Three in a row count as unreachable.
    ServerError,
}

/// 5xx answers in a row after which a domain is left.
const SERVER_ERRORS_TO_LEAVE: u8 = 3;

/// The service's order of domains after a failure: the same once more, the alternate (skipped when the failure is
/// known not to be DNS), then the neighbouring region under either suffix.
///
/// Works by name: two failures of one domain at once (two calls were under way) move on once, not twice. Stays with
/// what works, and tries the primary again some time after leaving it.
#[apply(document)]
#[json(same, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainFailover {
    rungs: [String; 4],
    current: usize,
    /// Whether the current domain, should it fail, gets one more call.
    once_more: bool,
    server_errors: u8,
    /// The domain that worked before the primary was tried again.
    fallback: Option<usize>,
    /// When the primary is to be tried again.
    return_at: Option<Instant>,
    return_after: Duration,
}

const PRIMARY: usize = 0;
const ALTERNATE: usize = 1;
const NEIGHBOUR: usize = 2;

impl DomainFailover {
    /// The ladder of `area`, for a broadcast in `region` (by default the area's first), whose neighbour is used.
    /// The primary is tried again `return_after` after it was left.
    ///
    /// # Errors
    /// A region that is none of the area's, or a `return_after` of less than 1 s or more than 24 h.
    pub fn new(area: Area, region: Option<&str>, return_after: Duration) -> Result<Self, Invalid> {
        let (primary, alternate, regions) = area.table();
        let neighbour = match region {
            None => regions[1],
            Some(region) if region == regions[0] => regions[1],
            Some(region) if region == regions[1] => regions[0],
            Some(region) => {
                return Err(Invalid::new(
                    "region",
                    quoted(region),
                    format!("{} or {}", regions[0], regions[1]),
                ));
            }
        };
        DOMAIN_COOLDOWN.check(return_after)?;
        Ok(Self {
            rungs: [
                format!("api.{primary}"),
                format!("api.{alternate}"),
                format!("api-{neighbour}.{primary}"),
                format!("api-{neighbour}.{alternate}"),
            ],
            current: PRIMARY,
            once_more: true,
            server_errors: 0,
            fallback: None,
            return_at: None,
            return_after,
        })
    }

    /// The domain to call at `now`. May change after a failure, and once the time to return to the primary has come.
    #[must_use]
    pub fn domain(&mut self, now: Instant) -> &str {
        if self.return_at.is_some_and(|at| now >= at) {
            self.fallback = Some(self.current);
            self.move_to(PRIMARY, now);
            self.once_more = false;
        }
        self.name(self.current)
    }

    /// The domain asked last, whatever the time.
    #[must_use]
    pub fn current(&self) -> &str {
        self.name(self.current)
    }

    /// The place of [`DomainFailover::current`] in [`DomainFailover::rungs`].
    pub(crate) fn rung(&self) -> usize {
        self.current
    }

    /// The primary, the alternate, and the neighbouring region's two domains.
    #[must_use]
    pub fn rungs(&self) -> &[String] {
        &self.rungs
    }

    /// `domain` answered (with anything but a 5xx).
    pub fn succeeded(&mut self, domain: &str) {
        if domain == self.name(self.current) {
            self.once_more = true;
            self.server_errors = 0;
            self.fallback = None;
        }
    }

    /// A call to `domain` failed at `now`. Of any domain but the current one it changes nothing.
    pub fn failed(&mut self, domain: &str, failure: DomainFailure, now: Instant) {
        if domain != self.name(self.current) {
            return;
        }
        if failure == DomainFailure::ServerError {
            self.server_errors = self.server_errors.saturating_add(1);
            if self.server_errors < SERVER_ERRORS_TO_LEAVE {
                return;
            }
        } else if std::mem::take(&mut self.once_more) {
            return;
        }
        let next = match (self.fallback.take(), self.current, failure) {
            (Some(fallback), _, _) => fallback,
            (None, PRIMARY, DomainFailure::Dns | DomainFailure::Unknown) => ALTERNATE,
            (None, PRIMARY, DomainFailure::Unreachable | DomainFailure::ServerError) => NEIGHBOUR,
            (None, current, _) => (current + 1) % self.rungs.len(),
        };
        self.move_to(next, now);
    }

    fn move_to(&mut self, rung: usize, now: Instant) {
        self.current = rung;
        self.once_more = rung == PRIMARY;
        self.server_errors = 0;
        self.return_at = match (rung, self.return_at.filter(|at| now < *at)) {
            (PRIMARY, _) => None,
            (_, Some(at)) => Some(at),
            (_, None) => Some(now + self.return_after),
        };
    }

    fn name(&self, rung: usize) -> &str {
        self.rungs.get(rung).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::short::{ms, secs};

    const T0: Instant = Instant::from_millis(1_000_000);
    const RETURN_AFTER: Duration = secs(600);

    fn ladder() -> DomainFailover {
        DomainFailover::new(Area::NorthAmerica, None, RETURN_AFTER).unwrap()
    }

    fn walk(ladder: &mut DomainFailover, failure: DomainFailure, steps: usize) -> Vec<String> {
        (0..steps)
            .map(|_| {
                let domain = ladder.domain(T0).to_owned();
                ladder.failed(&domain, failure, T0);
                domain
            })
            .collect()
    }

    #[test]
    fn dns_failures_walk_the_whole_ladder() {
        for failure in [DomainFailure::Dns, DomainFailure::Unknown] {
            assert_eq!(
                walk(&mut ladder(), failure, 7),
                [
                    "api.agora.io",
                    "api.agora.io",
                    "api.sd-rtn.com",
                    "api-us-east-1.agora.io",
                    "api-us-east-1.sd-rtn.com",
                    "api.agora.io",
                    "api.agora.io",
                ]
            );
        }
    }

    #[test]
    fn an_unreachable_primary_skips_the_alternate() {
        assert_eq!(
            walk(&mut ladder(), DomainFailure::Unreachable, 4),
            ["api.agora.io", "api.agora.io", "api-us-east-1.agora.io", "api-us-east-1.sd-rtn.com"]
        );
    }

    #[test]
    fn every_area_has_its_order() {
        let rungs = |area, region| DomainFailover::new(area, region, RETURN_AFTER).unwrap().rungs().to_vec();
        assert_eq!(
            rungs(Area::China, None),
            ["api.sd-rtn.com", "api.agora.io", "api-cn-north-1.sd-rtn.com", "api-cn-north-1.agora.io"]
        );
        assert_eq!(rungs(Area::China, Some("cn-north-1"))[2], "api-cn-east-1.sd-rtn.com");
        assert_eq!(rungs(Area::NorthAmerica, Some("us-east-1"))[2], "api-us-west-1.agora.io");
        assert_eq!(rungs(Area::Europe, Some("eu-west-1"))[3], "api-eu-central-1.sd-rtn.com");
        assert_eq!(rungs(Area::AsiaPacific, Some("ap-northeast-1"))[2], "api-ap-southeast-1.agora.io");
        assert_eq!(
            DomainFailover::new(Area::Europe, Some("us-east-1"), RETURN_AFTER).unwrap_err(),
            Invalid::new("region", "\"us-east-1\"", "eu-west-1 or eu-central-1")
        );
        assert_eq!(DomainFailover::new(Area::Europe, None, ms(0)).unwrap_err().field, "domainCooldownMs");
    }

    #[test]
    fn two_failures_at_once_move_on_once() {
        let mut ladder = ladder();
        walk(&mut ladder, DomainFailure::Dns, 2);
        ladder.failed("api.agora.io", DomainFailure::Dns, T0);
        ladder.failed("api.agora.io", DomainFailure::Dns, T0);
        assert_eq!(ladder.domain(T0), "api.sd-rtn.com");
    }

    #[test]
    fn stays_with_what_works_then_tries_the_primary_once() {
        let mut ladder = ladder();
        walk(&mut ladder, DomainFailure::Unreachable, 2);
        ladder.succeeded("api-us-east-1.agora.io");
        assert_eq!(ladder.domain(T0 + secs(599)), "api-us-east-1.agora.io");

        let later = T0 + RETURN_AFTER;
        assert_eq!(ladder.domain(later), "api.agora.io");
        ladder.failed("api.agora.io", DomainFailure::Unreachable, later);
        assert_eq!(ladder.domain(later), "api-us-east-1.agora.io", "back to what worked, at once");

        let much_later = later + RETURN_AFTER;
        assert_eq!(ladder.domain(much_later), "api.agora.io");
        ladder.succeeded("api.agora.io");
        ladder.failed("api.agora.io", DomainFailure::Dns, much_later);
        assert_eq!(ladder.domain(much_later), "api.agora.io", "it works again, so it has one more call");
    }

    #[test]
    fn the_time_to_return_is_that_of_leaving_the_primary() {
        let mut ladder = ladder();
        walk(&mut ladder, DomainFailure::Unreachable, 2);
        let later = T0 + secs(100);
        ladder.failed("api-us-east-1.agora.io", DomainFailure::Dns, later);
        assert_eq!(ladder.domain(later), "api-us-east-1.sd-rtn.com");
        assert_eq!(ladder.domain(T0 + RETURN_AFTER), "api.agora.io");
        assert_eq!(ladder.current(), "api.agora.io");
    }

    #[test]
    fn what_fails_when_it_was_time_to_return_is_left_for_as_long_again() {
        let mut ladder = ladder();
        walk(&mut ladder, DomainFailure::Unreachable, 2);
        let later = T0 + RETURN_AFTER;
        ladder.failed("api-us-east-1.agora.io", DomainFailure::Dns, later);
        assert_eq!(ladder.domain(later), "api-us-east-1.sd-rtn.com");
        assert_eq!(ladder.current(), "api-us-east-1.sd-rtn.com");
        assert_eq!(ladder.domain(later + RETURN_AFTER), "api.agora.io");
    }

    #[test]
    fn three_server_errors_in_a_row_leave_a_domain() {
        let mut ladder = ladder();
        walk(&mut ladder, DomainFailure::ServerError, 2);
        ladder.succeeded("api.agora.io");
        assert_eq!(
            walk(&mut ladder, DomainFailure::ServerError, 4),
            ["api.agora.io", "api.agora.io", "api.agora.io", "api-us-east-1.agora.io"]
        );
    }

    proptest! {
        #[test]
        fn always_one_of_its_domains_and_back_at_the_primary_in_time(
            moves in prop::collection::vec((0u8..5, 0usize..4, 0u64..200_000), 0..80),
        ) {
            let mut ladder = ladder();
            let mut now = T0;
            for (kind, rung, step) in moves {
                now += ms(step);
                let domain = ladder.rungs[rung].clone();
                match kind {
                    0 => ladder.succeeded(&domain),
                    1 => ladder.failed(&domain, DomainFailure::Dns, now),
                    2 => ladder.failed(&domain, DomainFailure::Unreachable, now),
                    3 => ladder.failed(&domain, DomainFailure::Unknown, now),
                    _ => ladder.failed(&domain, DomainFailure::ServerError, now),
                }
                let asked = ladder.domain(now).to_owned();
                prop_assert!(ladder.rungs.contains(&asked));
                let copy: DomainFailover = serde_json::from_str(&serde_json::to_string(&ladder).unwrap()).unwrap();
                prop_assert_eq!(&copy, &ladder);
                let mut later = copy;
                prop_assert_eq!(later.domain(now + RETURN_AFTER), "api.agora.io");
            }
        }
    }
}
