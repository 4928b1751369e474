//! Runs large simulations, and prints how much was simulated, searched and compared. See `--help`.

#![allow(clippy::disallowed_methods, reason = "it measures real time")]
#![allow(clippy::indexing_slicing, clippy::wildcard_enum_match_arm, reason = "as in the simulation itself")]

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use lexopt::prelude::*;
use serde_json::{Value, json};
use steadymix_simulation::fleet::{self, Searched};
use steadymix_simulation::search::{self, Bounds, Found};
use steadymix_simulation::{
    Plan, Viewer, broadcast, diagram, figures, golden, places, releases, shrink, sweep,
};

/// The simulation spends most of its time on allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
Simulates Steadymix's core under faults and checks its invariants.

Parts; by default all of them run, and the golden traces are compared:
  --schedules N    schedules of faults                               [200000]
  --restored N     schedules, restored from a snapshot at every step [10000]
  --soak N         broadcasts of several days                        [100]
  --viewers N      viewers of such schedules, frame by frame         [3000]
  --depth N        all small worlds with up to N moves               [20]

Settings:
  --seed S         the first seed                                    [1]
  --minutes M      simulated minutes of faults in a schedule         [10]
  --days D         simulated days of a broadcast                     [7]
  --mishaps N      how many moves of a small world may be faults     [3]
  --json FILE      writes the figures to FILE

These only write a file:
  --golden FILE    the digests of the golden traces
  --sweep FILE     the table of the effects of the settings
  --snapshots FILE the snapshots that later releases must restore

A seed that violates an invariant is shrunk, and its trace is printed. To repeat it: --soak 1 --seed 1004645.
A long run can be split: with --json, a part that starts at the seed where the file's last piece ended is added to it.
";

struct Sizes {
    is_whole: bool,
    schedules: u64,
    restored: u64,
    soak: u64,
    viewers: u64,
    depth: u64,
    seed: u64,
    minutes: u64,
    days: u64,
    mishaps: u64,
    json: Option<String>,
    golden: Option<String>,
    sweep: Option<String>,
    snapshots: Option<String>,
}

impl Sizes {
    fn from_args() -> Result<Option<Self>, lexopt::Error> {
        const NONE: Sizes = Sizes {
            is_whole: false,
            schedules: 0,
            restored: 0,
            soak: 0,
            viewers: 0,
            depth: 0,
            seed: 1,
            minutes: 10,
            days: 7,
            mishaps: 3,
            json: None,
            golden: None,
            sweep: None,
            snapshots: None,
        };
        let mut sizes = NONE;
        let mut args = lexopt::Parser::from_env();
        while let Some(arg) = args.next()? {
            let file = match arg {
                Long("json") => Some(&mut sizes.json),
                Long("golden") => Some(&mut sizes.golden),
                Long("sweep") => Some(&mut sizes.sweep),
                Long("snapshots") => Some(&mut sizes.snapshots),
                _ => None,
            };
            if let Some(file) = file {
                *file = Some(args.value()?.string()?);
                continue;
            }
            let number = match arg {
                Long("schedules") => &mut sizes.schedules,
                Long("restored") => &mut sizes.restored,
                Long("soak") => &mut sizes.soak,
                Long("viewers") => &mut sizes.viewers,
                Long("depth") => &mut sizes.depth,
                Long("seed") => &mut sizes.seed,
                Long("minutes") => &mut sizes.minutes,
                Long("days") => &mut sizes.days,
                Long("mishaps") => &mut sizes.mishaps,
                Long("help") => return Ok(None),
                _ => return Err(arg.unexpected()),
            };
            *number = args.value()?.parse()?;
        }
        let parts = [sizes.schedules, sizes.restored, sizes.soak, sizes.viewers, sizes.depth];
        if parts == [0; 5] {
            sizes = Self {
                is_whole: true,
                schedules: 200_000,
                restored: 10_000,
                soak: 100,
                viewers: 3_000,
                depth: 20,
                ..sizes
            };
        }
        Ok(Some(sizes))
    }

    fn seeds(&self, of: u64) -> Range<u64> {
        self.seed..self.seed + of
    }
}

/// Runs a part and prints its totals.
fn part(name: &str, run: impl FnOnce() -> Searched) -> (Searched, Value) {
    let began = Instant::now();
    let searched = run();
    let seconds = began.elapsed().as_secs_f64();
    let years = searched.took_ms as f64 / (365.25 * 24.0 * 3_600_000.0);
    let figures = json!({ "seconds": seconds, "simulatedYears": years, "polls": searched.polls });
    println!("{name}: {seconds:.1} s, {years:.2} simulated years, {} polls of the core", searched.polls);
    (searched, figures)
}

fn print_places(searched: &Searched, required: &[&str]) -> Result<(), String> {
    for (place, times) in &searched.places {
        println!("{times:>12}  {place}");
    }
    match places::missed(&searched.places, required) {
        missed if missed.is_empty() => Ok(()),
        missed => Err(format!("situations that did not occur: {missed:?}")),
    }
}

/// Shrinks a schedule that violates an invariant, and prints its trace.
fn explained(name: &str, failed: Option<(u64, String)>, plan: impl Fn(u64) -> Plan) -> Result<(), String> {
    let Some((seed, violation)) = failed else { return Ok(()) };
    let (plan, run) = shrink(plan(seed));
    let trace = run.trace.join("\n");
    let violation = format!("{violation}\nafter shrinking: {}", run.violation.unwrap_or_default());
    Err(format!("{name}, seed {seed}: {violation}\n\n{plan:#?}\n\n{trace}"))
}

fn prove(sizes: &Sizes) -> Result<Value, String> {
    let mut figures = json!({});
    if sizes.is_whole {
        golden::compare().map_err(|difference| format!("golden traces: {difference}"))?;
        println!("{} golden traces: unchanged", golden::SEEDS.count());
        figures["goldenTraces"] = golden::SEEDS.count().into();
    }
    if sizes.depth > 0 {
        figures["search"] = searched(sizes.depth, sizes.mishaps)?;
    }
    if sizes.schedules > 0 {
        let name = format!("{} schedules of at least {} minutes", sizes.schedules, sizes.minutes);
        let schedule = |seed| Plan::schedule(seed, sizes.minutes);
        let (searched, totals) =
            part(&name, || fleet::schedules(sizes.seeds(sizes.schedules), sizes.minutes));
        explained("schedules", searched.failed.clone(), schedule)?;
        print_places(&searched, if sizes.schedules >= 1_000 { &places::OF_SCHEDULES } else { &[] })?;
        let is_large = sizes.schedules >= 200_000;
        if is_large {
            diagram::take_rare_transitions()?;
        }
        let transitions = diagram::compare_launches(is_large)?;
        println!("{transitions} transitions of launches: all drawn in the diagram");
        figures["schedules"] = json!({
            "seed": sizes.seed, "number": sizes.schedules, "minutes": sizes.minutes,
            "figures": totals, "places": searched.places,
        });
    }
    if sizes.restored > 0 {
        let name = format!("{} schedules, restored at every step", sizes.restored);
        let (searched, totals) = part(&name, || fleet::restored(sizes.seeds(sizes.restored), sizes.minutes));
        explained("restored", searched.failed, |seed| Plan::schedule(seed, sizes.minutes))?;
        figures["restored"] = json!({
            "seed": sizes.seed, "number": sizes.restored, "minutes": sizes.minutes, "figures": totals,
        });
    }
    if sizes.soak > 0 {
        let name = format!("{} broadcasts of {} days", sizes.soak, sizes.days);
        let (searched, totals) = part(&name, || fleet::soak(sizes.seeds(sizes.soak), sizes.days));
        explained("soak", searched.failed, |seed| Plan::soak(seed, sizes.days))?;
        figures["soak"] =
            json!({ "seed": sizes.seed, "number": sizes.soak, "days": sizes.days, "figures": totals });
    }
    if sizes.viewers > 0 {
        let (searched, totals) =
            part(&format!("{} viewers", sizes.viewers), || fleet::viewers(sizes.seeds(sizes.viewers)));
        if let Some((seed, violation)) = searched.failed {
            let air = broadcast(seed / 2)?;
            let watched = Viewer::new(&air, seed, true).run();
            return Err(format!("viewer {seed}: {violation}\n\n{air:#?}\n{}", watched.trace.join("\n")));
        }
        print_places(&searched, if sizes.viewers >= 1_000 { &places::OF_VIEWERS } else { &[] })?;
        let frozen = [66, 33].map(|interval| frozen(&searched.outages, interval));
        figures["viewers"] =
            json!({ "seed": sizes.seed, "number": sizes.viewers, "figures": totals, "frozen": frozen });
    }
    Ok(figures)
}

/// Explores all small worlds to this depth.
fn searched(depth: u64, mishaps: u64) -> Result<Value, String> {
    let most = |number: u64| number.try_into().unwrap_or(u8::MAX);
    let began = Instant::now();
    let bounds = Bounds { depth: most(depth), mishaps: most(mishaps), intruder: false };
    let Found { states, moves, settled, failed } = search::search(bounds);
    if let Some(failed) = failed {
        return Err(format!("search: {failed}"));
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "small worlds of {depth} moves, up to {mishaps} of them faults: {seconds:.1} s, {states} states, {moves} moves, \
         recovery checked from {settled}"
    );
    Ok(json!({
        "depth": depth, "mishaps": mishaps, "seconds": seconds,
        "states": states, "moves": moves, "settled": settled,
    }))
}

/// How long pictures with this frame interval were frozen after abrupt deaths.
fn frozen(outages: &[(u64, u64)], interval: u64) -> Value {
    let mut outages: Vec<u64> = outages.iter().filter(|(of, _)| *of == interval).map(|(_, ms)| *ms).collect();
    outages.sort_unstable();
    let at =
        |percent: usize| outages.get((outages.len() * percent / 100).min(outages.len().saturating_sub(1)));
    let (median, p95, frames) = (at(50), at(95), 1000 / interval);
    if let (Some(median), Some(p95)) = (median, p95) {
        let deaths = outages.len();
        println!("{deaths} abrupt deaths at {frames} frames a second: frozen for {median} ms, p95 {p95} ms");
    }
    json!({ "framesPerSecond": frames, "deaths": outages.len(), "medianMs": median, "p95Ms": p95 })
}

fn main() -> ExitCode {
    let sizes = match Sizes::from_args() {
        Ok(Some(sizes)) => sizes,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("prove: {error}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    run(&sizes).unwrap_or_else(|violation| {
        eprintln!("{violation}");
        ExitCode::FAILURE
    })
}

fn run(sizes: &Sizes) -> Result<ExitCode, String> {
    if let Some(file) = &sizes.golden {
        return Ok(written(file, &golden::lines(golden::SEEDS)));
    }
    if let Some(file) = &sizes.sweep {
        return Ok(written(file, &sweep::tables()?));
    }
    if let Some(file) = &sizes.snapshots {
        return Ok(written(file, &releases::lines()?));
    }
    let figures = prove(sizes)?;
    Ok(match &sizes.json {
        Some(file) => written(file, &format!("{:#}\n", added_to(file, figures))),
        None => ExitCode::SUCCESS,
    })
}

/// Merges these figures into those of the file.
fn added_to(file: &str, figures: Value) -> Value {
    let before = std::fs::read_to_string(file).unwrap_or_default();
    let before = serde_json::from_str(&before).unwrap_or_default();
    let Value::Object(figures) = figures else { return figures };
    let all = figures::added(before, figures);
    for (name, part) in &all {
        if part["pieces"].as_u64().is_some_and(|pieces| pieces > 1) {
            let years = part["figures"]["simulatedYears"].as_f64().unwrap_or_default();
            println!("{name}, all pieces: {}, {years:.1} simulated years", part["number"]);
        }
    }
    all.into()
}

fn written(file: &str, text: &str) -> ExitCode {
    match std::fs::write(file, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("prove: {file}: {error}");
            ExitCode::FAILURE
        }
    }
}
