//! `cargo xtask fuzz`: the targets of `aisix-fuzz` under libFuzzer, on the ordinary toolchain.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cargo::Workspace;
use crate::commands::{self, step};

/// What to run, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The targets to run; all of them where none is named.
    targets: Vec<String>,
    /// How long each runs, in seconds.
    #[arg(long, default_value_t = 120)]
    seconds: u32,
}

/// What libFuzzer needs to know of the branches that are taken. None of it is unstable: sanitizers
/// would be, and find nothing where no code is unsafe.
const COVERAGE: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds the programs below `/fuzz`, and runs them one after another.
///
/// # Errors
/// Where there is no such target, a build fails, or an input breaks a law.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let all = targets(workspace)?;
    if let Some(unknown) = args.targets.iter().find(|target| !all.contains(target)) {
        bail!("there is no target '{unknown}': there are {}", all.join(", "));
    }
    let work = workspace.target().join("fuzz");
    let host = host(workspace)?;
    step("build", || {
        let mut cargo = workspace.cargo();
        cargo.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
        // With a target named, what only runs during the build is not instrumented.
        cargo.args(["--target", &host, "--target-dir"]).arg(&work);
        commands::run(cargo.env("RUSTFLAGS", COVERAGE))
    })?;
    let programs = work.join(host).join("release");
    let chosen = if args.targets.is_empty() { &all } else { &args.targets };
    let mut broken = Vec::new();
    for target in chosen {
        if let Err(error) =
            step(target, || one(workspace, &work, &programs.join(target), args.seconds))
        {
            eprintln!("error: {error:#}");
            broken.push(target.as_str());
        }
    }
    if !broken.is_empty() {
        bail!("a law is broken: {}; see {}", broken.join(", "), work.join("found").display());
    }
    Ok(())
}

/// The names of the programs.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root().join("fuzz/targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// The machine that this is, as compilers name it.
fn host(workspace: &Workspace) -> Result<String> {
    let about = commands::output(workspace.command("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names a host")?.to_owned())
}

fn one(workspace: &Workspace, work: &Path, program: &Path, seconds: u32) -> Result<()> {
    let target = program.file_name().context("the program has a name")?;
    let (corpus, found) = (work.join("corpus").join(target), work.join("found").join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let mut program = workspace.command(program);
    // What it learns goes to the first folder; the others are read.
    program.arg(corpus).args(seeds(workspace.root())?);
    program.arg(format!("-artifact_prefix={}/", found.display()));
    program.arg(format!("-max_total_time={seconds}"));
    commands::run(program.args(["-timeout=20", "-max_len=8192", "-print_final_stats=1"]))
}

/// The folders with what is known to arrive, with what secrets and answers look like that no golden
/// file has, and with what broke a law once.
fn seeds(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    let parents = [
        "crates/aisix-dialects/golden",
        "crates/aisix-fuzz/seeds",
        "crates/aisix-fuzz/regressions",
    ];
    for parent in parents {
        for entry in fs::read_dir(root.join(parent))? {
            folders.push(entry?.path());
        }
    }
    Ok(folders)
}
