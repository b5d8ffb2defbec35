//! Tests of the parser as a whole.

use super::*;
use crate::build::instruction::command_line::CommandLine;
use proptest::prelude::*;

/// Parses one instruction after `FROM x`, and shows it without positions.
fn check(text: &str, expected: &str) {
    let file = format!("FROM x\n{text}\n");
    let found = match Dockerfile::parse("Dockerfile", file.as_bytes()) {
        Ok(dockerfile) => plain(&dockerfile.stages[0].steps[0].instruction),
        Err(error) => format!(
            "! {}",
            error.message.replacen("dockerfile parse error on ", "", 1)
        ),
    };
    assert_eq!(found, expected, "{text}");
}

/// The debug form of an instruction, reduced to what the tests need.
fn plain(instruction: &Instruction) -> String {
    let texts =
        |words: &[Word]| -> Vec<String> { words.iter().map(|word| word.text.clone()).collect() };
    let command = |command: &CommandLine| match command {
        CommandLine::Shell(text) => format!("sh {:?}", text.text),
        CommandLine::Exec(words) => format!("exec {words:?}"),
    };
    match instruction {
        Instruction::Run(run) => command(&run.command),
        Instruction::Cmd(cmd) => command(&cmd.command),
        Instruction::Entrypoint(entrypoint) => command(&entrypoint.command),
        Instruction::Copy(copy) => format!(
            "{:?} -> {:?} from {:?} chown {:?}",
            texts(&copy.transfer.sources),
            copy.transfer.destination.text,
            copy.from.as_ref().map(|word| &word.text),
            copy.transfer.chown.as_ref().map(|word| &word.text),
        ),
        Instruction::Env(env) => {
            let pairs = env.pairs.iter();
            let pairs: Vec<_> = pairs
                .map(|pair| (&pair.key.text, &pair.value.text))
                .collect();
            format!("{pairs:?}")
        }
        Instruction::Healthcheck(check) => format!("{:?}", check.check.test),
        Instruction::Onbuild(onbuild) => onbuild.trigger.clone(),
        Instruction::Volume(volume) => format!("{:?}", texts(&volume.paths)),
        Instruction::Workdir(workdir) => workdir.path.text.clone(),
        Instruction::User(user) => user.user.text.clone(),
        Instruction::Expose(expose) => format!("{:?}", texts(&expose.ports)),
        other => other.keyword().to_owned(),
    }
}

#[test]
fn commands_have_a_shell_and_an_exec_form() {
    check("RUN echo \"a b\"", r#"sh "echo \"a b\"""#);
    check("run [\"echo\", \"a b\"]", r#"exec ["echo", "a b"]"#);
    check("CMD ['single']", r#"sh "['single']""#);
    check("CMD []", "exec []");
    check(
        "CMD [1]",
        "! line 2: when using JSON array syntax, arrays must be comprised of strings only",
    );
    check("RUN", "! line 2: RUN requires at least one argument");
    check("ENTRYPOINT [ \"a\" ]", r#"exec ["a"]"#);
}

#[test]
fn copy_takes_words_or_json() {
    check(
        "COPY a b /c/",
        r#"["a", "b"] -> "/c/" from None chown None"#,
    );
    check(
        "COPY [\"a b\", \"/c d\"]",
        r#"["a b"] -> "/c d" from None chown None"#,
    );
    check(
        "COPY --from=builder --chown=1:1 a /b",
        r#"["a"] -> "/b" from Some("builder") chown Some("1:1")"#,
    );
    check(
        "COPY a",
        "! line 2: COPY requires at least two arguments, but only one was provided. Destination could not be determined",
    );
    check("COPY", "! line 2: COPY requires at least two arguments");
}

#[test]
fn flags_are_checked_per_instruction() {
    check(
        "COPY --form=x a b",
        "! line 2: unknown flag: --form (did you mean from?)",
    );
    check("COPY --from a b", "! line 2: missing a value on flag: from");
    check(
        "COPY --from=a --from=b a b",
        "! line 2: duplicate flag specified: from",
    );
    check("ENV --x A=1", "! line 2: unknown flag: --x");
    check(
        "COPY --link=x a b",
        "! line 2: expecting boolean value for flag link, not: x",
    );
    check("RUN -- x", r#"sh "x""#);
}

#[test]
fn env_has_two_forms() {
    check("ENV A=1 B=\"x y\"", r#"[("A", "1"), ("B", "\"x y\"")]"#);
    check("ENV A some  value", r#"[("A", "some  value")]"#);
    check("ENV A", "! line 2: ENV must have two arguments");
    check(
        "ENV A=1 B",
        "! line 2: Syntax error - can't find = in \"B\". Must be of the form: name=value",
    );
    check("ENV =1", "! line 2: ENV names can not be blank");
    check(
        "ENV A=\"x",
        "! line 2: unexpected end of statement while looking for matching double-quote",
    );
}

#[test]
fn healthchecks_know_none_and_cmd() {
    check("HEALTHCHECK NONE", r#"["NONE"]"#);
    check(
        "HEALTHCHECK --interval=5s CMD curl x",
        r#"["CMD-SHELL", "curl x"]"#,
    );
    check("HEALTHCHECK CMD [\"a\"]", r#"["CMD", "a"]"#);
    check(
        "HEALTHCHECK curl",
        "! line 2: Unknown type \"curl\" in HEALTHCHECK (try CMD)",
    );
    check(
        "HEALTHCHECK CMD",
        "! line 2: Missing command after HEALTHCHECK CMD",
    );
    check(
        "HEALTHCHECK --interval=5 CMD x",
        "! line 2: invalid duration \"5\"",
    );
}

#[test]
fn onbuild_keeps_an_instruction_and_refuses_some() {
    check("ONBUILD RUN echo hi", "RUN echo hi");
    check("onbuild copy --chown=1 a b", "copy --chown=1 a b");
    check("ONBUILD RUN <<E\nx\nE", "RUN <<E\nx\nE");
    check(
        "ONBUILD ONBUILD RUN x",
        "! line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
    );
    check(
        "ONBUILD FROM x",
        "! line 2: FROM isn't allowed as an ONBUILD trigger",
    );
    check(
        "ONBUILD RNU x",
        "! line 2: unknown instruction: RNU (did you mean RUN?)",
    );
}

#[test]
fn unknown_instructions_are_named_with_what_was_meant() {
    check(
        "RUNN x",
        "! line 2: unknown instruction: RUNN (did you mean RUN?)",
    );
    check(
        "COPPY a b",
        "! line 2: unknown instruction: COPPY (did you mean COPY?)",
    );
    check(
        "apt-get install x",
        "! line 2: unknown instruction: APT-GET",
    );
}

fn error(text: &str) -> BuildError {
    Dockerfile::parse("Dockerfile", text.as_bytes()).unwrap_err()
}

#[test]
fn a_stage_comes_first() {
    assert!(
        error("RUN x")
            .message
            .ends_with("no build stage in current context")
    );
    assert!(
        error("ARG A=1")
            .message
            .ends_with("no build stage in current context")
    );
    for empty in ["", "\n\n", "# only this\n"] {
        assert_eq!(
            error(empty).message,
            "the Dockerfile (Dockerfile) cannot be empty"
        );
    }
    assert!(
        error("FROM")
            .message
            .contains("either one or three arguments")
    );
    assert!(
        error("FROM a b")
            .message
            .contains("either one or three arguments")
    );
    assert!(
        error("FROM a AS 1x")
            .message
            .contains("invalid name for build stage: \"1x\"")
    );
}

#[test]
fn stages_and_global_arguments_are_told_apart() {
    let text = "ARG V=1\nFROM a:$V AS One\nRUN x\nFROM one\nARG W\n";
    let file = Dockerfile::parse("d", text.as_bytes()).unwrap();
    assert_eq!(file.global_args.len(), 1);
    assert_eq!(file.stages.len(), 2);
    assert_eq!(file.stage_named("ONE", 1).map(|stage| stage.index), Some(0));
    assert!(file.stage_named("one", 0).is_none());
    assert_eq!(file.stages[1].title(), "stage-1");
}

#[test]
fn errors_point_at_the_place() {
    let error = error("FROM x\nCOPY a \\\n  --oops \\\n  /b\nENV A=1 B C=2\n");
    assert_eq!((error.line, error.column, error.length), (5, 9, 1));
    assert_eq!(error.source_line, "ENV A=1 B C=2");
    let shown = error.to_string();
    assert!(shown.contains("--> Dockerfile:5:9\n"), "{shown}");
    assert!(shown.ends_with("  |         ^"), "{shown}");
}

#[test]
fn heredocs_are_scripts_files_or_standard_input() {
    let text =
        "FROM x\nRUN <<E\na\nE\nRUN cat <<E\na\nE\nCOPY <<-a.txt <<b c /d/\n\t1\n\ta.txt\n2\nb\n";
    let file = Dockerfile::parse("d", text.as_bytes()).unwrap();
    let steps = &file.stages[0].steps;
    let shell = ["sh".to_owned(), "-c".to_owned()];
    let argv = |index: usize| match &steps[index].instruction {
        Instruction::Run(run) => run.argv(&shell)[2].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(argv(0), "a\n");
    assert_eq!(argv(1), "cat <<E\na\nE");
    let Instruction::Copy(copy) = &steps[2].instruction else {
        panic!("{:?}", steps[2]);
    };
    let names: Vec<_> = copy
        .transfer
        .heredocs
        .iter()
        .map(|h| (h.name.as_str(), h.text()))
        .collect();
    assert_eq!(
        names,
        [("a.txt", "1\n".to_owned()), ("b", "2\n".to_owned())]
    );
    assert_eq!(copy.transfer.sources.len(), 1);
}

/// Text similar enough to a Dockerfile to get deep into the parser.
fn dockerfile_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("FROM x AS y\n".to_owned()),
        Just("RUN cat <<E <<-'F'\n".to_owned()),
        Just("\tF\nE\n".to_owned()),
        Just("# escape=`\n".to_owned()),
        Just(" \\\n".to_owned()),
        Just(" `\r\n".to_owned()),
        Just("# c\n".to_owned()),
        "(ENV|ARG|LABEL|COPY|ADD|EXPOSE|USER|VOLUME|ONBUILD|HEALTHCHECK|SHELL|CMD) ",
        "--[a-z]{1,8}(=[a-z\"$]{0,4})? ",
        "[A-Za-z=\"'$\\{\\}:/#%<> \\[\\],żó]{0,12}",
        Just("\n".to_owned()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(error) = Dockerfile::parse("Dockerfile", &bytes) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn what_is_displayed_parses_to_the_same(text in dockerfile_like()) {
        let text = format!("FROM x\n{text}");
        match Dockerfile::parse("Dockerfile", text.as_bytes()) {
            Err(error) => prop_assert!(error.line >= 1 && error.column >= 1 && error.length >= 1),
            Ok(first) => {
                let shown = first.to_string();
                let second = Dockerfile::parse("Dockerfile", shown.as_bytes());
                let second = second.map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?;
                prop_assert_eq!(second.to_string(), shown);
                prop_assert_eq!(first.stages.len(), second.stages.len());
                let pairs = first.stages.iter().zip(&second.stages);
                for (one, two) in pairs.flat_map(|(one, two)| one.steps.iter().zip(&two.steps)) {
                    prop_assert_eq!(plain(&one.instruction), plain(&two.instruction));
                    prop_assert_eq!(&one.written.text, &two.written.text);
                }
            }
        }
    }
}
