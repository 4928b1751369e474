use serde_json::{Value, json};

use super::*;

#[test]
fn invalid_limits_are_named() {
    let refused =
        |json: Value| QuotaLimits::from_json(Area::China, OutputSize::Sd, &json.to_string()).unwrap_err();
    assert_eq!(refused(json!({ "burst": 1 })), Invalid::new("quota.burst", 1, "from 2 to 10000"));
    assert_eq!(refused(json!({ "pcw": 0 })).field, "quota.pcw");
    assert_eq!(refused(json!({ "pcw": "many" })).field, "quota.pcw");
    assert_eq!(refused(json!({ "qps": 3 })).field, "quota.qps");
}

#[test]
fn the_defaults_are_those_of_area_and_size() {
    let pcw = |area, size| {
        let limits = QuotaLimits::from_json(area, size, "{}").unwrap();
        assert_eq!(limits, QuotaLimits::documented(area, size));
        assert_eq!((limits.calls_per_second, limits.burst), (8, 2));
        limits.pcw
    };
    let of_area = |area| OutputSize::ALL.map(|size| pcw(area, size));
    assert_eq!(of_area(Area::NorthAmerica), [10, 5, 2]);
    assert_eq!(of_area(Area::Europe), [10, 5, 2]);
    assert_eq!(of_area(Area::AsiaPacific), [20, 10, 3]);
    assert_eq!(of_area(Area::China), [20, 10, 5]);
}

#[test]
fn a_small_pcw_gives_a_lower_rate_unless_that_is_given() {
    let rate = |json: Value| {
        QuotaLimits::from_json(Area::China, OutputSize::Hd, &json.to_string()).unwrap().calls_per_second
    };
    assert_eq!([1, 10, 19, 20, 79, 80, 1000].map(|pcw| rate(json!({ "pcw": pcw }))), [1, 1, 1, 2, 7, 8, 8]);
    assert_eq!(rate(json!({ "pcw": 10, "callsPerSecond": 8 })), 8);
    assert_eq!(rate(json!({ "burst": 3 })), 8);
}

#[test]
fn an_output_size_depends_on_its_pixels() {
    for (width, height, size) in [
        (640, 360, OutputSize::Sd),
        (360, 640, OutputSize::Sd),
        (640, 361, OutputSize::Hd),
        (1280, 720, OutputSize::Hd),
        (720, 1281, OutputSize::Fhd),
        (1920, 1080, OutputSize::Fhd),
        (i64::MAX, i64::MAX, OutputSize::Fhd),
    ] {
        assert_eq!(OutputSize::of(width, height), size, "{width}×{height}");
    }
}
