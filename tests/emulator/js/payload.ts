/** The sample broadcast, as the tests call it. */
export { SAMPLE_LANES as SHOW_LANES, sampleServices as showServices } from "steadymix/emulator/scenarios";
