/** A copy of this clone and its build, for tests that start, edit and break it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/lib.mjs";

const BUILT = ["build", "development"];

export class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), "steadymix-clone-"));
  /** An environment variable that all processes of this clone inherit. */
  readonly #mark = `STEADYMIX_CLONE=${this.folder}`;

  constructor() {
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: root, encoding: "utf8" });
    for (const file of files.split("\0").filter((file) => file && existsSync(join(root, file)))) {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      cpSync(join(root, file), join(this.folder, file));
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    mkdirSync(join(this.folder, "target"));
    // Keeps modification times: the build uses them to detect changes.
    for (const name of BUILT) execFileSync("cp", ["-a", join(root, "target", name), join(this.folder, "target", name)]);
    const build = join(this.folder, "target", "build");
    for (const name of readdirSync(build).filter((name) => /lock$/.test(name))) rmSync(join(build, name));
  }

  /** Starts an npm script there. */
  npm(...args: string[]): Running {
    return new Running(this.folder, this.#mark, args);
  }

  /** The command lines of all processes that still run there. */
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
          // It has ended, or belongs to another user.
          return [];
        }
      });
  }

  /** Kills all remaining processes and removes the clone. */
  remove(): void {
    for (const line of this.processes()) {
      try {
        process.kill(Number.parseInt(line, 10), "SIGKILL");
      } catch {
        // It has already ended.
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Running {
  readonly #child;
  readonly exit: Promise<[number | null, NodeJS.Signals | null]>;
  /** Its output so far. */
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

  /** Sends a signal to npm only. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends SIGINT to npm and its script, like Ctrl-C in a terminal. */
  interrupt(): void {
    process.kill(-(this.#child.pid ?? 0), "SIGINT");
  }

  /** Resolves with the match once its output matches. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match) return match;
      const ended = await Promise.race([this.exit, new Promise((resolve) => setTimeout(resolve, 50))]);
      if (ended && !pattern.test(this.text)) throw new Error(`it ended without printing ${pattern}:\n${this.text}`);
    }
  }
}

/** Polls until `is` returns true. The test's time limit applies. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 50));
}
