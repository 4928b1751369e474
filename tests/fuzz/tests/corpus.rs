//! Runs every target on its committed corpus and on random bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use steadymix_fuzz::{TARGETS, Target};

/// Random inputs for each target.
const RANDOM_INPUTS: u64 = 20_000;
const MAX_RANDOM_BYTES: u64 = 200;

/// The committed inputs of a target, each with its name or line number.
fn corpus_of(target: &str) -> Vec<(String, Vec<u8>)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target).with_extension("txt");
    let text = fs::read_to_string(file).unwrap_or_default();
    let input = |(at, line): (usize, &str)| {
        let (name, bytes) = line.split_once(' ').unwrap_or(("", line));
        let name = if name.is_empty() { format!("line {}", at + 1) } else { name.to_owned() };
        (name, hex::decode(bytes).unwrap())
    };
    text.lines().enumerate().map(input).collect()
}

fn run_target(target: Target, data: &[u8], name: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(data))) {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        panic!("{name}: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default());
    }
}

#[test]
fn no_input_of_the_corpora_violates_an_invariant() {
    for (name, target) in TARGETS {
        let inputs = corpus_of(name);
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for (input, bytes) in inputs {
            run_target(target, &bytes, &format!("{name}, {input}"));
        }
    }
}

#[test]
fn every_corpus_belongs_to_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let target = name.strip_suffix(".txt");
        assert!(TARGETS.iter().any(|(of, _)| Some(*of) == target), "{name} belongs to no target");
    }
}

#[test]
fn no_random_bytes_violate_an_invariant() {
    for (name, target) in TARGETS {
        for seed in 1..=RANDOM_INPUTS {
            run_target(target, &bytes(seed), &format!("{name}, seed {seed}"));
        }
    }
}

/// Random bytes from a seed (xorshift64*).
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32
    };
    (0..next() % MAX_RANDOM_BYTES).map(|_| next().to_le_bytes()[0]).collect()
}
