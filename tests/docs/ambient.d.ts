/** What the examples of the documentation take from the reader's application. All pages may use these names. */
import type { IAgoraRTCClient } from "agora-rtc-sdk-ng";
import type { SupervisorEnv, SupervisorOptions } from "steadymix";

declare global {
  const appId: string;
  const customerId: string;
  const customerSecret: string;
  const notificationSecret: string;
  const instanceId: string;
  const channel: string;
  const token: string;
  const services: SupervisorOptions["services"];
  const uids: number[];
  const env: SupervisorEnv;
  const options: SupervisorOptions;
  function makeToken(uid: number, channel: string): Promise<string>;
  const store: {
    get(): Promise<string | undefined>;
    put(text: string): Promise<void>;
    delete(): Promise<void>;
  };
  function tellViewers(uid: number): void;
  const container: HTMLElement;
  const client: IAgoraRTCClient;
  function fetchViewerToken(): Promise<string>;
}
