//! The next domain to call.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::durations::server::DOMAIN_COOLDOWN;
use crate::error::{Invalid, quoted};
use crate::time::{Duration, Instant};

/// The area of the broadcast, which determines the nearest domains.
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
    /// The name was not resolved. The alternate name may be resolved.
    Dns,
    /// The name was resolved, but there was no answer: the alternate name leads to the same place and is skipped.
    Unreachable,
    /// No answer, and the runtime gives no reason (browsers and Workers never do).
    Unknown,
    /// The domain answered 5xx. Three in a row count as unreachable.
    ServerError,
}

/// A domain is left after this many consecutive 5xx.
const SERVER_ERRORS_TO_LEAVE: u8 = 3;

/// The service's order of domains after failures: the same domain once more, the alternate (skipped if the failure is
/// not DNS), then the neighbouring region under both suffixes.
///
/// A failure counts only against the current domain: two calls that fail at the same time cause one move. A domain
/// that works is kept, and the primary is tried again some time after it was left.
#[apply(document)]
#[json(same, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainFailover {
    domains: [String; 4],
    current: usize,
    /// Whether the current domain may fail once more.
    once_more: bool,
    server_errors: u8,
    /// The domain that worked before the primary was tried again.
    fallback: Option<usize>,
    /// When the primary is tried again.
    return_at: Option<Instant>,
    return_after: Duration,
}

const PRIMARY: usize = 0;
const ALTERNATE: usize = 1;
const NEIGHBOUR: usize = 2;

impl DomainFailover {
    /// The domains of `area` for a broadcast in `region` (by default the area's first), whose neighbour is included.
    /// The primary is tried again `return_after` after it was left.
    ///
    /// ```
    /// use steadymix::domain::{Area, DomainFailover, DomainFailure};
    /// use steadymix::time::{Duration, Instant};
    ///
    /// let now = Instant::from_millis(0);
    /// let mut domains = DomainFailover::new(Area::China, None, Duration::from_secs(60)).unwrap();
    /// let primary = domains.domain(now).to_owned();
    /// domains.failed(&primary, DomainFailure::Dns, now);
    /// assert_eq!(domains.domain(now), primary); // once more
    /// domains.failed(&primary, DomainFailure::Dns, now);
    /// assert_ne!(domains.domain(now), primary); // the alternate
    /// ```
    ///
    /// # Errors
    /// A region of another area, or a `return_after` below 1 s or above 24 h.
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
            domains: [
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

    /// The domain to call at `now`. It may change after a failure, and when the primary is tried again.
    #[must_use]
    pub fn domain(&mut self, now: Instant) -> &str {
        if self.return_at.is_some_and(|at| now >= at) {
            self.fallback = Some(self.current);
            self.move_to(PRIMARY, now);
            self.once_more = false;
        }
        self.name(self.current)
    }

    /// The domain of the last call, regardless of the time.
    #[must_use]
    pub fn current(&self) -> &str {
        self.name(self.current)
    }

    /// The index of [`DomainFailover::current`] in [`DomainFailover::domains`].
    pub(crate) fn current_index(&self) -> usize {
        self.current
    }

    /// The primary, the alternate, and the neighbouring region's two domains.
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// `domain` answered, but not with a 5xx.
    pub fn succeeded(&mut self, domain: &str) {
        if domain == self.name(self.current) {
            self.once_more = true;
            self.server_errors = 0;
            self.fallback = None;
        }
    }

    /// A call to `domain` failed at `now`. Only the current domain counts.
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
            (None, current, _) => (current + 1) % self.domains.len(),
        };
        self.move_to(next, now);
    }

    fn move_to(&mut self, index: usize, now: Instant) {
        self.current = index;
        self.once_more = index == PRIMARY;
        self.server_errors = 0;
        self.return_at = match (index, self.return_at.filter(|at| now < *at)) {
            (PRIMARY, _) => None,
            (_, Some(at)) => Some(at),
            (_, None) => Some(now + self.return_after),
        };
    }

    fn name(&self, index: usize) -> &str {
        self.domains.get(index).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::short::{ms, secs};

    const T0: Instant = Instant::from_millis(1_000_000);
    const RETURN_AFTER: Duration = secs(600);

    fn failover() -> DomainFailover {
        DomainFailover::new(Area::NorthAmerica, None, RETURN_AFTER).unwrap()
    }

    fn walk(failover: &mut DomainFailover, failure: DomainFailure, steps: usize) -> Vec<String> {
        (0..steps)
            .map(|_| {
                let domain = failover.domain(T0).to_owned();
                failover.failed(&domain, failure, T0);
                domain
            })
            .collect()
    }

    #[test]
    fn dns_failures_try_all_domains() {
        for failure in [DomainFailure::Dns, DomainFailure::Unknown] {
            assert_eq!(
                walk(&mut failover(), failure, 7),
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
            walk(&mut failover(), DomainFailure::Unreachable, 4),
            ["api.agora.io", "api.agora.io", "api-us-east-1.agora.io", "api-us-east-1.sd-rtn.com"]
        );
    }

    #[test]
    fn every_area_has_its_order() {
        let domains =
            |area, region| DomainFailover::new(area, region, RETURN_AFTER).unwrap().domains().to_vec();
        assert_eq!(
            domains(Area::China, None),
            ["api.sd-rtn.com", "api.agora.io", "api-cn-north-1.sd-rtn.com", "api-cn-north-1.agora.io"]
        );
        assert_eq!(domains(Area::China, Some("cn-north-1"))[2], "api-cn-east-1.sd-rtn.com");
        assert_eq!(domains(Area::NorthAmerica, Some("us-east-1"))[2], "api-us-west-1.agora.io");
        assert_eq!(domains(Area::Europe, Some("eu-west-1"))[3], "api-eu-central-1.sd-rtn.com");
        assert_eq!(domains(Area::AsiaPacific, Some("ap-northeast-1"))[2], "api-ap-southeast-1.agora.io");
        assert_eq!(
            DomainFailover::new(Area::Europe, Some("us-east-1"), RETURN_AFTER).unwrap_err(),
            Invalid::new("region", "\"us-east-1\"", "eu-west-1 or eu-central-1")
        );
        assert_eq!(DomainFailover::new(Area::Europe, None, ms(0)).unwrap_err().field, "domainCooldownMs");
    }

    #[test]
    fn two_simultaneous_failures_cause_one_switch() {
        let mut failover = failover();
        walk(&mut failover, DomainFailure::Dns, 2);
        failover.failed("api.agora.io", DomainFailure::Dns, T0);
        failover.failed("api.agora.io", DomainFailure::Dns, T0);
        assert_eq!(failover.domain(T0), "api.sd-rtn.com");
    }

    #[test]
    fn a_working_domain_is_kept_until_the_primary_is_tried_again_once() {
        let mut failover = failover();
        walk(&mut failover, DomainFailure::Unreachable, 2);
        failover.succeeded("api-us-east-1.agora.io");
        assert_eq!(failover.domain(T0 + secs(599)), "api-us-east-1.agora.io");

        let later = T0 + RETURN_AFTER;
        assert_eq!(failover.domain(later), "api.agora.io");
        failover.failed("api.agora.io", DomainFailure::Unreachable, later);
        assert_eq!(
            failover.domain(later),
            "api-us-east-1.agora.io",
            "back at once to the domain that worked"
        );

        let much_later = later + RETURN_AFTER;
        assert_eq!(failover.domain(much_later), "api.agora.io");
        failover.succeeded("api.agora.io");
        failover.failed("api.agora.io", DomainFailure::Dns, much_later);
        assert_eq!(failover.domain(much_later), "api.agora.io", "it works again, so it has one more call");
    }

    #[test]
    fn the_primary_is_tried_again_a_fixed_time_after_it_was_left() {
        let mut failover = failover();
        walk(&mut failover, DomainFailure::Unreachable, 2);
        let later = T0 + secs(100);
        failover.failed("api-us-east-1.agora.io", DomainFailure::Dns, later);
        assert_eq!(failover.domain(later), "api-us-east-1.sd-rtn.com");
        assert_eq!(failover.domain(T0 + RETURN_AFTER), "api.agora.io");
        assert_eq!(failover.current(), "api.agora.io");
    }

    #[test]
    fn a_failure_at_the_time_of_return_delays_the_return_again() {
        let mut failover = failover();
        walk(&mut failover, DomainFailure::Unreachable, 2);
        let later = T0 + RETURN_AFTER;
        failover.failed("api-us-east-1.agora.io", DomainFailure::Dns, later);
        assert_eq!(failover.domain(later), "api-us-east-1.sd-rtn.com");
        assert_eq!(failover.current(), "api-us-east-1.sd-rtn.com");
        assert_eq!(failover.domain(later + RETURN_AFTER), "api.agora.io");
    }

    #[test]
    fn three_server_errors_in_a_row_leave_a_domain() {
        let mut failover = failover();
        walk(&mut failover, DomainFailure::ServerError, 2);
        failover.succeeded("api.agora.io");
        assert_eq!(
            walk(&mut failover, DomainFailure::ServerError, 4),
            ["api.agora.io", "api.agora.io", "api.agora.io", "api-us-east-1.agora.io"]
        );
    }

    proptest! {
        #[test]
        fn the_domain_is_one_of_the_four_and_the_primary_is_tried_again_in_time(
            moves in prop::collection::vec((0u8..5, 0usize..4, 0u64..200_000), 0..80),
        ) {
            let mut failover = failover();
            let mut now = T0;
            for (kind, index, step) in moves {
                now += ms(step);
                let domain = failover.domains[index].clone();
                match kind {
                    0 => failover.succeeded(&domain),
                    1 => failover.failed(&domain, DomainFailure::Dns, now),
                    2 => failover.failed(&domain, DomainFailure::Unreachable, now),
                    3 => failover.failed(&domain, DomainFailure::Unknown, now),
                    _ => failover.failed(&domain, DomainFailure::ServerError, now),
                }
                let asked = failover.domain(now).to_owned();
                prop_assert!(failover.domains.contains(&asked));
                let copy: DomainFailover = serde_json::from_str(&serde_json::to_string(&failover).unwrap()).unwrap();
                prop_assert_eq!(&copy, &failover);
                let mut later = copy;
                prop_assert_eq!(later.domain(now + RETURN_AFTER), "api.agora.io");
            }
        }
    }
}
