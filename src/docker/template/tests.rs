//! Templates and their output. The expected texts were recorded from Docker 28's command line.

use super::*;
use crate::docker::value::{Map, Missing, Struct};
use std::collections::BTreeMap;

/// A small container as `inspect` shows it.
fn container() -> Value {
    let ports = Map::of(
        Missing::List,
        [
            ("53/udp", Value::List(None)),
            (
                "80/tcp",
                Value::list([
                    Struct::new("nat.PortBinding")
                        .with("HostIp", "0.0.0.0")
                        .with("HostPort", "8080"),
                    Struct::new("nat.PortBinding")
                        .with("HostIp", "::")
                        .with("HostPort", "8080"),
                ]),
            ),
        ],
    );
    let state = Struct::new("container.State")
        .with("Status", "exited")
        .with("Running", false)
        .with("ExitCode", 2)
        .with("Error", "")
        .with_unless_empty("Health", Value::Nil);
    let networks = Map::of(
        Missing::Nil,
        [(
            "bridge",
            Struct::new("network.EndpointSettings")
                .with("IPAddress", "172.17.0.2")
                .into(),
        )],
    );
    Struct::new("container.InspectResponse")
        .with_renamed("ID", "Id", "0123")
        .with("Name", "/c1")
        .with("Args", Value::list(["-c", "exit 2"]))
        .with("State", state)
        .with(
            "Config",
            Struct::new("container.Config")
                .with("Labels", Map::of_texts([("b", "2"), ("a", "1")]))
                .with("Entrypoint", Value::List(None)),
        )
        .with(
            "NetworkSettings",
            Struct::new("container.NetworkSettings")
                .with("Ports", ports)
                .with("Networks", networks),
        )
        .into()
}

#[track_caller]
fn check(source: &str, expected: &str) {
    let found = match Template::parse(source) {
        Ok(template) => template.execute_inspecting(&container()),
        Err(error) => Err(error),
    };
    let found = found.unwrap_or_else(|error| error.to_string());
    assert_eq!(found, expected, "{source}");
}

#[test]
fn fields_and_values_print_as_go_prints_them() {
    check("{{.Name}}", "/c1");
    check("{{.Args}}", "[-c exit 2]");
    check("{{.State}}", "{exited false 2  <nil>}");
    check("{{.State.Health}}", "<nil>");
    check("{{.Config.Labels}}", "map[a:1 b:2]");
    check("{{.Config.Entrypoint}}", "[]");
    check(
        "{{.NetworkSettings.Ports}}",
        "map[53/udp:[] 80/tcp:[{0.0.0.0 8080} {:: 8080}]]",
    );
    check(
        "{{(.State).Status}} {{$.Name}} {{$.State.Status}}",
        "exited /c1 exited",
    );
    check("{{1.5}} {{0.00001}} {{true}} {{-3}}", "1.5 1e-05 true -3");
}

#[test]
fn json_has_dockers_field_names_and_order() {
    check("{{json .Args}}", r#"["-c","exit 2"]"#);
    check("{{.Config.Entrypoint | json}}", "null");
    check(
        "{{json .State}}",
        r#"{"Status":"exited","Running":false,"ExitCode":2,"Error":""}"#,
    );
    check(r#"{{json "<a> & \"b\""}}"#, r#""<a> & \"b\"""#);
}

#[test]
fn a_field_that_only_the_json_has_is_found_there() {
    check("{{.Id}} {{.Config.Entrypoint}}", "0123 <no value>");
}

#[test]
fn missing_things_give_gos_words() {
    check("{{.Config.Labels.zz}}", "<no value>");
    check(r#"{{index .Config.Labels "zz"}}|"#, "|");
    check(
        "{{.Nope}}",
        r#"template: :1:2: executing "" at <.Nope>: map has no entry for key "Nope""#,
    );
    check(
        "{{.State.Health.Status}}",
        r#"template: :1:8: executing "" at <.State.Health.Status>: map has no entry for key "Health""#,
    );
    check(
        r#"{{(index .NetworkSettings.Networks "x").IPAddress}}"#,
        r#"template: :1:35: executing "" at <"x">: nil data; no entry for key "IPAddress""#,
    );
    check(
        "{{.Name.Foo}}",
        r#"template: :1:7: executing "" at <.Name.Foo>: can't evaluate field Foo in type string"#,
    );
}

#[test]
fn index_reaches_into_maps_and_lists() {
    check(
        r#"{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}"#,
        "8080",
    );
    check(
        r#"{{(index .NetworkSettings.Networks "bridge").IPAddress}}"#,
        "172.17.0.2",
    );
    check("{{index .Args 1}}", "exit 2");
    check(
        "{{index .Args 9}}",
        r#"template: :1:2: executing "" at <index .Args 9>: error calling index: index out of range: 9"#,
    );
}

#[test]
fn range_walks_lists_maps_and_numbers() {
    check("{{range .Args}}<{{.}}>{{end}}", "<-c><exit 2>");
    check(
        "{{range $i, $e := .Args}}{{if $i}}, {{end}}{{$e}}{{else}}none{{end}}",
        "-c, exit 2",
    );
    check("{{range .Config.Entrypoint}}x{{else}}none{{end}}", "none");
    check(
        "{{range $p, $c := .NetworkSettings.Ports}}{{$p}}={{len $c}} {{end}}",
        "53/udp=0 80/tcp=2 ",
    );
    check(
        "{{range $p, $c := .NetworkSettings.Ports}}{{range $c}}{{$p}} -> {{.HostIp}}:{{.HostPort}};{{end}}{{end}}",
        "80/tcp -> 0.0.0.0:8080;80/tcp -> :::8080;",
    );
    check(
        "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}",
        "a=1;b=2;",
    );
    check(
        "{{range .Name}}x{{end}}",
        r#"template: :1:8: executing "" at <.Name>: range can't iterate over /c1"#,
    );
}

#[test]
fn if_with_and_variables() {
    check(
        "{{if .State.Running}}up{{else if .State.ExitCode}}bad{{else}}ok{{end}}",
        "bad",
    );
    check(
        "{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}",
        "none",
    );
    check("{{with .State}}{{.Status}}{{end}}", "exited");
    check("{{with .State.Health}}h{{else}}none{{end}}", "none");
    check(
        "{{with .State.Health}}h{{else with .Name}}{{.}}{{end}}",
        "/c1",
    );
    check("{{with $x := 5}}{{$x}}{{end}}{{$y := 1}}{{$y}}", "51");
    check("{{$s := .State}}{{$s.Status}}", "exited");
}

#[test]
fn functions_answer_as_dockers() {
    check(
        r#"{{join .Args ":"}} {{split "a,b" ","}} {{title "hello world"}}"#,
        "-c:exit 2 [a b] Hello World",
    );
    check(r#"{{pad "x" 1 2}}| {{truncate "hello" 3}}"#, " x  | hel");
    check(
        r#"{{upper .Name}} {{lower "ABC"}} {{len .Name}}"#,
        "/C1 abc 3",
    );
    check(r#"{{eq 1 2 1}} {{len "hello"}}"#, "true 5");
    check(
        r#"{{and 1 0 2}} {{or 0 "" "z"}} {{not 1}} {{ne "a" "b"}}"#,
        "0 z false true",
    );
    check("{{and .State.Health .State.Health.Status}}", "<nil>");
    check(r#"{{println 1 "a" true}}|"#, "1 a true\n|");
    check(
        r#"{{.State.ExitCode | json}}{{"a" | printf "%s%s" "b"}}"#,
        "2ba",
    );
}

#[test]
fn printf_knows_gos_verbs_and_complaints() {
    check(
        r#"{{printf "%5.2f|%-5s|%05d|%q|%v" 1.5 "ab" 42 "q\"" .Args}}"#,
        r#" 1.50|ab   |00042|"q\""|[-c exit 2]"#,
    );
    check(
        r#"{{.Name | printf "%s-%d" 3}}"#,
        "%!s(int=3)-%!d(string=/c1)",
    );
    check(
        r#"{{printf "%d" }}|{{printf "%d" 1 "x"}}|{{printf "%"}}"#,
        "%!d(MISSING)|1%!(EXTRA string=x)|%!(NOVERB)",
    );
    check(
        r#"{{printf "%v %f %t %%" 0.5 1.5 true}}"#,
        "0.5 1.500000 true %",
    );
    check(
        r#"{{printf "%08.3f %6.1f|%-6d|%05d|%s" 3.14159 2.0 7 -3 .Args}}"#,
        "0003.142    2.0|7     |-0003|[-c exit 2]",
    );
}

#[test]
fn blanks_are_trimmed() {
    check(r#"x{{- " y " -}} z"#, "x y z");
    check("{{ .Name }}\n{{ .State.Status }}", "/c1\nexited");
}

#[test]
fn what_no_course_types_is_refused_by_name() {
    for (source, what) in [
        (r#"{{define "n"}}{{end}}"#, "define"),
        (r#"{{template "n"}}"#, "template"),
        ("{{block}}", "block"),
        ("{{range .Args}}{{break}}{{end}}", "break"),
        ("{{/* c */}}", "{{/*"),
        ("{{- /* c */ -}}", "{{/*"),
        ("{{$x := 1}}{{$x = 2}}", "="),
        ("{{gt 1 2}}", "gt"),
        ("{{html .Name}}", "html"),
        (r#"{{slice "a" 1}}"#, "slice"),
        ("{{'a'}}", "'"),
        (r#"{{"\x41"}}"#, r"\x"),
    ] {
        let refused = format!(
            "template: :1: `{what}` in a template is not part of docklings; see docs/limits.md"
        );
        check(source, &refused);
    }
    check(
        r#"{{printf "%x" 1}}"#,
        r#"template: :1:2: executing "" at <printf "%x" 1>: error calling printf: `printf %x` in a template is not part of docklings; see docs/limits.md"#,
    );
}

#[test]
fn what_cannot_be_parsed_is_told_in_gos_words() {
    for (source, message) in [
        ("{{.Nope", "unclosed action"),
        ("{{foo}}", "function \"foo\" not defined"),
        ("{{if}}x{{end}}", "missing value for if"),
        ("{{}}", "missing value for command"),
        ("{{end}}", "unexpected {{end}}"),
        ("{{range .Args}}", "unexpected EOF"),
        ("{{$x}}", "undefined variable \"$x\""),
        ("{{1 | 2}}", "non executable command in pipeline stage 2"),
        ("{{\"abc}}", "unterminated quoted string"),
        ("{{.Name}", "bad character U+007D '}'"),
        ("{{.A.}}", "unexpected <.> in operand"),
        ("{{(}}", "unclosed left paren"),
        ("{{()}}", "missing value for parenthesized pipeline"),
        (
            "{{range $x, 1}}{{end}}",
            "range can only initialize variables",
        ),
        (
            "{{range 1}}{{else if 1}}{{end}}",
            "unexpected <if> in input",
        ),
        ("{{\"a\".A}}", "unexpected . after term \"\\\"a\\\"\""),
        ("{{.A,}}", "unexpected \",\" in operand"),
        ("{{1_x}}", "bad number syntax: \"1_x\""),
    ] {
        check(source, &format!("template: :1: {message}"));
    }
    check("a\nb{{foo}}", "template: :2: function \"foo\" not defined");
}

#[test]
fn what_cannot_be_executed_is_told_in_gos_words() {
    for (source, message) in [
        (
            "{{eq \"a\" 1}}",
            r#"2: executing "" at <eq "a" 1>: error calling eq: incompatible types for comparison"#,
        ),
        (
            "{{.Name 1}}",
            r#"2: executing "" at <.Name>: Name is not a method but has arguments"#,
        ),
        (
            "{{upper .State}}",
            r#"8: executing "" at <.State>: wrong type for value; expected string; got map[string]interface {}"#,
        ),
        (
            "{{upper 1}}",
            r#"8: executing "" at <1>: expected string; found 1"#,
        ),
        (
            "{{upper}}",
            r#"2: executing "" at <upper>: wrong number of args for upper: want 1 got 0"#,
        ),
        (
            "{{nil}}",
            r#"2: executing "" at <nil>: nil is not a command"#,
        ),
    ] {
        check(source, &format!("template: :1:{message}"));
    }
}

#[test]
fn a_method_looks_a_key_up() {
    let labels: BTreeMap<_, _> = [("tier".to_owned(), "db".to_owned())].into();
    let row = Value::from(
        Struct::new("*formatter.ContainerContext").with("Label", Value::Lookup(labels)),
    );
    let run = |source| {
        Template::parse(source)
            .unwrap()
            .execute(&row, Functions::Normal)
    };
    assert_eq!(
        run(r#"{{.Label "tier"}}|{{.Label "x"}}|{{"tier" | .Label}}"#).unwrap(),
        "db||db"
    );
    assert_eq!(
        run("{{.Nope}}").unwrap_err().to_string(),
        r#"template: :1:2: executing "" at <.Nope>: can't evaluate field Nope in type *formatter.ContainerContext"#
    );
    assert_eq!(run("{{json .}}").unwrap(), "{}");
}

#[test]
fn nesting_and_output_are_bounded() {
    let deep = format!("{{{{{}1{}}}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(Template::parse(&deep).is_err());
    let blocks = "{{if 1}}".repeat(5000);
    assert!(Template::parse(&blocks).is_err());
    let (open, close) = ("{{range $.Args}}".repeat(60), "{{end}}".repeat(60));
    let flood = Template::parse(&format!("{open}0123456789abcdef{close}")).unwrap();
    assert!(flood.execute(&container(), Functions::Normal).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_parsing_or_executing_panic(source in r#"([{}|.()"'`$ a-c0-9:=,%+-]|\{\{|\}\}|range |if |end|else|json |printf |index |slice |\.Name|\.Args|\.State|ł){0,24}"#) {
        if let Ok(template) = Template::parse(&source) {
            let _ = template.execute_inspecting(&container());
        }
    }
}
