//! Which requests a conditional policy is about.

use serde::Deserialize;

use super::super::validity::Findings;

/// The deepest nesting of conditions.
const MOST_DEPTH: usize = 3;
/// The most comparisons of a policy.
const MOST_LEAVES: usize = 16;
/// The longest regular expression, in characters.
const LONGEST_REGEX: usize = 256;
/// The most values of a list.
const MOST_VALUES: usize = 64;

/// A comparison (`dimension`, `operator`, `value`), or several nodes together (`logic`,
/// `children`). No other field is accepted, whoever wrote the document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConditionNode {
    /// What is compared.
    pub dimension: Option<ConditionDimension>,
    /// How it is compared.
    pub operator: Option<ConditionOperator>,
    /// What it is compared with.
    pub value: Option<ConditionValue>,
    /// How the children are joined.
    pub logic: Option<ConditionLogic>,
    /// What is joined; at least one.
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub children: Option<Vec<Self>>,
    /// Whether the opposite is meant.
    #[serde(default)]
    pub negate: bool,
}

/// What of a request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConditionDimension {
    /// The team's id.
    Team,
    /// The user's id.
    Member,
    /// The API key's id.
    ApiKey,
    /// The model's id.
    Model,
    /// The model's name.
    ModelName,
    /// The vendor.
    Provider,
}

/// How a comparison is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConditionOperator {
    /// Is the same.
    #[serde(rename = "==")]
    Is,
    /// Is another.
    #[serde(rename = "~=")]
    IsNot,
    /// Is one of a list.
    #[serde(rename = "in")]
    In,
    /// Matches a regular expression.
    #[serde(rename = "~~")]
    Matches,
    /// Matches a regular expression in any case.
    #[serde(rename = "~*")]
    MatchesAnyCase,
}

/// What something is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged, expecting = "must be a string or a list of strings")]
pub enum ConditionValue {
    /// A text.
    One(String),
    /// With `in`: 1 to 64 texts.
    Several(Vec<String>),
}

/// How nodes are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConditionLogic {
    /// All must hold.
    And,
    /// One must hold.
    Or,
}

/// Says what is wrong with the conditions of a policy.
pub(super) fn check(nodes: &[ConditionNode], findings: &mut Findings) {
    let leaves = check_all(nodes, "conditions", 1, findings);
    let message = format!("must hold at most {MOST_LEAVES} comparisons");
    findings.require(leaves <= MOST_LEAVES, "conditions", message);
}

/// Checks siblings and answers how many comparisons they hold.
fn check_all(nodes: &[ConditionNode], at: &str, depth: usize, findings: &mut Findings) -> usize {
    let nodes = nodes.iter().enumerate();
    nodes.map(|(index, node)| check_one(node, &format!("{at}[{index}]"), depth, findings)).sum()
}

fn check_one(node: &ConditionNode, at: &str, depth: usize, findings: &mut Findings) -> usize {
    if depth > MOST_DEPTH {
        findings.require(false, at, format!("must not be nested deeper than {MOST_DEPTH}"));
        return 0;
    }
    match node {
        ConditionNode {
            dimension: Some(dimension),
            operator: Some(operator),
            value: Some(value),
            logic: None,
            children: None,
            ..
        } => {
            check_comparison((*dimension, *operator, value), at, findings);
            1
        }
        ConditionNode {
            dimension: None,
            operator: None,
            value: None,
            logic: Some(_),
            children: Some(children),
            ..
        } => {
            let at = format!("{at}.children");
            findings.some(children, &at);
            check_all(children, &at, depth + 1, findings)
        }
        _ => {
            let message = "must have dimension, operator and value, or logic and children";
            findings.require(false, at, message);
            0
        }
    }
}

fn check_comparison(
    (dimension, operator, value): (ConditionDimension, ConditionOperator, &ConditionValue),
    at: &str,
    findings: &mut Findings,
) {
    let regex = matches!(operator, ConditionOperator::Matches | ConditionOperator::MatchesAnyCase);
    let text = matches!(dimension, ConditionDimension::ModelName | ConditionDimension::Provider);
    findings.require(
        text || !regex,
        &format!("{at}.operator"),
        "must be ==, ~= or in for an id: regular expressions are for model_name and provider",
    );
    let at = format!("{at}.value");
    match (operator, value) {
        (ConditionOperator::In, ConditionValue::Several(values)) => {
            let fits = (1..=MOST_VALUES).contains(&values.len());
            findings.require(
                fits && values.iter().all(|value| !value.is_empty()),
                &at,
                format!("must be 1 to {MOST_VALUES} strings, none of them empty"),
            );
        }
        (ConditionOperator::In, ConditionValue::One(_)) => {
            findings.require(false, &at, "must be a list of strings for the operator in");
        }
        (_, ConditionValue::Several(_)) => {
            findings.require(false, &at, "must be a string, unless the operator is in");
        }
        (_, ConditionValue::One(text)) if regex => findings.at_most(text, LONGEST_REGEX, &at),
        (_, ConditionValue::One(_)) => {}
    }
}
