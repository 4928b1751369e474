#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| steadymix_fuzz::notifications(data));
