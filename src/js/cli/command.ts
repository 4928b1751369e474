/** What a module of `commands/` exports. */
export interface Command {
  /** One line of `steadymix --help`. */
  summary: string;
  /** What `steadymix COMMAND --help` prints. */
  help: string;
  /**
   * Carries out the command, and resolves with the exit code: 0, or 1 if its result is bad. An error becomes exit code 2. It ends
   * everything that it started, also after `io.stop`.
   */
  run(args: string[], io: Io): Promise<number>;
}

/** The terminal or service manager that started the command. */
export interface Io {
  env: NodeJS.ProcessEnv;
  /** Writes a line to the standard output. */
  print(line: string): void;
  /** Writes a line to the standard error. */
  warn(line: string): void;
  /**
   * Aborted by Ctrl-C, SIGTERM and SIGHUP; a second one ends the process at once. A command that rejects with its `reason` exits
   * with 128 and the signal's number, as a shell expects of a command that was interrupted.
   */
  stop: AbortSignal;
}
