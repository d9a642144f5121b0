//! Rate limit policies, in their classic and their conditional form.

mod condition;

use std::sync::Arc;

use serde::Deserialize;

pub use condition::ConditionValue;
pub use condition::{ConditionDimension, ConditionLogic, ConditionNode, ConditionOperator};

use super::validity::{Findings, Problem};
use super::{Kind, RateLimit, Shape};

/// Limits over many keys or models.
///
/// The classic form has `scope`, `scope_ref`, `window` and `max_requests` or `max_tokens`; the
/// conditional form has `limits` and may have `conditions`, `group_by` and `action`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateLimitPolicy {
    /// A unique label.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub name: Arc<str>,
    /// Classic: what `scope_ref` names.
    pub scope: Option<PolicyScope>,
    /// Classic: the id of the key, model, team or user.
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    pub scope_ref: Option<String>,
    /// Classic: the window that is counted in.
    pub window: Option<PolicyWindow>,
    /// Classic: the most requests in a window, at least 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub max_requests: Option<u64>,
    /// Classic: the most tokens in a window, at least 1; without effect for seconds and hours.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub max_tokens: Option<u64>,
    /// Conditional: the limits; at least one.
    pub limits: Option<RateLimit>,
    /// Conditional: which requests are meant, all of it; absent or empty means every request.
    pub conditions: Option<Vec<ConditionNode>>,
    /// Conditional: what is counted apart.
    pub group_by: Option<Vec<GroupDimension>>,
    /// Conditional: what happens beyond the limits.
    pub action: Option<PolicyAction>,
    /// When the policy is suspended.
    #[serde(default)]
    pub schedules: Vec<Schedule>,
}

/// What a classic policy counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PolicyScope {
    /// One API key.
    ApiKey,
    /// One model.
    Model,
    /// All keys of a team together.
    Team,
    /// All keys of a user together.
    Member,
    /// Each user of a team.
    TeamMember,
}

/// A window of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PolicyWindow {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// What a conditional policy may count apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GroupDimension {
    /// Teams.
    Team,
    /// Users.
    Member,
    /// API keys.
    ApiKey,
    /// Models.
    Model,
    /// Vendors.
    Provider,
}

/// What happens beyond the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PolicyAction {
    /// The request is refused.
    Reject,
}

/// A time at which a policy is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Schedule {
    /// `HH:MM`, inclusive.
    pub start_time: String,
    /// `HH:MM` or `24:00`, exclusive; earlier than the start means the next day.
    pub end_time: String,
    /// The name of an IANA time zone.
    pub timezone: String,
    /// `mon` to `sun`; exactly one of it and `dates` is required.
    pub days_of_week: Option<Vec<DayOfWeek>>,
    /// Days as `YYYY-MM-DD`.
    pub dates: Option<Vec<String>>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayOfWeek {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Shape for RateLimitPolicy {
    const KIND: Kind = Kind::RateLimitPolicies;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        match &self.limits {
            Some(limits) => self.check_conditional(limits, &mut findings),
            None => self.check_classic(&mut findings),
        }
        for (index, schedule) in self.schedules.iter().enumerate() {
            schedule.check(&format!("schedules[{index}]"), &mut findings);
        }
        findings.into_problems()
    }
}

impl RateLimitPolicy {
    fn check_classic(&self, findings: &mut Findings) {
        for (present, field) in [
            (self.scope.is_some(), "scope"),
            (self.scope_ref.is_some(), "scope_ref"),
            (self.window.is_some(), "window"),
        ] {
            findings.require(present, field, "is required, unless the policy has limits");
        }
        findings.require(self.scope_ref.as_deref() != Some(""), "scope_ref", "must not be empty");
        let bounded = self.max_requests.is_some() || self.max_tokens.is_some();
        findings.require(bounded, "max_requests", "max_requests or max_tokens is required");
        for (most, field) in [(self.max_requests, "max_requests"), (self.max_tokens, "max_tokens")]
        {
            findings.require(most != Some(0), field, "must be 1 or more");
        }
        for (present, field) in [
            (self.conditions.is_some(), "conditions"),
            (self.group_by.is_some(), "group_by"),
            (self.action.is_some(), "action"),
        ] {
            findings.require(!present, field, "goes with limits only");
        }
    }

    fn check_conditional(&self, limits: &RateLimit, findings: &mut Findings) {
        findings.require(*limits != RateLimit::default(), "limits", "must hold at least one limit");
        for (present, field) in [
            (self.scope.is_some(), "scope"),
            (self.scope_ref.is_some(), "scope_ref"),
            (self.window.is_some(), "window"),
            (self.max_requests.is_some(), "max_requests"),
            (self.max_tokens.is_some(), "max_tokens"),
        ] {
            findings.require(!present, field, "does not go with limits");
        }
        condition::check(self.conditions.as_deref().unwrap_or_default(), findings);
        let groups = self.group_by.as_deref().unwrap_or_default();
        let repeats = (1..groups.len()).any(|at| groups[..at].contains(&groups[at]));
        findings.require(!repeats, "group_by", "must not name a dimension twice");
    }
}

impl Schedule {
    fn check(&self, at: &str, findings: &mut Findings) {
        let start = clock(&self.start_time);
        findings.require(start, &format!("{at}.start_time"), "must be HH:MM");
        let end = clock(&self.end_time) || self.end_time == "24:00";
        findings.require(end, &format!("{at}.end_time"), "must be HH:MM or 24:00");
        findings.not_empty(&self.timezone, &format!("{at}.timezone"));
        findings.require(
            self.days_of_week.is_some() != self.dates.is_some(),
            at,
            "give exactly one of days_of_week and dates",
        );
        let day = |date: &String| date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok();
        findings.require(
            self.dates.iter().flatten().all(day),
            &format!("{at}.dates"),
            "must be days as YYYY-MM-DD",
        );
    }
}

/// Whether a text is `HH:MM`.
fn clock(text: &str) -> bool {
    let number = |digits: &str, most: u8| {
        let two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        two && digits.parse::<u8>().is_ok_and(|number| number <= most)
    };
    text.split_once(':').is_some_and(|(hour, minute)| number(hour, 23) && number(minute, 59))
}
