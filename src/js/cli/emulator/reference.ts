// Generated from the emulator's Rust types: STEADYMIX_GENERATE=1 cargo test -p steadymix-emulator typescript
/** Commands, fault rules, effects, profile and state. */
export const REFERENCE = `Command: A command to the emulated service. A command that applies to nothing is an error: for
    example, a uid without a live task, or a rule that no call can match.
  addRule: Adds a fault rule.
    rule (Rule): The rule.
    forMs (number, optional): How long the rule lasts from now, in ms: from 1 to a year; forever if
        left out. Cannot be combined with untilMs of the rule.
  clearRules: Removes all fault rules.
  kill: Kills live tasks at once.
    The fields of Target.
    reportLagMs (number, optional): How long Query still reports that they run, in ms: at most a
        year. Default 0.
    forgotten (boolean, optional): Whether Query answers 404 afterwards, instead of reporting their
        end. Default false.
    reason (string, optional): The stopReason of the notification, and the message of Query's
        answer: abnormal if left out.
  fail: Running tasks fail, and the service migrates them.
    The fields of Target.
    recovers (boolean): Whether they run again after the migration.
    reason (string, optional): The reason, as for kill.
  hosts: The hosts of an input channel leave, or come back.
    channel (string): The input channel: a non-empty string.
    present (boolean): Whether they are in the channel.
  notifications: Changes how notifications are delivered.
    profile (NotificationProfile | null): The new behaviour; null for no notifications.
  startUp: Changes how tasks start.
    startUp (StartUp): The new behaviour.
  repeatCreate: Changes the answer to a repeated Create.
    answer (RepeatCreate): The new answer.

CallKind: The kinds of calls: those of the transcoding service, and presence (who is in a channel).
  acquire: POST /builderTokens.
  create: POST /tasks.
  query: GET /tasks/{taskId}.
  update: PATCH /tasks/{taskId}.
  delete: DELETE /tasks/{taskId}.
  presence: A presence check of a channel.

Effect: The effect of a fault rule on a call.
  answer: The call is not carried out, and answered like this.
    status (number): The HTTP status: from 200 to 599.
    code (number, optional): code of the body. Cannot be combined with body.
    retryAfter (string, optional): The Retry-After header.
    body (string, optional): The body, instead of {message, code}.
  performThenAnswer: The call is carried out, but answered like this.
    status (number): The HTTP status: from 200 to 599.
    code (number, optional): code of the body.
  performAndLose: The call is carried out, but the answer is lost.
  performLate: The call is carried out late, and the answer is lost.
    ms (number): The delay in ms: at most a year.
  lose: The call is lost.
  delay: The call is carried out, and the answer is delayed.
    ms (number): The delay in ms: at most a day.
  dns: The domain's name cannot be resolved.
  refuse: The connection is refused.
  garbage: The call is carried out, but the answer's body is truncated.
  noTaskId: The call is carried out, but the answer contains no task id.
  otherTask: The answer is about another task than the call. Applies to calls that name or create a
      task, while such another task exists.
    which (OtherTask): The other task.
    status (number, optional): The HTTP status: from 200 to 599. The body names the other task with
        any status. Default 200.
    perform (boolean, optional): Whether the call is carried out. Default false.

NotificationProfile: The delivery of notifications.
  secret (string, optional): The secret that signs them: a non-empty string. Default "secret".
  takesMs ([number, number], optional): Shortest and longest delay, in ms. Default [100, 1500].
  lostPercent (number, optional): Percentage of notifications that are lost. Default 0.
  doubledPercent (number, optional): Percentage of notifications that are delivered twice. Default
      0.
  latePercent (number, optional): Percentage of notifications that are delayed by up to 20 s and may
      arrive out of order. Default 0.
  misnamedPercent (number, optional): Percentage of notifications that name another task than the
      one that they are about. Default 0.

OtherTask: A task other than the one that a call is about. If there are several, it is the one whose
    instanceId has the longest common prefix with the call's, and of these the newest.
  ended: A task of the same App ID that has ended.
  live: A live task of the same App ID: of an earlier launch or of another lane.
  foreign: A task of another customer. Its id is always the same and appears nowhere else.

RepeatCreate: The answer to a Create while a task with its instanceId lives.
  sameTask200: 200 with the live task.
  already201WithId: 201 with the live task's id.
  already201NoId: 201 without an id.
  conflict409: 409 without an id.

Rule: A fault rule. A condition that is left out is always met. The first rule that matches a call
    is used.
  call (CallKind, optional): Only calls of this kind.
  domain (string, optional): Only calls to this domain, in lower case.
  uid (number, optional): Only calls about this output uid: from 1.
  skip (number, optional): How many matching calls are answered normally first. Default 0.
  times (number, optional): For how many calls the rule is used, at least 1; without limit if left
      out.
  fromMs (number, optional): From this time of the emulator's clock on, in ms since the epoch.
      Default 0.
  untilMs (number, optional): Before this time of the emulator's clock, in ms since the epoch.
  chancePercent (number, optional): The probability that a call matches, in percent: from 1 to 100.
  effect (Effect): The effect on the calls.

StartUp: The start of a task after Create.
  takesMs ([number, number], optional): Shortest and longest time until it runs, in ms. Default
      [1000, 4000].
  failsPercent (number, optional): Percentage of tasks that end abnormally instead. Default 0.
  hangsPercent (number, optional): Percentage of tasks that never start and never end. Default 0.

Target: The tasks that a command applies to, selected by taskId, by uid or by both. In JSON, these
    are fields of the command.
  taskId (string, optional): The task with this id.
  uid (number, optional): The tasks with this output uid.

Profile: The emulated service's behaviour without fault rules. Every field has a default. Unless
    stated otherwise, durations are at most a year, and percentages are from 0 to 100.
  seed (number, optional): The seed of all random numbers: an integer from 0 to 9007199254740991.
      Default 1.
  authorization (string | null, optional): The required Authorization header: Basic and
      customerId:customerSecret in base64; null for any such pair. Other calls are answered 401.
      Default null.
  strict (boolean, optional): Whether to also refuse calls that only the newest reference forbids
      and that public programs still send: Acquire without services, streams without rtcToken, a
      video's zOrder below 2 or rtcUid 0, watermarks smaller than 120 px, H265 to CDN addresses.
      Default false.
  callsPerSecond (number, optional): The rate limit: calls in any second per App ID, at least 1.
      Further calls are answered 429. Default 10.
  retryAfterS (number | null, optional): Retry-After of these answers, in s; null for none. Default
      null.
  pcw (number, optional): The limit of live tasks per App ID, at least 1. Further Creates are
      answered 429. Default 100.
  answerMs ([number, number], optional): Shortest and longest latency of an answer, in ms: at most a
      day. Default [20, 120].
  startUp (StartUp, optional): The start of a task after Create.
  repeatCreate (RepeatCreate, optional): The answer to a Create while a task with its instanceId
      lives. The service does not document it. Default "sameTask200".
  updates (Updates, optional): The changes that an Update may make. Others are answered 400 with a
      message that names the field. Default "documented".
  wrongTokenStatus (number, optional): The answer to a Query, Update or Delete with a builder token
      that did not start the task: 404 or 403. Default 404.
  numericStatus (boolean, optional): Whether task statuses are numbers instead of strings. Default
      false.
  forgetAfterMs (number, optional): How long Query knows a task after its end, in ms. Afterwards the
      answer is 404. Default 60000.
  migrationTakesMs ([number, number], optional): Shortest and longest time to migrate a failed task,
      in ms. Default [20000, 80000].
  presenceMissesPercent (number, optional): Percentage of presence checks that miss a host in the
      channel. A host is missed at most twice in a row. Default 0.
  notifications (NotificationProfile | null, optional): The delivery of notifications; null for no
      notifications. Default null.

Updates: The changes that an Update may make.
  documented: The documented ones: added or removed rtc members of audioInputs and videoInputs,
      region of a video input, audioOption and videoOption of an output.
  any: All, except the destination of an output.

State: The state of the emulated service.
  nowMs (number): The emulator's clock, in ms since the epoch.
  tasks (Task[]): All tasks, including those that have ended.
  overlaps (Overlap[]): All pairs of live tasks with the same output.
  stats (Stats): Statistics of the calls.

Overlap: Two live tasks that publish under the same uid of a channel or to the same CDN address.
    They disturb each other.
  atMs (number): When the second task was created, in ms since the epoch.
  channel (string): The output channel; empty for a CDN address.
  uid (number): The output uid; 0 for a CDN address.
  older (string): The task id of the older task.
  younger (string): The task id of the younger task.

Stats: Statistics of the calls.
  calls (Partial<Record<CallKind, number>>): Calls by kind.
  domains (Record<string, number>): Calls by domain.
  rateLimited (number): Calls that were answered 429 because of the rate limit.
  mostInASecond (number): The most calls in any second, without presence checks.

Task: The true state of a task of the emulated service. Instants are in ms since the epoch, by the
    emulator's clock.
  taskId (string): The task id.
  instanceId (string): The instanceId of its Acquire.
  inputChannel (string | null): The RTC channel of its inputs; null if all of them are media files.
  channel (string): Its output channel; empty if it publishes to CDN addresses.
  uid (number): Its output uid; 0 if it publishes to CDN addresses.
  streamUrls (string[]): The CDN addresses that it publishes to.
  live (boolean): Whether it is billed.
  running (boolean): Whether it publishes its output.
  ended (TaskEnd | null): How it ended, if it has.
  createdMs (number): When it was created.
  endedMs (number | null): When it ended, if it has.
  sequenceId (number | null): The sequenceId of its last Update; null if there was none.
  idleTimeoutMs (number): The idleTimeout of its current payload, in ms.

TaskEnd: How a task ended.
  idle: Its hosts were away for its idleTimeout.
  failed: It ended abnormally.
  stopped: It was deleted.
`;
