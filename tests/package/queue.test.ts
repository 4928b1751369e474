import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../src/js/queue.ts";

test("a slow reader loses the oldest events, and sees how many", async () => {
  const queue = new EventQueue<number>(3, () => {});
  for (let i = 0; i < 5; i += 1) queue.push(i);
  queue.end();
  const read: number[] = [];
  for await (const event of queue) read.push(event);
  assert.deepEqual([read, queue.dropped], [[2, 3, 4], 2]);
});

test("a waiting reader gets the next event and the end", async () => {
  const queue = new EventQueue<number>(3, () => {});
  const [first, second] = [queue.next(), queue.next()];
  queue.push(1);
  queue.end();
  assert.deepEqual(await first, { done: false, value: 1 });
  assert.deepEqual(await second, { done: true, value: undefined });
});

test("a reader that leaves is removed", async () => {
  let left = 0;
  const queue = new EventQueue<number>(3, () => {
    left += 1;
  });
  queue.push(1);
  for await (const _ of queue) break;
  assert.equal(left, 1);
});
