import "./engine.mjs";
import { FailoverViewer } from "steadymix/viewer";
import { switchedWithout } from "../src/calls.mjs";

switchedWithout(FailoverViewer).then(console.log, (error) => console.log(String(error)));
