//! Hosts: their rules, and that each leads to one service.

use gantry_spec::{FaultCode, parse};

use crate::{refusal, service};

#[test]
fn a_host_is_held_to_its_rules_wherever_it_stands() {
    let rows = [
        ("shop.example.com", FaultCode::WrongType, "7:14"),
        ("{host: a.b}", FaultCode::WrongType, "7:14"),
        ("[shop]", FaultCode::BadHost, "7:15"),
        ("[https://a.b/c]", FaultCode::BadHost, "7:15"),
        ("[\"*.a.b\"]", FaultCode::BadHost, "7:15"),
        ("[web.shop.localhost]", FaultCode::ReservedName, "7:15"),
        ("[{redirect: a.b}]", FaultCode::MissingKey, "7:15"),
        ("[{host: a.b, redirect: x}]", FaultCode::BadHost, "7:37"),
        (
            "[{host: a.b, redirect: a.b}]",
            FaultCode::Contradiction,
            "7:37",
        ),
        ("[{host: a.b, to: c.d}]", FaultCode::UnknownKey, "7:27"),
        ("[a.b, c.d, A.B]", FaultCode::DuplicateHost, "7:25"),
        (
            "[{host: a.b, redirect: c.d}, {host: c.d, redirect: e.f}]",
            FaultCode::Contradiction,
            "7:37",
        ),
    ];
    for (domains, code, place) in rows {
        let text = service(&format!("port: 80\n    domains: {domains}"));
        assert_eq!(refusal(&text), (code, place.to_owned()), "{domains}");
    }
}

#[test]
fn a_host_leads_to_one_service_of_the_file() {
    let text = "gantry: 1\nproject: shop\nservices:\n  web: {image: a, port: 80, domains: [a.b]}\n  api: {image: a, port: 80, domains: [{host: A.b}]}\n";
    let faults = parse(text).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(
        faults[0].to_string(),
        "5:39: a.b stands here a second time, first at line 4; keep one of them; a host leads to one service"
    );
}
