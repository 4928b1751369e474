/**
 * The format of instanceIds. The core composes them: a task of a group has `{group}-{lane}-{generation}`, where `{group}` is the
 * group's `instanceId`. A test compares this with what the core sends.
 */

/** The `instanceId` of a group. The 50 characters leave room for lane and generation within the 64 of a task. */
export const GROUP_ID = /^[A-Za-z0-9_-]{1,50}$/;
/** `GROUP_ID` in error messages. */
export const GROUP_ID_ALLOWED = "1 to 50 of A-Z a-z 0-9 - _";

/** The `instanceId` of a task's group; `undefined`: the task is not of a group. */
export function groupOf(instanceId: string): string | undefined {
  return /^(.+)-\d{1,2}-\d+$/.exec(instanceId)?.[1];
}
