use proptest::prelude::*;

use super::*;

/// base64 of `customer-id:p4ss+w0rd/of the customer~`, without its end.
const HEADER: &str = "Y3VzdG9tZXItaWQ6cDRzcyt3MHJkL29mIHRoZSBjdXN0b21lcn4";
const SECRET: &str = "p4ss+w0rd/of_the-customer~";

fn redactor() -> Redactor {
    redactor_of(&[HEADER, SECRET, "t0ken-of-a-builder"])
}

fn redactor_of(secrets: &[&str]) -> Redactor {
    Redactor::new(&secrets.iter().map(|secret| (*secret).to_owned()).collect::<Vec<_>>())
}

fn redacted(text: &str) -> String {
    redactor().text(text)
}

/// Formats each byte with this function.
fn written(secret: &str, byte: impl Fn(u8) -> String) -> String {
    secret.bytes().map(byte).collect()
}

#[test]
fn a_secret_is_found_in_every_form() {
    let same = |byte: u8| char::from(byte).to_string();
    let special = |byte: u8| !byte.is_ascii_alphanumeric();
    for secret in [HEADER, SECRET] {
        let ways = [
            secret.to_owned(),
            secret.to_uppercase(),
            secret.to_lowercase(),
            secret.replace('+', "-").replace('/', "_"),
            secret.replace('+', " "),
            written(secret, |byte| format!("%{byte:02X}")),
            written(secret, |byte| format!("%{byte:02x}")),
            written(secret, |byte| format!("%2525{byte:02x}")),
            written(secret, |byte| if special(byte) { format!("%{byte:02x}") } else { same(byte) }),
            written(secret, |byte| format!("\\u{byte:04x}")),
            written(secret, |byte| format!("\\\\\\u{byte:04X}")),
            written(
                secret,
                |byte| if special(byte) { format!("\\{}", char::from(byte)) } else { same(byte) },
            ),
            written(secret, |byte| format!("&#{byte};")),
            written(secret, |byte| if special(byte) { format!("&#x{byte:X};") } else { same(byte) }),
            secret.split_at(20).0.to_owned() + "\r\n" + secret.split_at(20).1,
            secret.split_at(20).0.to_owned() + "\\r\\n" + secret.split_at(20).1,
        ];
        for way in ways {
            assert_eq!(redacted(&format!("not allowed: {way} of you")), "not allowed: … of you");
            assert!(redactor().finds(&way), "{way}");
        }
    }
    assert_eq!(redacted(r"CORP\t0ken-of-a-builder"), "CORP\\…");
    assert_eq!(redactor_of(&["rtmp://a/l?k=1&e=2"]).text("at rtmp://a/l?k=1&amp;e=2!"), "at …!");
    assert_eq!(
        redactor_of(&["k%C3%A9y/直播-key"]).text("kéy%2F%E7%9B%B4%E6%92%AD-key and k\\u00e9y/直播-key"),
        "… and …"
    );
}

#[test]
fn every_authorization_header_is_redacted() {
    assert_eq!(redacted(&format!("Authorization: Basic {HEADER}==")), "Authorization: Basic …");
    assert_eq!(redacted("authorization: basic Zm9yZWlnbjpzZWNyZXQ="), "authorization: basic …");
    assert_eq!(
        redacted("{\"Authorization\":\"Bearer\u{20}eyJhbGciOi.J9_x-1\"}"),
        "{\"Authorization\":\"Bearer …\"}"
    );
    assert_eq!(redacted("Authorization=Basic+Zm9yZWlnbg%3D%3D&a=b"), "Authorization=Basic+…&a=b");
    assert_eq!(redacted("basic%20Zm9yZWlnbg"), "basic%20…");
    for words in [
        "Basic authentication failed",
        "BASIC Authentication needed",
        "use Basic auth",
        "basically 100000000",
    ] {
        assert_eq!(redacted(words), words);
    }
}

#[test]
fn nested_and_adjacent_secrets_are_redacted() {
    let redactor = redactor_of(&["abc12345", "12345xyz9", "345xy", "abc12345xyz", "zz999999"]);
    assert_eq!(redactor.text("-abc12345xyz9-"), "-…-");
    assert_eq!(redactor.text("abc12345zz999999"), "…");
    assert_eq!(redactor.text("abc12345 zz999999"), "… …");
    assert_eq!(redactor.text("345xy"), "345xy", "too short");
}

#[test]
fn short_strings_and_words_are_not_redacted() {
    for word in ["", "test", "12345", "secret", "transcoder", "authentication", "直播直播直播直播"] {
        assert!(!is_secret(word), "{word}");
        let said = format!("the {word} of it");
        assert_eq!(redactor_of(&[word]).text(&said), said);
    }
    for secret in ["123456", "s3cret", "test-one", "qwertyuiopasdfgh", "007eJxTYD", "直播直播直播直播1"]
    {
        assert!(is_secret(secret), "{secret}");
        assert_eq!(redactor_of(&[secret]).text(&format!("the {secret} of it")), "the … of it");
    }
}

#[test]
fn a_truncated_text_shows_no_part_of_a_secret() {
    let long = "0123456789".repeat(30);
    let redactor = redactor_of(&[long.as_str()]);
    assert_eq!(redactor.text(&format!("{}{long}{}", "x".repeat(299), "y".repeat(9))), "x".repeat(299) + "…");
    assert_eq!(redactor.text(&format!("{}{long}", "x".repeat(300))), "x".repeat(300));
    assert_eq!(redactor.text(&format!("{long}{}", "é".repeat(400))), "…".to_owned() + &"é".repeat(299));
    // A message that was truncated on its way.
    assert_eq!(redactor.text("said: 012345"), "said: …");
    assert_eq!(redactor.text("said: 01234"), "said: 01234");
    // The part that is read ends within a secret.
    let many = format!("{} {long}", format!("{long} ").repeat(54));
    assert!(many.len() > MAX_TEXT_BYTES);
    assert_eq!(redactor.text(&many), "… ".repeat(54) + " …");
}

#[test]
fn a_text_becomes_one_line_without_control_characters() {
    assert_eq!(redacted("a\r\nb\tc\0d\u{1b}[31me\u{85}f\u{202e}g\u{200b}h\u{feff}"), "a  b c d [31me f g h");
    assert_eq!(redacted("直播 — é 😀"), "直播 — é 😀");
}

#[test]
fn debug_text_shows_no_secrets() {
    assert_eq!(format!("{:?}", DriverSecrets::new([SECRET.to_owned()])), "…");
}

proptest! {
    #[test]
    fn any_text_is_redacted_without_panic(text in "(\\PC|%|\\\\|&#|u00|Basic |\u{1}){0,60}", secret in "\\PC{0,20}") {
        let redactor = redactor_of(&[secret.as_str()]);
        let shown = redactor.text(&text);
        prop_assert!(shown.chars().count() <= MAX_TEXT_CHARS);
        prop_assert!(!redactor.finds(&shown), "{shown}");
    }

    #[test]
    fn no_part_of_a_secret_remains_at_any_position(before in "[a-z ]{0,320}", after in "[a-z ]{0,40}") {
        let said = redacted(&format!("{before}{SECRET}{after}"));
        prop_assert!(!said.contains("p4"), "{said}");
        let whole: String = format!("{before}…{after}").chars().take(300).collect();
        prop_assert_eq!(said, whole.trim_end());
    }
}
