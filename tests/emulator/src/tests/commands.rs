//! Error messages of invalid profiles and commands.

use super::*;

fn refusal(json: &Value) -> String {
    Command::from_json(&json.to_string()).unwrap_err()
}

#[test]
fn every_command_is_parsed() {
    for command in [
        json!({ "type": "addRule", "rule": { "call": "create", "times": 3, "effect": { "type": "answer", "status": 206, "code": 65 } } }),
        json!({ "type": "addRule", "rule": { "effect": { "type": "dns" } }, "forMs": 1 }),
        json!({ "type": "addRule", "rule": { "effect": { "type": "otherTask", "which": "ended" } } }),
        json!({ "type": "addRule", "rule": { "effect": { "type": "performLate", "ms": 5 }, "domain": "127.0.0.1:80" } }),
        json!({ "type": "clearRules" }),
        json!({ "type": "kill", "uid": 7 }),
        json!({ "type": "kill", "taskId": "t", "reportLagMs": 5, "forgotten": true, "reason": "why" }),
        json!({ "type": "fail", "uid": 7, "recovers": true }),
        json!({ "type": "hosts", "channel": "studio", "present": false }),
        json!({ "type": "notifications", "profile": null }),
        json!({ "type": "notifications", "profile": { "secret": "s" } }),
        json!({ "type": "startUp", "startUp": {} }),
        json!({ "type": "repeatCreate", "answer": "conflict409" }),
    ] {
        assert_eq!(Command::from_json(&command.to_string()).err(), None, "{command}");
    }
}

#[test]
fn errors_of_commands_name_the_field() {
    let rule = |rule: Value| json!({ "type": "addRule", "rule": rule });
    let effect = |effect: Value| rule(json!({ "effect": effect }));
    let lose = json!({ "type": "lose" });
    let integer = "expected an integer from 0 to 4294967295";
    for (command, message) in [
        (json!([]), "command must be an object"),
        (json!(null), "command must be an object"),
        (json!({}), "command.type is missing"),
        (json!({ "type": 1 }), "command.type is 1, but must be a string"),
        (json!({ "type": "explode" }), "command: unknown variant `explode`, expected one of `addRule`"),
        (json!({ "type": "clearRules", "uid": 1 }), "command.uid: unknown field `uid`, clearRules has none"),
        (json!({ "type": "kill" }), "command needs taskId or uid: the task that it applies to"),
        (json!({ "type": "kill", "uid": null }), "command needs taskId or uid"),
        (json!({ "type": "fail", "recovers": true }), "command needs taskId or uid"),
        (
            json!({ "type": "kill", "target": { "uid": 1 } }),
            "command.target: unknown field `target`, expected `taskId` or `uid`",
        ),
        (
            json!({ "type": "kill", "uidd": 1 }),
            "command.uidd: unknown field `uidd`, expected one of `taskId`, `uid`, `reportLagMs`",
        ),
        (
            json!({ "type": "kill", "uid": "9001" }),
            &format!("command.uid: invalid type: string \"9001\", {integer}"),
        ),
        (
            json!({ "type": "kill", "uid": -1 }),
            &format!("command.uid: invalid value: integer `-1`, {integer}"),
        ),
        (
            json!({ "type": "kill", "uid": 1, "forgotten": "yes" }),
            "command.forgotten: invalid type: string \"yes\", expected a boolean",
        ),
        (json!({ "type": "kill", "uid": 1, "reportLagMs": 1e15 }), "command.reportLagMs"),
        (json!({ "type": "fail", "uid": 1 }), "command: missing field `recovers`"),
        (json!({ "type": "hosts", "channel": "", "present": true }), "command.channel is empty"),
        (json!({ "type": "hosts", "channel": "a" }), "command: missing field `present`"),
        (json!({ "type": "notifications" }), "command: missing field `profile`"),
        (
            json!({ "type": "notifications", "profile": { "lost": 1 } }),
            "command.profile.lost: unknown field `lost`",
        ),
        (json!({ "type": "notifications", "profile": { "secret": "" } }), "command.profile.secret is empty"),
        (
            json!({ "type": "notifications", "profile": { "misnamedPercent": 101 } }),
            "command.profile.misnamedPercent is 101",
        ),
        (
            json!({ "type": "startUp", "startUp": { "takesMs": 5 } }),
            "command.startUp.takesMs: invalid type: integer `5`, expected an array of two integers",
        ),
        (json!({ "type": "repeatCreate", "answer": "409" }), "command.answer: unknown variant `409`"),
        (rule(json!({ "effect": lose, "calls": "create" })), "command.rule.calls: unknown field `calls`"),
        (rule(json!({ "effect": lose, "call": "start" })), "command.rule.call: unknown variant `start`"),
        (rule(json!({})), "command.rule: missing field `effect`"),
        (rule(json!({ "effect": lose, "times": 0 })), "command.rule.times is 0, but must be at least 1"),
        (rule(json!({ "effect": lose, "uid": 0 })), "command.rule.uid is 0"),
        (
            rule(json!({ "effect": lose, "uid": 1, "call": "presence" })),
            "command.rule.uid is 1, but must be left out",
        ),
        (
            rule(json!({ "effect": lose, "chancePercent": 0 })),
            "command.rule.chancePercent is 0, but must be from 1 to 100",
        ),
        (
            rule(json!({ "effect": lose, "fromMs": 5, "untilMs": 5 })),
            "command.rule.untilMs is 5, but must be after fromMs, 5",
        ),
        (
            rule(json!({ "effect": lose, "domain": "https://api.agora.io" })),
            "command.rule.domain is \"https://api.agora.io\"",
        ),
        (rule(json!({ "effect": lose, "domain": "API.agora.io" })), "command.rule.domain is"),
        (json!({ "type": "addRule", "rule": { "effect": lose }, "forMs": 0 }), "command.forMs is 0"),
        (
            json!({ "type": "addRule", "rule": { "effect": lose, "untilMs": 9 }, "forMs": 1 }),
            "command.forMs and command.rule.untilMs",
        ),
        (effect(json!("lose")), "command.rule.effect must be an object"),
        (effect(json!({ "type": "lost" })), "command.rule.effect: unknown variant `lost`"),
        (
            effect(json!({ "type": "lose", "ms": 1 })),
            "command.rule.effect.ms: unknown field `ms`, lose has none",
        ),
        (effect(json!({ "type": "delay" })), "command.rule.effect: missing field `ms`"),
        (effect(json!({ "type": "delay", "ms": 86_400_001 })), "command.rule.effect.ms is 86400001"),
        (
            effect(json!({ "type": "answer", "status": "500" })),
            "command.rule.effect.status: invalid type: string \"500\", expected an integer from 0 to 65535",
        ),
        (effect(json!({ "type": "answer", "status": 199 })), "command.rule.effect.status is 199"),
        (
            effect(json!({ "type": "answer", "status": 500, "retryAfter": "1\n" })),
            "command.rule.effect.retryAfter is",
        ),
        (
            effect(json!({ "type": "answer", "status": 500, "code": 1, "body": "" })),
            "command.rule.effect.code is not used",
        ),
        (
            effect(json!({ "type": "otherTask", "which": "mine" })),
            "command.rule.effect.which: unknown variant `mine`",
        ),
        (
            effect(json!({ "type": "otherTask", "which": "live", "status": 600 })),
            "command.rule.effect.status is 600",
        ),
        (
            rule(json!({ "call": "acquire", "effect": { "type": "otherTask", "which": "live" } })),
            "command.rule.call is acquire, but must be create or query or update or delete with the effect otherTask",
        ),
        (
            rule(json!({ "call": "presence", "effect": { "type": "noTaskId" } })),
            "command.rule.call is presence, but must be create or query or delete with the effect noTaskId",
        ),
    ] {
        let found = refusal(&command);
        assert!(found.starts_with(message), "{command}: {found}");
    }
}

#[test]
fn a_command_that_matches_nothing_is_an_error() {
    let mut client = Client::new(Profile::default());
    let matched = |client: &mut Client, command: Value| {
        let command = Command::from_json(&command.to_string()).unwrap();
        client.emulator.advance(client.now);
        client.emulator.check_command(&command)
    };
    let away = |channel: &str| json!({ "type": "hosts", "channel": channel, "present": false });
    let kill = json!({ "type": "kill", "uid": 7 });
    assert_eq!(
        matched(&mut client, kill.clone()),
        Err("command.uid is 7, but must be of a live task, and there is none".to_owned())
    );
    assert_eq!(matched(&mut client, away("studoi")), Ok(()), "without tasks, every channel is accepted");
    let (task, token) = client.running("show-1", 7);
    client.running("show-2", 8);
    assert_eq!(matched(&mut client, kill.clone()), Ok(()));
    assert_eq!(matched(&mut client, json!({ "type": "kill", "uid": 7, "taskId": task })), Ok(()));
    assert_eq!(
        matched(&mut client, json!({ "type": "kill", "uid": 8, "taskId": task })),
        Err("command.uid is 8, but must be of a live task (7, 8)".to_owned()),
        "both must match"
    );
    assert_eq!(
        matched(&mut client, json!({ "type": "fail", "uid": 9, "recovers": true })),
        Err("command.uid is 9, but must be of a running task (7, 8)".to_owned())
    );
    assert!(
        matched(&mut client, json!({ "type": "kill", "taskId": "t" })).is_err_and(
            |message| message.starts_with("command.taskId is \"t\", but must be of a live task (")
        )
    );
    assert_eq!(
        matched(&mut client, away("studoi")),
        Err("command.channel is \"studoi\", but must be an input channel of a task (studio)".to_owned())
    );
    assert_eq!(matched(&mut client, away("studio")), Ok(()));
    client.task("DELETE", &task, &token);
    assert_eq!(
        matched(&mut client, kill),
        Err("command.uid is 7, but must be of a live task (8)".to_owned())
    );
    let until =
        |until| json!({ "type": "addRule", "rule": { "untilMs": until, "effect": { "type": "lose" } } });
    assert_eq!(
        matched(&mut client, until(client_time(&Client::new(Profile::default())) + 1_000_000)),
        Ok(())
    );
    assert!(
        matched(&mut client, until(5)).is_err_and(|message| message.starts_with("command.rule.untilMs is 5"))
    );
}

fn client_time(client: &Client) -> u64 {
    client.now
}

#[test]
fn errors_of_profiles_name_the_field() {
    for (profile, message) in [
        (json!(null), "profile: invalid type: null, expected an object"),
        (json!([1, 2]), "profile"),
        (json!("fast"), "profile: invalid type: string \"fast\", expected an object"),
        (json!({ "sed": 1 }), "profile.sed: unknown field `sed`"),
        (json!({ "seed": -1 }), "profile.seed: invalid value: integer `-1`"),
        (json!({ "seed": 1.5 }), "profile.seed: invalid type: floating point `1.5`"),
        (json!({ "seed": "1" }), "profile.seed: invalid type: string \"1\""),
        (json!({ "seed": 9_007_199_254_740_992_u64 }), "profile.seed is 9007199254740992"),
        (json!({ "authorization": "Basic" }), "profile.authorization must be"),
        (json!({ "authorization": "s3cret" }), "profile.authorization must be"),
        (json!({ "strict": 1 }), "profile.strict: invalid type: integer `1`, expected a boolean"),
        (json!({ "callsPerSecond": 0 }), "profile.callsPerSecond is 0, but must be at least 1"),
        (json!({ "callsPerSecond": 4_294_967_296_u64 }), "profile.callsPerSecond: invalid value"),
        (json!({ "retryAfterS": "1" }), "profile.retryAfterS: invalid type"),
        (json!({ "pcw": 0 }), "profile.pcw is 0"),
        (json!({ "answerMs": [1] }), "profile.answerMs: invalid length 1, expected an array of two integers"),
        (json!({ "answerMs": [2, 1] }), "profile.answerMs is [2, 1]"),
        (json!({ "answerMs": [0, 86_400_001] }), "profile.answerMs is [0, 86400001]"),
        (json!({ "answerMs": ["0", 1] }), "profile.answerMs[0]: invalid type: string \"0\""),
        (json!({ "startUp": null }), "profile.startUp: invalid type: null, expected an object"),
        (
            json!({ "startUp": { "takesMs": [0, 1e30] } }),
            "profile.startUp.takesMs[1]: invalid type: floating point",
        ),
        (json!({ "startUp": { "failsPercent": 101 } }), "profile.startUp.failsPercent is 101"),
        (
            json!({ "startUp": { "hangsPercent": 256 } }),
            "profile.startUp.hangsPercent: invalid value: integer `256`",
        ),
        (json!({ "repeatCreate": 409 }), "profile.repeatCreate: invalid type: integer `409`"),
        (
            json!({ "updates": "all" }),
            "profile.updates: unknown variant `all`, expected `documented` or `any`",
        ),
        (json!({ "wrongTokenStatus": 200 }), "profile.wrongTokenStatus is 200, but must be 403 or 404"),
        (json!({ "numericStatus": "yes" }), "profile.numericStatus: invalid type"),
        (json!({ "forgetAfterMs": u64::MAX }), "profile.forgetAfterMs is"),
        (json!({ "migrationTakesMs": [0, u64::MAX] }), "profile.migrationTakesMs is"),
        (json!({ "presenceMissesPercent": 101 }), "profile.presenceMissesPercent is 101"),
        (
            json!({ "notifications": true }),
            "profile.notifications: invalid type: boolean `true`, expected an object",
        ),
        (
            json!({ "notifications": { "secret": 5 } }),
            "profile.notifications.secret: invalid type: integer `5`, expected a string",
        ),
        (
            json!({ "notifications": { "doubledPercent": 101 } }),
            "profile.notifications.doubledPercent is 101",
        ),
        (json!({ "notifications": { "latePercent": 101 } }), "profile.notifications.latePercent is 101"),
    ] {
        let found = Profile::from_json(&profile.to_string()).unwrap_err();
        assert!(found.starts_with(message), "{profile}: {found}");
        assert!(!found.contains("s3cret"), "{found}");
    }
    assert_eq!(
        Profile::from_json("{"),
        Err("profile is not JSON: EOF while parsing an object at line 1 column 1".to_owned())
    );
    assert_eq!(Profile::from_json("{}"), Ok(Profile::default()));
}
