//! Words for the person at the shell.

/// An answer, to standard output.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(crate) fn say(words: &str) {
    println!("{words}");
}

/// How it goes and what went wrong, to standard error.
#[expect(clippy::print_stderr, reason = "a command's progress and failures")]
pub(crate) fn tell(words: &str) {
    eprintln!("{words}");
}
