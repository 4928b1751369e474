// Generated from the types in routes.ts: node scripts/schemas.mjs
/** The JSON Schemas of the routes' bodies and answers. */

/** Each route's description, and its schemas. */
export const ROUTES = {
  "GET /health": {
    description: "Whether the Worker runs and is configured.",
    answer: { $ref: "#/components/schemas/Health" },
  },
  "GET /broadcasts": {
    description: "All broadcasts that have not been forgotten, the newest first.",
    answer: { $ref: "#/components/schemas/ListedBroadcasts" },
  },
  "POST /broadcasts": {
    description: "Starts a broadcast.",
    body: { $ref: "#/components/schemas/NewBroadcast" },
    answer: { $ref: "#/components/schemas/BroadcastStatus" },
  },
  "GET /broadcasts/{id}": {
    description: "The status of a broadcast.",
    answer: { $ref: "#/components/schemas/BroadcastStatus" },
  },
  "PATCH /broadcasts/{id}": {
    description: "Updates the payload.",
    body: { $ref: "#/components/schemas/PayloadUpdate" },
    answer: { $ref: "#/components/schemas/UpdatedBroadcast" },
  },
  "DELETE /broadcasts/{id}": {
    description: "Ends a broadcast.",
    answer: { $ref: "#/components/schemas/BroadcastStatus" },
  },
  "GET /broadcasts/{id}/events": {
    description: "The events of a broadcast.",
    answer: { $ref: "#/components/schemas/EventPage" },
  },
  "POST /broadcasts/{id}/viewer-tokens": {
    description: "Makes a token with which the broadcast can be watched.",
    body: { $ref: "#/components/schemas/NewViewerToken" },
    answer: { $ref: "#/components/schemas/ViewerToken" },
  },
  "GET /broadcasts/{id}/on-air": {
    description: "The output to watch.",
    answer: { $ref: "#/components/schemas/OnAirUpdate" },
  },
  "POST /broadcasts/{id}/reports": {
    description: "A viewer reports that an output does not arrive.",
    body: { $ref: "#/components/schemas/ViewerReport" },
    answer: { $ref: "#/components/schemas/ReportAnswer" },
  },
  "GET /quota": {
    description: "How much of the App ID's limits is used.",
    answer: { $ref: "#/components/schemas/QuotaStatus" },
  },
};

/** The types, by their names. */
export const TYPES = {
  Health: {
    type: "object",
    required: ["status"],
    description: "The Worker runs and is configured.",
    properties: { status: { type: "string", const: "ok", description: "Always `ok`." } },
  },
  ListedBroadcasts: {
    type: "object",
    required: ["broadcasts"],
    description: "The broadcasts of an App ID.",
    properties: {
      broadcasts: {
        type: "array",
        description: "The newest first.",
        items: { $ref: "#/components/schemas/BroadcastEntry" },
      },
    },
  },
  BroadcastEntry: {
    type: "object",
    required: ["id", "state", "onAir", "tasks", "startedAt"],
    description: "A broadcast in the list.",
    properties: {
      id: { type: "string", description: "Its `instanceId`, which is also its object's name." },
      state: { $ref: "#/components/schemas/BroadcastState", description: "Its state." },
      onAir: {
        description: "The output that viewers should watch; `null`: no output is known to run.",
        anyOf: [{ $ref: "#/components/schemas/OnAir" }, { type: "null" }],
      },
      tasks: {
        type: "integer",
        description:
          "The number that counts against the PCW: tasks that run or may run, and lanes about to launch one.",
      },
      startedAt: { type: "integer", description: "ms since the epoch." },
    },
  },
  BroadcastState: {
    type: "string",
    enum: ["starting", "live", "offAir", "stopping", "ended", "failed"],
    description:
      "`live`: an output is on air. `offAir`: one was, none is now. `ended`: on request. `failed`: every lane has failed.",
  },
  OnAir: {
    type: "object",
    required: ["lane", "channel", "uid"],
    description: "The output that viewers should watch.",
    properties: {
      lane: { type: "string", description: "The lane's name." },
      channel: { type: "string", description: "Its channel." },
      uid: { $ref: "#/components/schemas/Uid", description: "Its output uid." },
    },
  },
  Uid: {
    type: "integer",
    description: "An RTC user id: 1 to 4294967295 for an output.",
    minimum: 1,
    maximum: 4294967295,
  },
  NewBroadcast: {
    type: "object",
    required: ["lanes", "services"],
    description:
      "A broadcast to start: the settings of a group. Its `instanceId` is the `id`; the App ID is the Worker's.",
    properties: {
      lanes: {
        type: "array",
        description: "The lanes, the primary first.",
        minItems: 1,
        maxItems: 99,
        items: { $ref: "#/components/schemas/LaneOptions" },
      },
      onAirPolicy: {
        $ref: "#/components/schemas/OnAirPolicy",
        description: "Which output is on air. Default `sticky`.",
      },
      startGraceMs: {
        description:
          "How long a backup that runs first waits for the primary before it goes on air, in ms. Without this delay, viewers might have to switch twice within a moment. 0, or from 500 to 60000. Default 5000.",
        anyOf: [{ const: 0 }, { type: "integer", minimum: 500, maximum: 60000 }],
      },
      services: {
        $ref: "#/components/schemas/Services",
        description: "The payload: `services` of Acquire and Create.",
      },
      area: {
        $ref: "#/components/schemas/Area",
        description: "The area whose domains are called. Default `north-america`.",
      },
      region: {
        type: "string",
        description: "The region of the broadcast; its neighbour is called when the area's other domains fail.",
      },
      domainCooldownMs: {
        type: "integer",
        description:
          "How long after leaving the primary domain it is tried again, in ms. From 1000 to 86400000. Default 600000.",
        minimum: 1000,
        maximum: 86400000,
      },
      policy: {
        type: "object",
        description: "Overrides of the default retry schedules.",
        properties: {
          createTimedOutDelaysMs: {
            type: "array",
            description:
              "Retries of Acquire, Create or Update after 206. From 100 to 3600000. Default 3000, 6000, 9000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          createServerErrorDelaysMs: {
            type: "array",
            description:
              "Retries of Acquire, Create or Update after 50x. From 100 to 3600000. Default 3000, 6000, 9000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          createNotCompletedDelaysMs: {
            type: "array",
            description:
              "Retries of Acquire, Create or Update after code 65, also in a 40x. From 100 to 3600000. Default 3000, 6000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          queryNotFoundDelaysMs: {
            type: "array",
            description:
              "Retries of Query after 404; once exhausted, the task is considered gone. From 100 to 3600000. Default 5000, 10000, 15000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          queryServerErrorDelaysMs: {
            type: "array",
            description:
              "Retries of Query after 50x or 206; the last delay repeats, because these answers never prove that the task ended. From 100 to 3600000. Default 5000, 10000, 15000, 30000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          queryRefusedDelaysMs: {
            type: "array",
            description:
              "Retries of Query after 40x; once exhausted, the refusal is reported and monitoring continues. From 100 to 3600000. Default 5000, 10000, 15000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          deleteDelaysMs: {
            type: "array",
            description:
              "Retries of Delete after 50x, 206 or 40x; once exhausted, the task is orphaned. From 100 to 3600000. Default 5000, 10000, 15000, 30000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          noAnswerDelaysMs: {
            type: "array",
            description:
              "Retries of any call without an answer, each on the domain whose turn it is. From 100 to 3600000. Default 1000, 3000, 6000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          rateLimitedDelaysMs: {
            type: "array",
            description:
              "Retries after 429 without `Retry-After`; the last delay repeats, and no attempt is used up. From 100 to 3600000. Default 1000, 2000, 5000, 10000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          confirmDelaysMs: {
            type: "array",
            description:
              "Delays between Queries of a new task, the first after its taskId is known; the last repeats; each is shorter than `idleTimeout`. From 100 to 3600000. Default 5000, 5000, 5000, 10000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          confirmTimeoutMs: {
            type: "integer",
            description:
              "A task that does not run this long after its taskId is known has not started. From 1000 to 3600000. Default 90000.",
            minimum: 1000,
            maximum: 3600000,
          },
          monitorIntervalMs: {
            type: "integer",
            description: "The interval between Queries of a running task. From 1000 to 3600000. Default 120000.",
            minimum: 1000,
            maximum: 3600000,
          },
          relaunchDelaysMs: {
            type: "array",
            description:
              "Delays before relaunches; the last repeats. 0, or from 500 to 3600000. Default 0, 5000, 15000, 30000, 60000, 120000, 300000.",
            minItems: 1,
            maxItems: 20,
            items: { anyOf: [{ const: 0 }, { type: "integer", minimum: 500, maximum: 3600000 }] },
          },
          relaunchResetAfterMs: {
            description:
              "After a task has run this long, the relaunch delays start again. 0, or from 10000 to 86400000. Default 600000.",
            anyOf: [{ const: 0 }, { type: "integer", minimum: 10000, maximum: 86400000 }],
          },
          migrationGraceMs: {
            type: "integer",
            description:
              'How long the service may take to migrate a failed task (`migration: "wait"`). Also how long a running task is queried every 10 s after a notification that it stopped or failed. From 1000 to 3600000. Default 90000.',
            minimum: 1000,
            maximum: 3600000,
          },
          taskIdUnknownGraceMs: {
            type: ["integer", "null"],
            description:
              "A running task whose id is not learned within this time is replaced; `null`: never. From 1000 to 3600000. Default 90000.",
            minimum: 1000,
            maximum: 3600000,
          },
          presenceDelaysMs: {
            type: "array",
            description:
              "Delays between presence checks for an unresolved create; the last repeats. From 100 to 3600000. Default 10000, 10000, 10000, 15000, 30000, 60000.",
            minItems: 1,
            maxItems: 20,
            items: { type: "integer", minimum: 100, maximum: 3600000 },
          },
          presenceAbsences: {
            type: "integer",
            description:
              "This many consecutive presence checks without a uid prove that its task is gone, in addition to those during `migrationGraceMs`, in which the service may be migrating it. From 1 to 20. Default 3.",
            minimum: 1,
            maximum: 20,
          },
          stopTimeoutMs: {
            description:
              "How long `stop()` waits for a task that cannot be deleted or found. A task with a known id is not given up before Delete has failed, even after this time. 0, or from 1000 to 3600000. Default 300000.",
            anyOf: [{ const: 0 }, { type: "integer", minimum: 1000, maximum: 3600000 }],
          },
          requestTimeoutMs: {
            type: "integer",
            description: "The timeout of each attempt. From 1000 to 120000. Default 10000.",
            minimum: 1000,
            maximum: 120000,
          },
          checkNowIntervalMs: {
            type: "integer",
            description:
              "The minimum time between Queries that `checkNow()` or notifications bring forward. From 1000 to 3600000. Default 5000.",
            minimum: 1000,
            maximum: 3600000,
          },
          maxRetryAfterMs: {
            description:
              "The maximum `Retry-After`: longer ones are reduced to it. Dates are relative to the reply's own `Date`, if it has one. 0, or from 1000 to 3600000. Default 300000.",
            anyOf: [{ const: 0 }, { type: "integer", minimum: 1000, maximum: 3600000 }],
          },
          jitterPercent: {
            type: "integer",
            description:
              "The maximum jitter, in percent of a delay. It keeps many processes from calling at the same moment. From 0 to 100. Default 0.",
            minimum: 0,
            maximum: 100,
          },
        },
        additionalProperties: false,
      },
      quota: { $ref: "#/components/schemas/Quota", description: "Overrides of the documented limits." },
      restart: {
        $ref: "#/components/schemas/Restart",
        description: "When an ended task is relaunched. Default `on-failure`.",
      },
      migration: {
        $ref: "#/components/schemas/Migration",
        description: "What to do when the service reports that a task exited unexpectedly. Default `relaunch`.",
      },
      rollout: {
        $ref: "#/components/schemas/Rollout",
        description: "What to do with a new payload that an Update cannot give to a running task. Default `relaunch`.",
      },
      presence: {
        $ref: "#/components/schemas/Presence",
        description: "When to check presence in the output channel. Default `when-unknown`.",
      },
      seed: {
        type: "integer",
        description: "The seed of the jitter. Default 0.",
        minimum: 0,
        maximum: 9007199254740991,
      },
      id: {
        type: "string",
        description: "1 to 50 of `A-Z a-z 0-9 - _`. Can be used only once. Default: a random UUID.",
        pattern: "^[A-Za-z0-9_-]{1,50}$",
      },
    },
    additionalProperties: false,
  },
  LaneOptions: {
    type: "object",
    required: ["name", "uids"],
    description: "Settings of one lane of a group.",
    properties: {
      name: { type: "string", description: "The lane's name: 1 to 32 characters.", minLength: 1, maxLength: 32 },
      uids: {
        type: "array",
        description: "Two or more output uids, not used by another lane of the same output channel.",
        minItems: 2,
        items: { $ref: "#/components/schemas/Uid" },
      },
      services: {
        $ref: "#/components/schemas/Services",
        description: "The lane's own payload. An update for all lanes replaces it, but keeps its output channel.",
      },
    },
    additionalProperties: false,
  },
  Services: {
    type: "object",
    required: ["cloudTranscoder"],
    description:
      "The payload of a task: `services` of Acquire, Create and Update. Unknown fields pass through unchanged.",
    properties: {
      cloudTranscoder: {
        $ref: "#/components/schemas/CloudTranscoder",
        description: "The transcoding service and its settings.",
      },
    },
  },
  CloudTranscoder: {
    type: "object",
    required: ["serviceType", "config"],
    description: "`services.cloudTranscoder`.",
    properties: {
      serviceType: { type: "string", const: "cloudTranscoderV2", description: "The type of the service." },
      config: { $ref: "#/components/schemas/CloudTranscoderConfig", description: "Its settings." },
    },
  },
  CloudTranscoderConfig: {
    type: "object",
    required: ["transcoder"],
    description: "`services.cloudTranscoder.config`.",
    properties: {
      transcoder: { $ref: "#/components/schemas/Transcoder", description: "The inputs, the layout and the outputs." },
    },
  },
  Transcoder: {
    type: "object",
    required: ["outputs"],
    description: "`services.cloudTranscoder.config.transcoder`.",
    properties: {
      idleTimeout: {
        type: "integer",
        description: "The task ends when all hosts have been absent for this long: 1 to 86400 s, default 300 s.",
        minimum: 1,
        maximum: 86400,
      },
      streamProcessMode: {
        type: "string",
        enum: ["mix", "single", "heterogeneous-single"],
        description: "How inputs are processed. Default `mix`; the other modes accept at most one input.",
      },
      audioInputs: {
        description:
          "The audio inputs. The lists of audio and video inputs have at least one input together, all from one channel.",
        anyOf: [{ type: "array", items: { $ref: "#/components/schemas/Input" } }, { type: "null" }],
      },
      videoInputs: {
        description: "The video inputs.",
        anyOf: [{ type: "array", items: { $ref: "#/components/schemas/Input" } }, { type: "null" }],
      },
      canvas: {
        description: "The canvas for the videos: required when videos are mixed.",
        anyOf: [{ $ref: "#/components/schemas/Canvas" }, { type: "null" }],
      },
      waterMarks: {
        description: "Pictures drawn over the videos.",
        anyOf: [{ type: "array", items: { $ref: "#/components/schemas/WaterMark" } }, { type: "null" }],
      },
      outputs: {
        type: "array",
        description:
          "The outputs. A supervised task has one output into an RTC channel; its uid and token are filled in for each launch.",
        minItems: 1,
        items: { $ref: "#/components/schemas/Output" },
      },
    },
  },
  Input: {
    type: "object",
    description:
      "An item of `audioInputs` or `videoInputs`: either `rtc`, a host's stream, or `streamUrl`, a media file or stream.",
    properties: {
      rtc: { $ref: "#/components/schemas/Rtc", description: "A host's stream; for audio, uid 0 means all hosts." },
      streamUrl: { type: "string", description: "The address of a media file or stream." },
      volume: { type: "integer", description: "The volume: 0 to 200.", minimum: 0, maximum: 200 },
      repeat: { type: "integer", description: "How many times `streamUrl` is played; not 0." },
      placeholderImageUrl: {
        type: ["string", "null"],
        description: "The address of a jpg or png to show while there is no video.",
      },
      region: {
        $ref: "#/components/schemas/Region",
        description: "The region of a video on the canvas: required, with its zOrder, when videos are mixed.",
      },
    },
  },
  Rtc: {
    type: "object",
    required: ["rtcChannel"],
    description: "A stream in an RTC channel.",
    properties: {
      rtcChannel: { type: "string", description: "The channel: 1 to 64 bytes.", minLength: 1, maxLength: 64 },
      rtcUid: {
        type: "integer",
        description:
          "The host's uid; for audio inputs, 0 means all hosts. For an output it may be left out if a supervisor fills it in.",
        minimum: 0,
        maximum: 4294967295,
      },
      rtcToken: {
        type: "string",
        description:
          "The RTC token: an input's is issued for uid 0, an output's for its own uid. In a project without an App Certificate it is the App ID.",
      },
    },
  },
  Region: {
    type: "object",
    required: ["x", "y", "width", "height"],
    description: "A rectangle on the canvas, in pixels.",
    properties: {
      x: { type: "integer", description: "From the left, in pixels: 0 to 3840.", minimum: 0, maximum: 3840 },
      y: { type: "integer", description: "From the top, in pixels: 0 to 3840.", minimum: 0, maximum: 3840 },
      width: {
        type: "integer",
        description: "120 to 3840 pixels; 1 to 3840 for a watermark.",
        minimum: 1,
        maximum: 3840,
      },
      height: {
        type: "integer",
        description: "120 to 3840 pixels; 1 to 3840 for a watermark.",
        minimum: 1,
        maximum: 3840,
      },
      zOrder: {
        type: "integer",
        description:
          "The layer: 0 to 100, higher layers in front. Required for a video, for which the newest reference allows only 2 to 100.",
        minimum: 0,
        maximum: 100,
      },
    },
  },
  Canvas: {
    type: "object",
    required: ["width", "height"],
    description: "The canvas for the videos.",
    properties: {
      width: { type: "integer", description: "120 to 3840 pixels.", minimum: 120, maximum: 3840 },
      height: { type: "integer", description: "120 to 3840 pixels.", minimum: 120, maximum: 3840 },
      color: {
        type: "integer",
        description: "The color `0xRRGGBB`, 0 to 16777215: required when videos are mixed.",
        minimum: 0,
        maximum: 16777215,
      },
      backgroundImage: { type: ["string", "null"], description: "The address of a jpg or png." },
      fillMode: { type: "string", enum: ["FILL", "FIT"], description: "How `backgroundImage` fits the canvas." },
    },
  },
  WaterMark: {
    type: "object",
    required: ["imageUrl", "region"],
    description: "A picture drawn over the videos.",
    properties: {
      imageUrl: { type: "string", description: "The address of a jpg or png." },
      region: { $ref: "#/components/schemas/Region", description: "Its region on the canvas." },
      fillMode: { type: "string", enum: ["FILL", "FIT"], description: "How the picture fits its region." },
    },
  },
  Output: {
    type: "object",
    description: "Either `rtc` or `streamUrl`.",
    properties: {
      rtc: {
        $ref: "#/components/schemas/Rtc",
        description: "A stream in an RTC channel; all outputs of a task use the same channel.",
      },
      streamUrl: { type: "string", description: "A CDN URL." },
      audioOption: { $ref: "#/components/schemas/AudioOption", description: "How the audio is encoded." },
      videoOption: {
        $ref: "#/components/schemas/VideoOption",
        description: "How the video is encoded: required for at least one output when videos are mixed.",
      },
    },
  },
  AudioOption: {
    type: "object",
    description: "How the audio is encoded.",
    properties: {
      profileType: {
        type: "string",
        enum: [
          "AUDIO_PROFILE_DEFAULT",
          "AUDIO_PROFILE_SPEECH_STANDARD",
          "AUDIO_PROFILE_MUSIC_STANDARD",
          "AUDIO_PROFILE_MUSIC_STANDARD_STEREO",
          "AUDIO_PROFILE_MUSIC_HIGH_QUALITY",
          "AUDIO_PROFILE_MUSIC_HIGH_QUALITY_STEREO",
        ],
        description: "The audio profile of the SDK.",
      },
    },
  },
  VideoOption: {
    type: "object",
    description: "How the video is encoded.",
    properties: {
      width: {
        type: "integer",
        description: "120 pixels or more; 1920×1080 at most, or 1080×1920. Required, unless `mode` is `RAW`.",
        minimum: 120,
        maximum: 1920,
      },
      height: {
        type: "integer",
        description: "120 pixels or more; 1920×1080 at most, or 1080×1920. Required, unless `mode` is `RAW`.",
        minimum: 120,
        maximum: 1920,
      },
      bitrate: { type: "integer", description: "The bitrate: 1 to 10000 kbit/s.", minimum: 1, maximum: 10000 },
      codec: {
        type: "string",
        enum: ["H264", "VP8", "H265"],
        description: "The codec; required unless `mode` is `RAW`. `H265` only for CDN outputs.",
      },
      fps: { type: "integer", description: "1 to 30 frames per second, default 15.", minimum: 1, maximum: 30 },
      mode: { type: "string", const: "RAW", description: "`RAW` passes a single input on without encoding." },
    },
  },
  OnAirPolicy: { type: "string", enum: ["sticky", "prefer-primary"], description: "Which output is on air." },
  Area: {
    type: "string",
    enum: ["china", "north-america", "europe", "asia-pacific"],
    description: "The area of the broadcast, which determines the nearest domains.",
  },
  Quota: {
    type: "object",
    description: "Limits of an App ID that differ from the documented ones: Agora's support can raise them.",
    properties: {
      callsPerSecond: {
        type: "integer",
        description:
          "Sustained calls per second: 1 to 10000. The default is 8, because services are known to refuse calls before their nominal 10. With a `pcw` below 80 the default is a tenth of it, but at least 1: the service allows no more requests, and does not document whether that includes Query. With `burst` added, the maximum in any second.",
        minimum: 1,
        maximum: 10000,
      },
      burst: {
        type: "integer",
        description: "Calls at once after a quiet time: 2 to 10000, default 2 (an Acquire and its Create).",
        minimum: 2,
        maximum: 10000,
      },
      pcw: {
        type: "integer",
        description:
          "Peak concurrent tasks of the largest output size in use: 1 to 1000000. The default is the limit of a new project: in North America and Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia Pacific 20, 10 or 3; in mainland China 20, 10 or 5. At most a tenth of it may be created per second.",
        minimum: 1,
        maximum: 1000000,
      },
    },
    additionalProperties: false,
  },
  Restart: {
    type: "string",
    enum: ["on-failure", "always", "never"],
    description: "When an ended task is relaunched.",
  },
  Migration: {
    type: "string",
    enum: ["relaunch", "wait"],
    description:
      "What to do when the service reports that a task exited unexpectedly: it may migrate the task within about 90 s.",
  },
  Rollout: {
    type: "string",
    enum: ["relaunch", "refuse"],
    description: "What to do with a new payload that an Update cannot give to a running task.",
  },
  Presence: {
    type: "string",
    enum: ["when-unknown", "always", "never"],
    description: "When to check presence in the output channel.",
  },
  BroadcastStatus: {
    type: "object",
    required: [
      "id",
      "state",
      "onAir",
      "lanes",
      "startedAt",
      "endedAt",
      "viewers",
      "quotaFailedAt",
      "warnings",
      "services",
    ],
    description: "The status of a broadcast.",
    properties: {
      id: { type: "string", description: "Its `instanceId`, which is also its object's name." },
      state: { $ref: "#/components/schemas/BroadcastState", description: "Its state." },
      onAir: {
        description: "The output that viewers should watch; `null`: no output is known to run.",
        anyOf: [{ $ref: "#/components/schemas/OnAir" }, { type: "null" }],
      },
      lanes: { type: "array", description: "The primary first.", items: { $ref: "#/components/schemas/LaneStatus" } },
      startedAt: { type: "integer", description: "ms since the epoch." },
      endedAt: { type: ["integer", "null"], description: "When it ended, in ms since the epoch; `null` until then." },
      viewers: {
        type: "integer",
        description: "The number of viewers that are connected to the broadcast's own object.",
      },
      quotaFailedAt: {
        type: ["integer", "null"],
        description:
          "Since when `AppQuota` has granted no permits, in ms since the epoch; `null`: it grants them. Without permits, calls continue at most once a second.",
      },
      warnings: {
        type: "array",
        description: "Parts of the payload that are allowed but probably not intended.",
        items: { $ref: "#/components/schemas/TaskWarning" },
      },
      services: {
        description:
          "The current payload. Tokens, stream addresses and fields not known to be harmless are redacted to `***…`. `null`: the lanes have different payloads, or the broadcast has ended.",
        anyOf: [{ $ref: "#/components/schemas/Services" }, { type: "null" }],
      },
    },
  },
  LaneStatus: {
    type: "object",
    required: ["name", "state", "generation", "uids", "uid", "taskId", "lastConfirmedAt", "tasks"],
    description: "The status of a lane.",
    properties: {
      name: { type: "string", description: "The lane's name; `main` for a single supervisor." },
      state: { $ref: "#/components/schemas/LaneState", description: "The lane's state." },
      generation: {
        type: "integer",
        description: "The newest generation. A second task of a launch gets a generation of its own.",
      },
      uids: {
        type: "array",
        description: "The output uids, the primary first.",
        items: { $ref: "#/components/schemas/Uid" },
      },
      uid: { description: "The current output uid.", anyOf: [{ $ref: "#/components/schemas/Uid" }, { type: "null" }] },
      taskId: { type: ["string", "null"], description: "The current task." },
      lastConfirmedAt: {
        type: ["integer", "null"],
        description: "When a Query last found the current task running, in ms since the epoch.",
      },
      lastProblem: {
        $ref: "#/components/schemas/SteadymixEvent",
        description: "The last `suspect`, `ended` or `callRejected` event, with the service's reply.",
      },
      tasks: {
        type: "array",
        description: "All tasks that run or may run, as far as this lane knows.",
        items: { $ref: "#/components/schemas/KnownTask" },
      },
    },
  },
  LaneState: {
    type: "string",
    enum: [
      "launching",
      "confirming",
      "running",
      "suspect",
      "taskIdUnknown",
      "waiting",
      "stopping",
      "stopped",
      "failed",
    ],
    description: "The state of a lane.",
  },
  SteadymixEvent: {
    type: "object",
    description: "An event of a lane. Carries no credentials and no tokens.",
    properties: {
      at: { type: "integer", description: "When, in ms since the epoch, by the caller's clock." },
      lane: { type: "string", description: "The lane's name; `main` for a single supervisor." },
      generation: { type: "integer", description: "The generation of the launch." },
      uid: { $ref: "#/components/schemas/Uid", description: "The output uid." },
      taskId: { type: "string", description: "The task's id, if known." },
      instanceId: { type: "string", description: "The instanceId of the logical create." },
    },
    required: ["at", "lane"],
    anyOf: [
      {
        type: "object",
        properties: {
          type: { type: "string", const: "launching" },
          reason: { $ref: "#/components/schemas/LaunchReason", description: "The reason." },
        },
        required: ["reason", "type"],
      },
      {
        type: "object",
        properties: {
          status: { type: "integer", description: "The HTTP status." },
          code: { type: "integer", description: "`code` of the body." },
          message: {
            type: "string",
            description:
              "`message` of the body, or of the transcoder's status in it: redacted, on one line, at most 300 characters.",
          },
          details: {
            type: "string",
            description:
              "`details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and limited like `message`.",
          },
          stopReason: {
            type: "string",
            description: "The stop reason from a notification: redacted and limited like `message`.",
          },
          requestId: { type: "string", description: "`X-Request-ID`." },
          resourceId: { type: "string", description: "`X-Resource-ID`." },
          type: { type: "string", const: "retrying" },
          call: { $ref: "#/components/schemas/Call", description: "The call." },
          reason: { $ref: "#/components/schemas/RetryReason", description: "The failure." },
          waitMs: { type: "integer", description: "The delay before the next attempt, in ms." },
          attempt: { type: "integer", description: "The number of consecutive failures." },
          domain: { type: "string", description: "The domain that was called." },
        },
        required: ["attempt", "call", "reason", "type"],
      },
      { type: "object", properties: { type: { type: "string", const: "created" } }, required: ["type"] },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "confirmed" },
          tookMs: { type: "integer", description: "The time since the logical create started, in ms." },
        },
        required: ["tookMs", "type"],
      },
      {
        type: "object",
        properties: {
          status: { type: "integer", description: "The HTTP status." },
          code: { type: "integer", description: "`code` of the body." },
          message: {
            type: "string",
            description:
              "`message` of the body, or of the transcoder's status in it: redacted, on one line, at most 300 characters.",
          },
          details: {
            type: "string",
            description:
              "`details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and limited like `message`.",
          },
          stopReason: {
            type: "string",
            description: "The stop reason from a notification: redacted and limited like `message`.",
          },
          requestId: { type: "string", description: "`X-Request-ID`." },
          resourceId: { type: "string", description: "`X-Resource-ID`." },
          type: { type: "string", const: "suspect" },
          reason: { $ref: "#/components/schemas/SuspectReason", description: "The reason." },
        },
        required: ["reason", "type"],
      },
      { type: "object", properties: { type: { type: "string", const: "recovered" } }, required: ["type"] },
      {
        type: "object",
        properties: {
          status: { type: "integer", description: "The HTTP status." },
          code: { type: "integer", description: "`code` of the body." },
          message: {
            type: "string",
            description:
              "`message` of the body, or of the transcoder's status in it: redacted, on one line, at most 300 characters.",
          },
          details: {
            type: "string",
            description:
              "`details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and limited like `message`.",
          },
          stopReason: {
            type: "string",
            description: "The stop reason from a notification: redacted and limited like `message`.",
          },
          requestId: { type: "string", description: "`X-Request-ID`." },
          resourceId: { type: "string", description: "`X-Resource-ID`." },
          type: { type: "string", const: "ended" },
          reason: { $ref: "#/components/schemas/EndReason", description: "The reason." },
        },
        required: ["reason", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "uidSwitched" },
          from: { $ref: "#/components/schemas/Uid", description: "The uid of the previous launch." },
          to: { $ref: "#/components/schemas/Uid", description: "The uid of the new launch." },
          reason: { $ref: "#/components/schemas/LaunchReason", description: "The reason." },
        },
        required: ["from", "reason", "to", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "noFreeUid" },
          waitMs: { type: "integer", description: "The delay before the next attempt, in ms." },
        },
        required: ["type", "waitMs"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "relaunched" },
          previousUid: { $ref: "#/components/schemas/Uid", description: "The uid of the task that ran before." },
          previousTaskId: { type: "string", description: "That task's id." },
          downtimeMs: {
            type: "integer",
            description:
              "The time from the last Query that found the old task running to the first one that found the new task running, in ms. The old task may have run for up to `monitorIntervalMs` of it.",
          },
        },
        required: ["downtimeMs", "previousUid", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "domainSwitched" },
          from: { type: "string", description: "The previous domain." },
          to: { type: "string", description: "The new domain." },
        },
        required: ["from", "to", "type"],
      },
      { type: "object", properties: { type: { type: "string", const: "taskIdUnknown" } }, required: ["type"] },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "taskIdLearned" },
          by: { $ref: "#/components/schemas/LearnedBy", description: "How it was learned." },
        },
        required: ["by", "type"],
      },
      {
        type: "object",
        properties: {
          status: { type: "integer", description: "The HTTP status." },
          code: { type: "integer", description: "`code` of the body." },
          message: {
            type: "string",
            description:
              "`message` of the body, or of the transcoder's status in it: redacted, on one line, at most 300 characters.",
          },
          details: {
            type: "string",
            description:
              "`details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and limited like `message`.",
          },
          stopReason: {
            type: "string",
            description: "The stop reason from a notification: redacted and limited like `message`.",
          },
          requestId: { type: "string", description: "`X-Request-ID`." },
          resourceId: { type: "string", description: "`X-Resource-ID`." },
          type: { type: "string", const: "callRejected" },
          call: { $ref: "#/components/schemas/Call", description: "The call." },
        },
        required: ["call", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "updated" },
          sequenceId: { type: "integer", description: "Its sequence number." },
        },
        required: ["sequenceId", "type"],
      },
      { type: "object", properties: { type: { type: "string", const: "removed" } }, required: ["type"] },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "orphaned" },
          reason: { $ref: "#/components/schemas/OrphanedReason", description: "The reason." },
        },
        required: ["reason", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "onAir" },
          fromLane: { type: "string", description: "The previous lane." },
          toLane: { type: "string", description: "The new lane." },
          fromUid: { $ref: "#/components/schemas/Uid", description: "The previous uid." },
          toUid: { $ref: "#/components/schemas/Uid", description: "The new uid." },
          fromChannel: {
            type: "string",
            description: "The channel of the previous uid: lanes in several channels may use the same uids.",
          },
          toChannel: { type: "string", description: "The channel of the new uid." },
        },
        required: ["type"],
      },
      { type: "object", properties: { type: { type: "string", const: "stopping" } }, required: ["type"] },
      { type: "object", properties: { type: { type: "string", const: "stopped" } }, required: ["type"] },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "failed" },
          reason: { $ref: "#/components/schemas/FailReason", description: "The reason." },
        },
        required: ["reason", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "alreadyEnded" },
          outcome: { $ref: "#/components/schemas/Outcome", description: "How it had ended." },
        },
        required: ["outcome", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "permitFailed" },
          reason: { type: "string", enum: ["rejected", "timedOut", "invalid"], description: "Why it failed." },
        },
        required: ["reason", "type"],
      },
      {
        type: "object",
        properties: {
          type: { type: "string", const: "permitRecovered" },
          failedForMs: { type: "integer", description: "How long it had failed, in ms." },
        },
        required: ["failedForMs", "type"],
      },
    ],
  },
  LaunchReason: {
    type: "string",
    enum: [
      "start",
      "acquireExhausted",
      "createExhausted",
      "createRefused",
      "didNotStart",
      "ended",
      "notFound",
      "abnormal",
      "taskIdUnknown",
      "absent",
      "updated",
    ],
    description: "Why a launch starts.",
  },
  Call: {
    type: "string",
    enum: ["acquire", "create", "query", "update", "delete", "presence", "rtcToken"],
    description:
      "A call: to the service's REST interface for tasks, to its list of broadcasters in a channel, or to the application's callback for RTC tokens.",
  },
  RetryReason: {
    type: "string",
    enum: [
      "timedOut",
      "notCompleted",
      "serverError",
      "accepted",
      "notFound",
      "refused",
      "rateLimited",
      "dns",
      "unreachable",
      "noAnswer",
      "malformed",
      "notSent",
      "notPersisted",
      "tokenFailed",
    ],
    description: "Why a call is retried.",
  },
  SuspectReason: {
    type: "string",
    enum: ["notFound", "abnormal", "notRunning", "absent"],
    description: "Why a running task may be gone.",
  },
  EndReason: { type: "string", enum: ["normal", "failed", "notFound", "absent"], description: "How a task ended." },
  LearnedBy: {
    type: "string",
    enum: ["notification", "lateReply", "reply"],
    description: "How a task's id was learned.",
  },
  OrphanedReason: { type: "string", enum: ["deleteFailed", "taskIdUnknown"], description: "Why a task is orphaned." },
  FailReason: {
    type: "string",
    enum: ["wrongParameters", "wrongCredentials", "noFreeUid", "notRestarted"],
    description: "Why a lane gave up.",
  },
  Outcome: {
    description: "How a supervisor ended.",
    anyOf: [
      { type: "object", required: ["type"], properties: { type: { type: "string", const: "stopped" } } },
      { type: "object", required: ["type"], properties: { type: { type: "string", const: "ended" } } },
      {
        type: "object",
        required: ["type", "reason"],
        properties: {
          type: { type: "string", const: "failed" },
          reason: { $ref: "#/components/schemas/FailReason", description: "Why." },
        },
      },
    ],
  },
  KnownTask: {
    type: "object",
    required: ["generation", "uid", "instanceId", "taskId", "standing"],
    description: "A task that runs or may run.",
    properties: {
      generation: { type: "integer", description: "The generation of its launch." },
      uid: { $ref: "#/components/schemas/Uid", description: "Its output uid." },
      instanceId: { type: "string", description: "The instanceId of its Acquire." },
      taskId: { type: ["string", "null"], description: "Its id, if known." },
      standing: { $ref: "#/components/schemas/Standing", description: "What the lane does about it." },
    },
  },
  Standing: {
    type: "string",
    enum: ["adopted", "unresolved", "stopping", "orphaned"],
    description: "What the lane does about a task.",
  },
  TaskWarning: {
    type: "object",
    required: ["field", "message"],
    description: "A value that is allowed, but probably not intended.",
    properties: {
      field: { type: "string", description: "The path of the field." },
      message: { type: "string", description: "The possible consequence." },
    },
  },
  PayloadUpdate: {
    description:
      "A payload for every lane, or for each named lane. A field with `***…`, as the status shows it, keeps its value.",
    anyOf: [
      {
        type: "object",
        required: ["services"],
        properties: { services: { $ref: "#/components/schemas/Services" } },
        additionalProperties: false,
      },
      {
        type: "object",
        required: ["lanes"],
        properties: {
          lanes: {
            type: "array",
            description: "One or more lanes, by name.",
            minItems: 1,
            items: {
              type: "object",
              required: ["name", "services"],
              properties: { name: { type: "string" }, services: { $ref: "#/components/schemas/Services" } },
              additionalProperties: false,
            },
          },
        },
        additionalProperties: false,
      },
    ],
  },
  UpdatedBroadcast: {
    type: "object",
    required: [
      "endedAt",
      "id",
      "lanes",
      "onAir",
      "quotaFailedAt",
      "services",
      "startedAt",
      "state",
      "updates",
      "viewers",
      "warnings",
    ],
    description: "The status of a broadcast after an update of its payload.",
    properties: {
      id: { type: "string", description: "Its `instanceId`, which is also its object's name." },
      state: { $ref: "#/components/schemas/BroadcastState", description: "Its state." },
      onAir: {
        description: "The output that viewers should watch; `null`: no output is known to run.",
        anyOf: [{ $ref: "#/components/schemas/OnAir" }, { type: "null" }],
      },
      lanes: { type: "array", description: "The primary first.", items: { $ref: "#/components/schemas/LaneStatus" } },
      startedAt: { type: "integer", description: "ms since the epoch." },
      endedAt: { type: ["integer", "null"], description: "When it ended, in ms since the epoch; `null` until then." },
      viewers: {
        type: "integer",
        description: "The number of viewers that are connected to the broadcast's own object.",
      },
      quotaFailedAt: {
        type: ["integer", "null"],
        description:
          "Since when `AppQuota` has granted no permits, in ms since the epoch; `null`: it grants them. Without permits, calls continue at most once a second.",
      },
      warnings: {
        type: "array",
        description: "Parts of the payload that are allowed but probably not intended.",
        items: { $ref: "#/components/schemas/TaskWarning" },
      },
      services: {
        description:
          "The current payload. Tokens, stream addresses and fields not known to be harmless are redacted to `***…`. `null`: the lanes have different payloads, or the broadcast has ended.",
        anyOf: [{ $ref: "#/components/schemas/Services" }, { type: "null" }],
      },
      updates: {
        type: "array",
        description: "How each lane applies the new payload.",
        items: { $ref: "#/components/schemas/LaneUpdate" },
      },
    },
  },
  LaneUpdate: {
    type: "object",
    required: ["lane", "via"],
    description: "How one lane gets a new payload.",
    properties: {
      lane: { type: "string", description: "The lane's name; `main` for a single supervisor." },
      via: { $ref: "#/components/schemas/Via", description: "How the lane gets the new payload." },
    },
  },
  Via: {
    type: "string",
    enum: ["update", "relaunch", "launch", "nothing"],
    description: "How a lane gets a new payload.",
  },
  EventPage: {
    type: "object",
    required: ["events", "next"],
    description: "A page of a broadcast's history.",
    properties: {
      events: {
        type: "array",
        description: "The events after `since`, the oldest first, at most 500.",
        items: { $ref: "#/components/schemas/StoredEvent" },
      },
      next: { type: "integer", description: "The `since` of the next page." },
    },
  },
  StoredEvent: {
    description: "An event with its number in the broadcast's history.",
    allOf: [
      { $ref: "#/components/schemas/SteadymixEvent" },
      {
        type: "object",
        properties: { seq: { type: "integer", description: "Grows with every event." } },
        required: ["seq"],
      },
    ],
  },
  NewViewerToken: {
    type: "object",
    description: "A viewer token to make.",
    properties: {
      lifetimeS: {
        type: "integer",
        description: "The lifetime in s: 1 to 86400. Default 3600.",
        minimum: 1,
        maximum: 86400,
      },
    },
    additionalProperties: false,
  },
  ViewerToken: {
    type: "object",
    required: ["token", "expiresAt"],
    description: "A viewer token.",
    properties: {
      token: { type: "string", description: "To send as `Authorization: Bearer …`, or `?token=…`." },
      expiresAt: { type: "integer", description: "When it expires, in ms since the epoch." },
    },
  },
  OnAirUpdate: {
    type: "object",
    required: ["type", "revision", "onAir", "ended"],
    description: "The message to viewers when the output on air changes.",
    properties: {
      type: { type: "string", const: "onAir", description: "Always `onAir`." },
      revision: {
        type: "integer",
        description: "Grows with every change. Ignore an update whose revision is not greater than the last.",
      },
      onAir: {
        description: "The output to watch; `null`: no output is known to run.",
        anyOf: [{ $ref: "#/components/schemas/OnAir" }, { type: "null" }],
      },
      ended: { type: "boolean", description: "The broadcast has ended for good." },
    },
  },
  ViewerReport: {
    type: "object",
    required: ["type", "uid"],
    description: "A viewer's message that the output on air does not arrive.",
    properties: {
      type: { type: "string", const: "gone", description: "Always `gone`." },
      uid: { $ref: "#/components/schemas/Uid", description: "The output's uid." },
      channel: {
        type: "string",
        description: "The output's channel, if outputs in several channels may have the same uid.",
      },
    },
    additionalProperties: false,
  },
  ReportAnswer: {
    type: "object",
    required: ["report"],
    description: "The result of a report.",
    properties: {
      report: {
        type: "string",
        enum: ["taken", "ignored"],
        description:
          "`taken`: the next Query is brought forward. `ignored`: another output is on air, or the last report was too recent.",
      },
    },
  },
  QuotaStatus: {
    type: "object",
    required: ["limits", "callsPerSecond", "waiting", "tasks"],
    description: "How much of the App ID's limits is used.",
    properties: {
      limits: {
        type: "object",
        required: ["callsPerSecond", "burst", "pcw"],
        description: "`QUOTA` of the environment, defaults filled in.",
        properties: {
          callsPerSecond: {
            type: "integer",
            description:
              "Sustained calls per second: 1 to 10000. The default is 8, because services are known to refuse calls before their nominal 10. With a `pcw` below 80 the default is a tenth of it, but at least 1: the service allows no more requests, and does not document whether that includes Query. With `burst` added, the maximum in any second.",
            minimum: 1,
            maximum: 10000,
          },
          burst: {
            type: "integer",
            description: "Calls at once after a quiet time: 2 to 10000, default 2 (an Acquire and its Create).",
            minimum: 2,
            maximum: 10000,
          },
          pcw: {
            type: "integer",
            description:
              "Peak concurrent tasks of the largest output size in use: 1 to 1000000. The default is the limit of a new project: in North America and Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia Pacific 20, 10 or 3; in mainland China 20, 10 or 5. At most a tenth of it may be created per second.",
            minimum: 1,
            maximum: 1000000,
          },
        },
      },
      callsPerSecond: {
        type: "array",
        description: "The number of calls in each of the last 60 seconds, the current one last.",
        items: { type: "integer" },
      },
      waiting: { type: "integer", description: "The number of calls that wait for a permit." },
      tasks: { type: "integer", description: "Tasks that run or may run, and lanes about to launch one." },
    },
  },
  ErrorAnswer: {
    type: "object",
    required: ["error"],
    description: "The answer of a route after a failure.",
    properties: { error: { $ref: "#/components/schemas/ErrorBody", description: "The error." } },
  },
  ErrorBody: {
    type: "object",
    required: ["code", "message"],
    description: "An error as a value: thrown errors lose their fields between objects.",
    properties: {
      code: { $ref: "#/components/schemas/RouteErrorCode", description: "For programs; stable." },
      message: { type: "string", description: "For people." },
      field: { type: "string", description: "The path of the invalid value." },
      value: { type: "string", description: "The invalid value." },
      allowed: { type: "string", description: "The allowed values, with units." },
    },
  },
  RouteErrorCode: {
    type: "string",
    enum: [
      "INVALID_OPTIONS",
      "INVALID_TASK",
      "INVALID_BODY",
      "INVALID_QUERY",
      "INVALID_SIGNATURE",
      "UNAUTHORIZED",
      "ORIGIN_NOT_ALLOWED",
      "NOT_FOUND",
      "METHOD_NOT_ALLOWED",
      "BODY_TOO_SLOW",
      "ALREADY_STARTED",
      "ENDED",
      "PCW_REACHED",
      "BODY_TOO_LARGE",
      "UPGRADE_NEEDED",
      "TOO_MANY_CONNECTIONS",
      "INTERNAL",
      "MISCONFIGURED",
      "QUOTA_UNAVAILABLE",
    ],
    description: "Why a request failed, for programs.",
  },
};
