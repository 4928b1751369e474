//! Steadymix keeps an Agora Cloud Transcoding broadcast on air.
//!
//! This is the core. Sans-I/O: no network, no clock, no randomness. A [`supervisor::Supervisor`] keeps one output on
//! air, a [`redundancy::RedundancyGroup`] a primary and its backups. Your loop carries out their decisions
//! (`World` is your clock and your HTTP client):
//!
//! ```
//! use steadymix::supervisor::{Answer, Input, Outcome, Output, Request, Supervisor};
//! # use steadymix::supervisor::SupervisorConfig;
//! use steadymix::time::{Duration, WallTime};
//! # struct World(steadymix_emulator::Emulator, u64);
//! # impl World {
//! #     fn now(&self) -> WallTime { WallTime::from_millis(self.1) }
//! #     fn sleep_until(&mut self, until: WallTime) { self.1 = until.as_millis() }
//! #     fn persist(&self, snapshot: &str) { assert!(!snapshot.is_empty()) }
//! #     fn send(&mut self, request: Request) -> Answer {
//! #         let Request { domain, path, .. } = request;
//! #         let call = steadymix_emulator::Call {
//! #             domain, method: request.method.to_owned(), path,
//! #             authorization: Some("Basic Yzpz".to_owned()), body: request.body.unwrap_or_default(),
//! #         };
//! #         let steadymix_emulator::Reply::Answer { status, body, .. } = self.0.handle(self.1, &call) else { panic!() };
//! #         Answer::Http { status, retry_after: None, date: None, request_id: None, resource_id: None, body }
//! #     }
//! # }
//!
//! fn run(mut supervisor: Supervisor, world: &mut World) -> Outcome {
//!     loop {
//! #       if world.1 > 600_000 { supervisor.handle(world.now(), Input::Stop); } // the end of the show
//!         let input = match supervisor.poll(world.now()) {
//!             Output::Send(request) => {
//!                 if request.persist_first { world.persist(&supervisor.snapshot()) }
//!                 Input::Answer(request.id, world.send(request))
//!             }
//!             Output::NeedToken(request) => Input::Token(request.id, Ok(None)), // the payload has a token
//!             Output::NeedPermit(request) => Input::Permit(request, Duration::ZERO), // no other process shares the rate limit
//!             Output::Emit(event) => { println!("{event:?}"); continue }
//!             Output::Wait { until, .. } => { world.sleep_until(until); continue }
//!             Output::Done(outcome) => return outcome,
//!         };
//!         supervisor.handle(world.now(), input);
//!     }
//! }
//! # let config = SupervisorConfig::from_json(r#"{
//! #     "appId": "app", "instanceId": "show", "uids": [9001, 9002],
//! #     "services": { "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
//! #         "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
//! #         "outputs": [{ "rtc": { "rtcChannel": "show" } }]
//! #     } } } }
//! # }"#).unwrap();
//! # let mut world = World(steadymix_emulator::Emulator::new(Default::default()), 0);
//! # assert_eq!(run(Supervisor::new(config, world.now()), &mut world), Outcome::Stopped);
//! # assert!(world.0.state().tasks.iter().all(|task| !task.live) && world.1 < 700_000);
//! ```
//!
//! A real driver sends without blocking, because notifications, `Stop` and late answers arrive at any time: the
//! [module](supervisor) documents its duties. The driver of the npm package `steadymix` is compiled for WebAssembly
//! only. All other public modules can be used alone.

#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod document;
#[cfg(feature = "server")]
pub mod domain;
#[cfg(feature = "server")]
mod durations;
pub mod error;
pub mod failover;
#[cfg(feature = "server")]
mod group;
#[cfg(feature = "server")]
pub mod instance_id;
#[cfg(feature = "server")]
mod json;
#[cfg(feature = "server")]
mod lenient;
#[cfg(feature = "server")]
pub mod notification;
#[cfg(feature = "server")]
mod on_air;
#[cfg(feature = "server")]
pub mod policy;
#[cfg(feature = "server")]
pub mod quota;
#[cfg(feature = "server")]
mod redact;
#[cfg(feature = "server")]
pub mod redundancy;
#[cfg(feature = "server")]
pub mod retry_after;
#[cfg(feature = "server")]
pub mod status;
#[cfg(feature = "server")]
pub mod supervisor;
#[cfg(feature = "server")]
pub mod task;
#[cfg(feature = "server")]
mod text;
pub mod time;
pub mod uid;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
