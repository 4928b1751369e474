const { Supervisor } = require("steadymix");
const { Emulator } = require("steadymix/emulator");
const { FailoverViewer } = require("steadymix/viewer");
const { calls } = require("./calls.mjs");

calls({ Supervisor, Emulator, FailoverViewer }).then(console.log);
