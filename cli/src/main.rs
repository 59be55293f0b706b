//! `lenslet`: keys, signed URLs, tokens, purges, uploads, searches, and the check of a configuration, on the command line.
//!
//! What is said is said on stdout where another program may want it, and on stderr where a person should know.

mod key;
mod key_file;
mod origin;
mod policy;
mod purge;
mod search;
mod settings;
mod sign;
mod time;
mod token;
mod upload;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a command ends with: nothing, or a sentence that says what to do.
type Outcome = Result<(), Box<dyn Error>>;

/// Keys, signed URLs, tokens and purges for Lenslet, the check of its configuration, uploads and searches.
#[derive(Parser)]
#[command(
    name = "lenslet",
    version,
    after_help = "\
Example, from a new key to a signed URL:
  lenslet key new --for urls --out url-keys.json
  lenslet sign --keys url-keys.json --expires 24h https://pictures.example/image/width=800/photo.jpg"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(subcommand)]
    Key(key::Command),
    Sign(sign::Arguments),
    Purge(purge::Arguments),
    Token(Box<token::Arguments>),
    Upload(upload::Arguments),
    Search(search::Arguments),
    #[command(subcommand)]
    Policy(policy::Command),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Key(command) => key::run(&command),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Purge(arguments) => purge::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Upload(arguments) => upload::run(&arguments),
        Command::Search(arguments) => search::run(&arguments),
        Command::Policy(command) => policy::run(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lenslet: {error}");
            ExitCode::FAILURE
        }
    }
}
