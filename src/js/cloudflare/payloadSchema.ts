/** The payload of a task. Fields that are not listed pass through unchanged; what some forbid others is the core's to know. */
import * as T from "typebox";
import type { Canvas, Input, Output, Region, Rtc, Services, Transcoder, WaterMark } from "../types.js";
import { nullable, schemaOf, text } from "./schema.js";

const PROFILES = [
  "AUDIO_PROFILE_DEFAULT",
  "AUDIO_PROFILE_SPEECH_STANDARD",
  "AUDIO_PROFILE_MUSIC_STANDARD",
  "AUDIO_PROFILE_MUSIC_STANDARD_STEREO",
  "AUDIO_PROFILE_MUSIC_HIGH_QUALITY",
  "AUDIO_PROFILE_MUSIC_HIGH_QUALITY_STEREO",
] as const;
const LEAST_SIDE = 120;

const integer = (minimum: number, maximum: number, description?: string) =>
  T.Integer({ minimum, maximum, ...(description === undefined ? {} : { description }) });
const place = integer(0, 3840, "pixels");
const side = integer(LEAST_SIDE, 3840, "pixels");
const image = T.String({ description: "the address of a jpg or png" });
const fillMode = T.Optional(T.Enum(["FILL", "FIT"]));
const eitherRtcOrStreamUrl = { oneOf: [{ required: ["rtc"] }, { required: ["streamUrl"] }] };

const rtc = (leastUid: number, description: string) =>
  schemaOf<Rtc>()(
    T.Object({
      rtcChannel: T.String({ minLength: 1, maxLength: 64, description: "1 to 64 bytes" }),
      rtcUid: T.Optional(integer(leastUid, 0xffff_ffff, description)),
      rtcToken: T.Optional(text),
    }),
  );

const region = (leastSide: number) =>
  schemaOf<Region>()(
    T.Object({
      x: place,
      y: place,
      width: integer(leastSide, 3840, "pixels"),
      height: integer(leastSide, 3840, "pixels"),
      zOrder: T.Optional(integer(0, 100, "higher is nearer; required when videos are mixed")),
    }),
  );

const input = (leastUid: number) =>
  schemaOf<Input>()(
    T.Object(
      {
        rtc: T.Optional(rtc(leastUid, "a host's; required; of audio, 0 is everybody's")),
        streamUrl: T.Optional(text),
        volume: T.Optional(integer(0, 200)),
        repeat: T.Optional(T.Integer({ not: { const: 0 } })),
        placeholderImageUrl: T.Optional(nullable(image)),
        region: T.Optional(region(LEAST_SIDE)),
      },
      eitherRtcOrStreamUrl,
    ),
  );

const canvas = schemaOf<Canvas>()(
  T.Object({
    width: side,
    height: side,
    color: T.Optional(integer(0, 0xff_ffff, "0xRRGGBB; required when videos are mixed")),
    backgroundImage: T.Optional(nullable(image)),
    fillMode,
  }),
);

const waterMark = schemaOf<WaterMark>()(T.Object({ imageUrl: image, region: region(1), fillMode }));

const output = schemaOf<Output>()(
  T.Object(
    {
      rtc: T.Optional(rtc(1, "filled in for each launch")),
      streamUrl: T.Optional(text),
      audioOption: T.Optional(T.Object({ profileType: T.Optional(T.Enum([...PROFILES])) })),
      videoOption: T.Optional(
        T.Object(
          {
            width: T.Optional(integer(LEAST_SIDE, 1920, "pixels")),
            height: T.Optional(integer(LEAST_SIDE, 1920, "pixels")),
            bitrate: T.Optional(integer(1, 10_000, "kbit/s")),
            codec: T.Optional(T.Enum(["H264", "VP8", "H265"])),
            fps: T.Optional(integer(1, 30, "default 15")),
            mode: T.Optional(T.Literal("RAW")),
          },
          { description: "required when videos are mixed; at most 1920×1080 pixels, or 1080×1920" },
        ),
      ),
    },
    eitherRtcOrStreamUrl,
  ),
);

const transcoder = schemaOf<Transcoder>()(
  T.Object({
    idleTimeout: T.Optional(integer(1, 86_400, "s that all hosts may be away; default 300")),
    streamProcessMode: T.Optional(T.Enum(["mix", "single", "heterogeneous-single"])),
    audioInputs: T.Optional(nullable(T.Array(input(0)))),
    videoInputs: T.Optional(nullable(T.Array(input(1)))),
    canvas: T.Optional(nullable(canvas)),
    waterMarks: T.Optional(nullable(T.Array(waterMark))),
    outputs: T.Array(output, { minItems: 1 }),
  }),
);

export const services = schemaOf<Services>()(
  T.Object(
    {
      cloudTranscoder: T.Object({
        serviceType: T.Literal("cloudTranscoderV2"),
        config: T.Object({ transcoder }),
      }),
    },
    {
      title: "Services",
      description: "The REST payload of a task. Fields that are not listed pass through unchanged.",
    },
  ),
);
