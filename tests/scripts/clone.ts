/** A copy of this clone to start, edit and break, with what was built here already. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/lib.mjs";

const BUILT = ["build", "development"];

export class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), "steadymix-clone-"));
  /** In the environment of all processes of this clone, as it is inherited. */
  readonly #mark = `STEADYMIX_CLONE=${this.folder}`;

  constructor() {
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
    for (const file of files.split("\0").filter((file) => file && existsSync(join(root, file)))) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      cpSync(join(root, file), join(this.folder, file));
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    mkdirSync(join(this.folder, "target"));
    // With their times, by which the build detects changes.
    for (const name of BUILT) execFileSync("cp", ["-a", join(root, "target", name), join(this.folder, "target", name)]);
    rmSync(join(this.folder, "target", "build", "lock"), { force: true });
  }

  /** Starts an npm script there. */
  npm(...args: string[]): Running {
    return new Running(this.folder, this.#mark, args);
  }

  /** The command lines of all processes that were started there and still run. */
  processes(): string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(this.#mark);
          const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
          // A zombie has no command line.
          return isOurs && command ? [`${pid} ${command}`] : [];
        } catch {
          // It has ended meanwhile, or is another user's.
          return [];
        }
      });
  }

  /** Ends what is left, and removes everything. */
  remove(): void {
    for (const line of this.processes()) {
      try {
        process.kill(Number.parseInt(line, 10), "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Running {
  readonly #child;
  readonly exit: Promise<[number | null, NodeJS.Signals | null]>;
  /** What it has printed so far. */
  text = "";

  constructor(folder: string, mark: string, args: string[]) {
    const [name = "", value] = mark.split("=");
    this.#child = spawn("npm", args, {
      cwd: folder,
      env: { ...process.env, [name]: value, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding("utf8").on("data", (chunk) => {
        this.text += chunk;
      });
    this.exit = once(this.#child, "exit") as typeof this.exit;
  }

  /** To npm alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ctrl-C in a terminal: to npm and its script. */
  interrupt(): void {
    process.kill(-(this.#child.pid ?? 0), "SIGINT");
  }

  /** Resolves with the match once it has printed this. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match) return match;
      const ended = await Promise.race([this.exit, new Promise((resolve) => setTimeout(resolve, 50))]);
      if (ended && !pattern.test(this.text)) throw new Error(`it ended without ${pattern}:\n${this.text}`);
    }
  }
}

/** Polls until it is so; the test's own time limit ends it otherwise. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 50));
}
