//! The service as a process: how it starts, what it says and how it stops.

#![cfg(test)]

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, ChildStdout, Command, Output, Stdio};
    use std::time::Duration;

    use serde_json::{Value, json};

    fn origin() -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lenslet-origin"));
        let folder = std::env::temp_dir().join(format!("lenslet-process-{}", std::process::id()));
        let (database, store) = (folder.join("catalog.sqlite"), folder.join("objects"));
        command.env_remove("LENSLET_ORIGIN_LOG").env("LENSLET_ORIGIN_ADDR", "127.0.0.1:0");
        command.env("LENSLET_ORIGIN_LOG_FORMAT", "text");
        command.env("LENSLET_ORIGIN_DATABASE", format!("sqlite:{}", database.display()));
        command.env("LENSLET_ORIGIN_STORE", format!("file:{}", store.display()));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the service on any free port and reads from its log which one it took.
    fn listening() -> (Child, String) {
        let mut child = origin().spawn().unwrap();
        let log = BufReader::new(child.stdout.take().unwrap());
        let line = log.lines().map(Result::unwrap).find(|line| line.contains("address=")).unwrap();
        let address = line.rsplit("address=").next().unwrap().to_owned();
        (child, address)
    }

    fn get(address: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn output(command: &mut Command) -> (Output, String) {
        let output = command.output().unwrap();
        let text = [output.stdout.clone(), output.stderr.clone()].concat();
        (output, String::from_utf8(text).unwrap())
    }

    #[test]
    fn answers_and_stops_cleanly_on_both_signals() {
        for signal in ["TERM", "INT"] {
            let (mut child, address) = listening();
            assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200 "));
            let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            assert!(kill.success());
            assert_eq!(child.wait().unwrap().code(), Some(0), "after SIG{signal}");
        }
    }

    #[test]
    fn a_wrong_setting_is_named_and_ends_it() {
        let (output, text) = output(origin().env("LENSLET_ORIGIN_ADDR", "nowhere"));
        assert_eq!(output.status.code(), Some(1));
        assert!(text.contains("LENSLET_ORIGIN_ADDR=\"nowhere\""), "{text}");
    }

    #[test]
    fn a_taken_port_is_named_and_ends_it() {
        let (mut child, address) = listening();
        let (output, text) = output(origin().env("LENSLET_ORIGIN_ADDR", &address));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text.contains(&address), "{text}");
    }

    #[test]
    fn help_and_version_say_what_they_should() {
        let (help, text) = output(origin().arg("--help"));
        assert!(help.status.success() && text.contains("LENSLET_ORIGIN_ADDR"), "{text}");
        let (version, text) = output(origin().arg("--version"));
        assert!(version.status.success() && text.contains(env!("CARGO_PKG_VERSION")), "{text}");
    }

    /// Starts the service; its log as JSON from there on, and its address.
    fn logging() -> (Child, BufReader<ChildStdout>, String) {
        let mut child = origin().env("LENSLET_ORIGIN_LOG_FORMAT", "json").spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("\"listening\"") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
        }
        let line: Value = serde_json::from_str(&line).unwrap();
        let address = line["address"].as_str().unwrap().to_owned();
        (child, log, address)
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_flag_goes_before_a_variable_and_that_before_the_file() {
        let file = std::env::temp_dir().join(format!("lenslet-origin-{}.toml", std::process::id()));
        // A port each, all of them wrong: the error says which of the three was taken.
        std::fs::write(&file, "addr = 'file'\n").unwrap();
        let with_file = || {
            let mut command = origin();
            command.env_remove("LENSLET_ORIGIN_ADDR").arg("--config").arg(&file);
            command
        };
        for (command, taken) in [
            (&mut with_file(), "file"),
            (with_file().env("LENSLET_ORIGIN_ADDR", "variable"), "variable"),
            (with_file().env("LENSLET_ORIGIN_ADDR", "variable").args(["--addr", "flag"]), "flag"),
        ] {
            let (output, text) = output(command);
            assert_eq!(output.status.code(), Some(1));
            assert!(text.contains(&format!("LENSLET_ORIGIN_ADDR=\"{taken}\"")), "{text}");
        }
        std::fs::write(&file, "adr = '127.0.0.1:0'\n").unwrap();
        let (_, text) = output(&mut with_file());
        assert!(text.contains("there is no setting 'adr'"), "{text}");
        std::fs::remove_file(file).unwrap();
    }

    fn new_key(scopes: &str) -> String {
        let (made, text) = output(origin().args(["key", "new", "--tenant", "acme", "--scope", scopes]));
        assert!(made.status.success(), "{text}");
        let key = text.trim().to_owned();
        assert!(key.starts_with("lsk_") && !key.contains(char::is_whitespace), "{text}");
        key
    }

    #[test]
    fn a_key_from_the_command_line_lets_its_bearer_in() {
        let (child, _log, address) = logging();
        let key = new_key("admin, images:read");
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "GET /v1/tenant HTTP/1.1\r\nHost: o\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        end(child);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"acme\""), "{answer}");
        for wrong in [["--scope", "everything"], ["--tenant", "a/b"]] {
            let (made, text) = output(origin().args(["key", "new"]).args(wrong));
            assert!(!made.status.success() && text.contains(wrong[0]), "{text}");
        }
    }

    #[test]
    fn a_request_is_one_line_of_json_without_what_is_secret() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        let (child, mut log, address) = logging();
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "GET /v1/keys?signature=s3cret HTTP/1.1\r\nHost: o\r\nConnection: close\r\nX-Request-Id: mine\r\n\
            Authorization: Bearer s3cret\r\nTraceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        end(child);
        assert!(!line.contains("s3cret"), "{line}");
        let line: Value = serde_json::from_str(&line).unwrap();
        for (name, value) in [
            ("message", json!("request")),
            ("method", json!("GET")),
            ("route", json!("/v1/keys")),
            ("status", json!(401)),
            ("request_id", json!("mine")),
            ("trace_id", json!(TRACE)),
        ] {
            assert_eq!(line[name], value, "{line}");
        }
        assert!(line["duration_ms"].is_u64(), "{line}");
    }

    #[test]
    fn a_stop_waits_for_every_request_in_flight() {
        const CLIENTS: usize = 64;
        let (mut child, log, address) = logging();
        // Whoever writes a log that nobody reads waits some day.
        std::thread::spawn(move || log.lines().for_each(drop));
        let key = new_key("admin,images:read");
        let body = r#"{"name":"in flight","scopes":["images:read"]}"#;
        let (begin, rest) = body.split_at(body.len() / 2);
        let head = format!(
            "POST /v1/keys HTTP/1.1\r\nHost: o\r\nAuthorization: Bearer {key}\r\n\
            Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{begin}",
            body.len()
        );
        let mut clients: Vec<TcpStream> = (0..CLIENTS)
            .map(|_| {
                let mut stream = TcpStream::connect(&address).unwrap();
                stream.write_all(head.as_bytes()).unwrap();
                stream
            })
            .collect();
        std::thread::sleep(Duration::from_millis(1500));
        let kill = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        std::thread::sleep(Duration::from_millis(300));
        assert!(TcpStream::connect(&address).is_err(), "it still listens");
        for stream in &mut clients {
            stream.write_all(rest.as_bytes()).unwrap();
        }
        for mut stream in clients {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}
