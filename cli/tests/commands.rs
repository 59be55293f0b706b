//! The command line as a program: what it writes, what it prints, and what it says when it cannot.

#[cfg(test)]
mod commands {
    mod keys;
    mod policy;
    mod purge;
    mod search;
    mod server;
    mod sign;
    mod support;
    mod token;
    mod upload;

    use self::support::Folder;

    const ALL: [&[&str]; 13] = [
        &[],
        &["key"],
        &["key", "new"],
        &["key", "rotate"],
        &["key", "jwks"],
        &["sign"],
        &["purge"],
        &["token"],
        &["upload"],
        &["search"],
        &["policy"],
        &["policy", "check"],
        &["policy", "show"],
    ];

    #[test]
    fn every_command_has_help_and_those_that_act_have_an_example() {
        let folder = Folder::new("help");
        for command in ALL {
            let help = folder.run(&[command, &["--help"]].concat());
            assert_eq!(help.code, 0, "{command:?}");
            assert!(help.out.contains("Usage: lenslet"), "{command:?}: {}", help.out);
            let acts = !matches!(command, [] | ["key" | "policy"]);
            let example = format!("\n  lenslet {}", command.join(" "));
            assert!(!acts || help.out.contains(&example), "{command:?}: {}", help.out);
        }
    }

    #[test]
    fn every_option_has_an_example() {
        let folder = Folder::new("options");
        for command in ALL {
            let help = folder.run(&[command, &["-h"]].concat()).out;
            let options = help.split("Options:").nth(1).unwrap().split("\n\n").next().unwrap();
            for option in options.split("\n  ").map(str::trim).filter(|text| text.starts_with("--")) {
                assert!(option.contains('`'), "{command:?}: {option}");
            }
        }
    }

    #[test]
    fn what_is_misspelt_is_a_usage_error() {
        let folder = Folder::new("usage");
        for command in
            [&["sing"][..], &["sign", "--keys", "k"], &["key", "new", "--for", "urls", "--kid", "a b"]]
        {
            assert_eq!(folder.run(command).code, 2, "{command:?}");
        }
    }
}
