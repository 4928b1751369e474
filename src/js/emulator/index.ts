/** The service's stand-in, for tests: tasks, faults, notifications and the rate limit, without a network. */
export * from "./emulator.js";
export * from "./scenarios.js";
