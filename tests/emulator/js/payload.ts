/** The sample broadcast under the names of the tests. */
export { SAMPLE_LANES as SHOW_LANES, sampleServices as showServices } from "steadymix/emulator/scenarios";
