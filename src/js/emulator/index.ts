/** An emulator of the service for tests: tasks, faults, notifications and the rate limit, without a network. */
export * from "./emulator.js";
export * from "./scenarios.js";
