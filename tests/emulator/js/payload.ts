import type { Services } from "steadymix";

/** The payload of a show: the studio's sound and its first host, mixed into the channel `show`. */
export function showServices(idleTimeout = 300): Services {
  return {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: {
        transcoder: {
          idleTimeout,
          audioInputs: [{ rtc: { rtcChannel: "studio", rtcUid: 0 } }],
          videoInputs: [
            { rtc: { rtcChannel: "studio", rtcUid: 1 }, region: { x: 0, y: 0, width: 1280, height: 720, zOrder: 2 } },
          ],
          canvas: { width: 1280, height: 720, color: 0 },
          outputs: [
            {
              rtc: { rtcChannel: "show" },
              audioOption: { profileType: "AUDIO_PROFILE_MUSIC_STANDARD" },
              videoOption: { width: 1280, height: 720, bitrate: 2260, codec: "H264", fps: 15 },
            },
          ],
        },
      },
    },
  };
}

/** The lanes of a show. */
export const SHOW_LANES = [
  { name: "primary", uids: [9001, 9002] },
  { name: "backup", uids: [9101, 9102] },
];
