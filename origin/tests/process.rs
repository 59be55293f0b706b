//! The service as a process: how it starts, what it says and how it stops.

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, Command, Output, Stdio};

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
}
