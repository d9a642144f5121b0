//! The types that the providers' own client packages publish, as judges of JSON.
//!
//! The packages are Python's, so one Python process judges everything that a test collected. It
//! needs what `cargo xtask test` provides, and fails where that is missing.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The variable that holds the path of a Python with the packages.
const PYTHON: &str = "AISIX_TEST_PYTHON";

/// The program that judges.
const CHECK: &str = include_str!("check.py");

/// That some JSON is of a published type.
#[derive(Debug, Clone)]
pub struct Claim {
    /// What the JSON is, for whoever reads that it is wrong.
    pub what: String,
    /// The type, as `<module>:<name>`: `openai.types.chat:ChatCompletion`.
    pub r#type: &'static str,
    /// Whether the JSON is a list, and each of its items is of the type.
    pub each: bool,
    /// The JSON text.
    pub json: String,
}

/// A field of an object, the published type of what it holds, and whether that is a list of such.
pub type FieldType = (&'static str, &'static str, bool);

impl Claim {
    /// That the fields of an object are of these types: for what has no published type as a whole.
    ///
    /// # Panics
    ///
    /// When it is no object, or has another field.
    #[must_use]
    pub fn of_fields(what: &str, object: &Value, fields: &[FieldType]) -> Vec<Self> {
        let object = object.as_object().expect("it is an object");
        let claim = |(name, value): (&String, &Value)| {
            let (_, r#type, each) =
                fields.iter().find(|(known, ..)| known == name).unwrap_or_else(|| {
                    panic!("{what} holds '{name}', which no type is published of: {value}")
                });
            let what = format!("{name} of {what}");
            Self { what, r#type, each: *each, json: value.to_string() }
        };
        object.iter().map(claim).collect()
    }
}

/// A process that judges claims. It loads the packages while a test is still collecting.
#[derive(Debug)]
pub struct PublishedTypes(Judge);

impl PublishedTypes {
    /// Starts the process.
    ///
    /// # Panics
    ///
    /// When `AISIX_TEST_PYTHON` is not set, or the process does not start.
    #[must_use]
    pub fn start() -> Self {
        Self(Judge::start(CHECK))
    }

    /// What is wrong, claim by claim: nothing where the JSON is what it is claimed to be.
    ///
    /// # Panics
    ///
    /// When the process fails; what it says of that is on stderr.
    #[must_use]
    pub fn judge(self, claims: &[Claim]) -> Vec<Vec<String>> {
        let line = |Claim { r#type, each, json, .. }: &Claim| json!({"type": r#type, "each": each, "json": json});
        self.0.judge(&claims.iter().map(line).collect::<Vec<_>>())
    }

    /// Asserts that every claim is true.
    ///
    /// # Panics
    ///
    /// When one is not, or as [`judge`](Self::judge).
    pub fn assert(self, claims: &[Claim]) {
        let wrong: Vec<_> = claims
            .iter()
            .zip(self.judge(claims))
            .filter(|(_, wrong)| !wrong.is_empty())
            .map(|(claim, wrong)| {
                let Claim { what, r#type, json, .. } = claim;
                let begin: String = json.chars().take(1000).collect();
                format!("{what} is no {type}:\n  {}\n  {begin}\n", wrong.join("\n  "))
            })
            .collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), claims.len(), wrong.concat());
    }
}

/// A Python process with a program that reads claims, one JSON object a line, and prints for each a
/// list of what is wrong.
#[derive(Debug)]
pub(crate) struct Judge(Child);

impl Judge {
    /// Starts the program.
    pub(crate) fn start(program: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
        let path = std::env::var_os(PYTHON);
        Self::start_with(path, program)
    }

    fn start_with(path: Option<OsString>, program: &str) -> Self {
        let path = path.unwrap_or_else(|| {
            panic!("{PYTHON} is not set, so nothing judges: run `cargo xtask test`")
        });
        let mut python = Command::new(path);
        python.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(python.spawn().expect("Python starts"))
    }

    /// Asserts that every claim is true.
    pub(crate) fn assert(self, claims: &[Value]) {
        let wrong = claims.iter().zip(self.judge(claims));
        let wrong: Vec<_> = wrong.filter(|(_, wrong)| !wrong.is_empty()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// What is wrong, claim by claim.
    pub(crate) fn judge(self, claims: &[Value]) -> Vec<Vec<String>> {
        let Self(mut child) = self;
        let mut stdin = child.stdin.take().expect("it is piped");
        for claim in claims {
            writeln!(stdin, "{claim}").expect("the process reads all claims before it judges one");
        }
        drop(stdin);
        let output = child.wait_with_output().expect("the process ends");
        assert!(output.status.success(), "the process that judges failed");
        let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let verdicts: Vec<_> = text.lines().map(verdict).collect();
        assert_eq!(verdicts.len(), claims.len(), "{text}");
        verdicts
    }
}

fn verdict(line: &str) -> Vec<String> {
    serde_json::from_str(line).expect("each line is a list of texts")
}
