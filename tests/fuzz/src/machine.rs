//! The common interface of [`Supervisor`] and [`RedundancyGroup`].

use steadymix::redundancy::RedundancyGroup;
use steadymix::supervisor::{Input, Output, PermitRequest, RequestId, SnapshotError, Supervisor};
use steadymix::time::WallTime;

pub(crate) trait Machine: Clone + PartialEq {
    fn poll(&mut self, now: WallTime) -> Output;
    fn handle(&mut self, now: WallTime, input: Input);
    fn keep_secret(&mut self, secrets: [String; 3]);
    fn awaits(&self, id: RequestId) -> bool;
    fn awaits_permit(&self, request: PermitRequest) -> bool;
    fn snapshot(&self) -> String;
    fn restore(text: &str) -> Result<Self, SnapshotError>;
    /// The status, as JSON and as debug text.
    fn shown(&self) -> [String; 2];
}

macro_rules! machine {
    ($machine:ty) => {
        impl Machine for $machine {
            fn poll(&mut self, now: WallTime) -> Output {
                Self::poll(self, now)
            }
            fn handle(&mut self, now: WallTime, input: Input) {
                Self::handle(self, now, input);
            }
            fn keep_secret(&mut self, secrets: [String; 3]) {
                Self::keep_secret(self, secrets);
            }
            fn awaits(&self, id: RequestId) -> bool {
                Self::awaits(self, id)
            }
            fn awaits_permit(&self, request: PermitRequest) -> bool {
                Self::awaits_permit(self, request)
            }
            fn snapshot(&self) -> String {
                Self::snapshot(self)
            }
            fn restore(text: &str) -> Result<Self, SnapshotError> {
                Self::restore(text)
            }
            fn shown(&self) -> [String; 2] {
                let status = self.status();
                [serde_json::to_string(&status).unwrap(), format!("{status:?}")]
            }
        }
    };
}

machine!(Supervisor);
machine!(RedundancyGroup);
