use serde_json::{Value, json};

use super::*;
use crate::time::short::{ms, secs};

fn limits(pcw: u32) -> QuotaLimits {
    QuotaLimits { pcw, ..QuotaLimits::documented(Area::China, OutputSize::Hd) }
}

fn estimate_of(tasks: u32, seconds: u64, limits: &QuotaLimits) -> Result<QuotaEstimate, Invalid> {
    estimate(TasksBySize::of(OutputSize::Hd, tasks), secs(seconds), limits, [limits.pcw; 3])
}

#[test]
fn the_estimate_explains_what_does_not_fit() {
    let limits = limits(1_000);
    let fits = estimate_of(200, 120, &limits).unwrap();
    assert!(
        fits.fits && fits.verdict.starts_with("Fits: querying 200 tasks every 120 s takes 1.7 of 8"),
        "{}",
        fits.verdict
    );
    assert_eq!(fits.max_tasks, 640);
    assert_eq!((fits.queries_per_second, fits.launch_all_seconds), (200.0 / 120.0, 75.0));
    let slow = QuotaLimits { pcw: 10, ..limits };
    let all = estimate_of(10, 120, &slow).unwrap();
    assert_eq!((all.max_tasks, all.fits, all.launch_all_seconds), (10, true, 10.0));
    let caveat = "takes 10 s. If the service counts every call against 10 % of the PCW, only 1 per second are allowed: lower \
                  callsPerSecond if it answers 429.";
    assert!(all.verdict.starts_with("Fits") && all.verdict.ends_with(caveat), "{}", all.verdict);
    let exact = QuotaLimits { pcw: 80, ..limits };
    assert!(!estimate_of(10, 120, &exact).unwrap().verdict.contains("10 %"));
    assert!(estimate_of(640, 120, &limits).unwrap().verdict.starts_with("Fits"));
    assert!(estimate_of(1, 1, &limits).unwrap().fits);
    let too_often = estimate_of(200, 10, &limits).unwrap();
    assert!(!too_often.fits && too_often.verdict.contains("Query them every 38 s"), "{}", too_often.verdict);
    let too_many = estimate_of(1_001, 600, &limits).unwrap();
    assert!(!too_many.fits && too_many.verdict.contains("PCW is 1000"), "{}", too_many.verdict);
    assert_eq!(estimate_of(0, 120, &limits).unwrap_err().field, "tasks");
    assert_eq!(estimate_of(1, 0, &limits).unwrap_err().field, "pollIntervalMs");
    let in_seconds = estimate(TasksBySize::of(OutputSize::Sd, 1), ms(120), &limits, [20; 3]);
    assert!(in_seconds.unwrap_err().allowed.contains("did you mean 120000 ms"));
}

#[test]
fn each_size_has_its_own_pcw_and_the_total_the_largest() {
    let of = |json: Value| {
        let tasks: TasksBySize = document::read("tasks", &json.to_string()).unwrap();
        let limits = QuotaLimits::documented(Area::China, OutputSize::Hd);
        let pcw = OutputSize::ALL.map(|size| documented_pcw(Area::China, size));
        estimate(tasks, secs(120), &limits, pcw).unwrap()
    };
    for (tasks, fits, max_tasks) in [
        (json!(10), true, 10),
        (json!(11), false, 10),
        (json!({ "SD": 20 }), true, 20),
        (json!({ "SD": 21 }), false, 20),
        (json!({ "SD": 10, "HD": 10 }), true, 20),
        (json!({ "SD": 11, "HD": 10 }), false, 20),
        (json!({ "SD": 9, "HD": 11 }), false, 20),
        (json!({ "HD": 10, "FHD": 5 }), true, 20),
        (json!({ "HD": 10, "FHD": 6 }), false, 20),
    ] {
        let estimate = of(tasks.clone());
        assert_eq!((estimate.fits, estimate.max_tasks), (fits, max_tasks), "{tasks}: {}", estimate.verdict);
        assert_eq!(estimate.verdict.starts_with("Fits"), fits, "{}", estimate.verdict);
    }
    assert!(
        of(json!({ "SD": 9, "HD": 11 }))
            .verdict
            .contains("11 tasks at once of HD outputs, but their PCW is 10")
    );
    assert!(
        of(json!({ "SD": 11, "HD": 10 }))
            .verdict
            .contains("21 tasks at once, but all sizes together may have 20")
    );
    let refused = |json: Value| document::read::<TasksBySize>("tasks", &json.to_string()).unwrap_err().field;
    assert_eq!(refused(json!({ "4K": 1 })), "tasks.4K");
    assert_eq!(refused(json!({ "SD": -1 })), "tasks.SD");
    assert_eq!(refused(json!("ten")), "tasks");
}
