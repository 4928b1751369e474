/**
 * All that JavaScript knows of instanceIds. The core composes them: the tasks of a group have `{group}-{lane}-{generation}`, with
 * the group's own `instanceId` first. A test holds this against what the core sends.
 */

/** The `instanceId` of a group: with lane and generation, that of a task has room for 64 characters. */
export const GROUP_ID = /^[A-Za-z0-9_-]{1,50}$/;
/** What `GROUP_ID` allows, for messages. */
export const GROUP_ID_ALLOWED = "1 to 50 of A-Z a-z 0-9 - _";

/** The `instanceId` of the group that a task belongs to; `undefined`: the task belongs to none. */
export function groupOf(instanceId: string): string | undefined {
  return /^(.+)-\d{1,2}-\d+$/.exec(instanceId)?.[1];
}
