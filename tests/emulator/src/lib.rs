//! The service's stand-in.
