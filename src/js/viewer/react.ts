import { createElement, type HTMLAttributes, type ReactElement, useEffect, useRef, useState } from "react";
import type { Uid, ViewerEvent } from "steadymix/viewer";
import { type AgoraClient, type AgoraWebOptions, agoraWeb, FailoverViewer, type ViewerOptions } from "steadymix/viewer";
import { CLIENT, FIT } from "./agoraWeb.js";
import { check, type Rules } from "./check.js";
import { report } from "./report.js";
import { VIEWER_OPTIONS } from "./tables.js";

/** Options of the hook. They are read when the client or the uids change; callbacks are always those of the last render. */
export interface UseFailoverOptions extends ViewerOptions {
  /** How the video fits into the element. Default `contain`. */
  fit?: AgoraWebOptions["fit"];
}

/** The result of `useFailover`. */
export interface FailoverState {
  /** Pass it to the element that shows the video. The element must have a size. */
  ref: (element: HTMLElement | null) => void;
  /** The output on screen. */
  shown: Uid | undefined;
  /** The last event. */
  event: ViewerEvent | undefined;
  /** To pass on which output the server has put on air: `viewer?.handle({ type: "onAir", uid })`. */
  viewer: FailoverViewer | undefined;
}

const OPTIONS: Required<{ readonly [Option in keyof UseFailoverOptions]: Rules[string] }> = {
  ...VIEWER_OPTIONS,
  fit: FIT,
};

/** Shows a healthy output in an element. `client` may be `null` until there is one. Throws `INVALID_OPTIONS`. */
export function useFailover(client: AgoraClient | null, options: UseFailoverOptions): FailoverState {
  check("INVALID_OPTIONS", "options", options, OPTIONS, true);
  if (client) check("INVALID_OPTIONS", "client", client, CLIENT);
  const [element, ref] = useState<HTMLElement | null>(null);
  const [viewer, setViewer] = useState<FailoverViewer>();
  const [shown, setShown] = useState<Uid>();
  const [event, setEvent] = useState<ViewerEvent>();
  const latest = useRef(options);
  latest.current = options;
  const uids = options.uids.join();

  useEffect(() => {
    if (!client || !element) return;
    const { fit, ...viewerOptions } = latest.current;
    const source = agoraWeb(client, { container: element, uids: viewerOptions.uids, ...(fit ? { fit } : {}) });
    const show = source.show.bind(source);
    source.show = (uid) => {
      show(uid);
      setShown(uid);
    };
    const made = new FailoverViewer(source, {
      ...viewerOptions,
      onEvent: (event) => {
        setEvent(event);
        latest.current.onEvent?.(event);
      },
      onError: (error) => report(error, latest.current),
    });
    setViewer(made);
    return () => {
      made.dispose();
      setViewer(undefined);
      setShown(undefined);
    };
  }, [client, element, uids]);

  return { ref, shown, event, viewer };
}

export interface FailoverVideoProps extends UseFailoverOptions, Omit<HTMLAttributes<HTMLDivElement>, "onError"> {
  /** The SDK's client; `null` until there is one. */
  client: AgoraClient | null;
}

/**
 * Shows a healthy output; the others stay mounted behind it. The element takes the available width, and is 16:9 unless `style`,
 * or a parent with a height, determines its height.
 */
export function FailoverVideo({ client, ...props }: FailoverVideoProps): ReactElement {
  const [options, attributes] = split(props);
  const { ref } = useFailover(client, options);
  const style = {
    position: "relative",
    width: "100%",
    height: "100%",
    aspectRatio: "16 / 9",
    ...attributes.style,
  } as const;
  return createElement("div", { ...attributes, style, ref });
}

function split(props: Omit<FailoverVideoProps, "client">): [UseFailoverOptions, HTMLAttributes<HTMLDivElement>] {
  const entries = Object.entries(props);
  const options = Object.fromEntries(entries.filter(([name]) => name in OPTIONS));
  const attributes = Object.fromEntries(entries.filter(([name]) => !(name in OPTIONS)));
  return [options as unknown as UseFailoverOptions, attributes];
}
