//! What must be shown before a kind of number of a country may be used: Telnyx's regulatory
//! requirements for ordering. The search does not tell them.

use super::{Telnyx, envelope::Many, fresh::Fresh};
use serde::Deserialize;
use voxlink_gateways::CarrierError;
use voxlink_types::number::{NumberType, Requirement};

/// What each country asks for each kind, as last heard.
pub(super) type Papers = Fresh<(String, NumberType), Requirement>;

#[derive(Debug, Deserialize)]
struct Regulation {
    regulatory_requirements: Option<Vec<Wanted>>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    field_type: Option<String>,
    name: Option<String>,
    acceptance_criteria: Option<Criteria>,
}

#[derive(Debug, Deserialize)]
struct Criteria {
    locality_limit: Option<String>,
}

impl Wanted {
    fn is_address(&self) -> bool {
        self.field_type.as_deref().is_some_and(|kind| kind.starts_with("address"))
    }

    /// True for an address that must lie where the number does.
    fn is_near(&self) -> bool {
        let limit = self.acceptance_criteria.as_ref().and_then(|c| c.locality_limit.as_deref());
        let says =
            |text: Option<&str>, word: &str| text.is_some_and(|t| t.to_lowercase().contains(word));
        says(limit, "identical") || says(self.name.as_deref(), "area code")
    }
}

/// The most that is asked for. A text or a date about the end user has to be proven like a
/// document.
fn most(regulations: &[Regulation]) -> Requirement {
    let wanted: Vec<&Wanted> =
        regulations.iter().filter_map(|r| r.regulatory_requirements.as_ref()).flatten().collect();
    if wanted.is_empty() {
        Requirement::None
    } else if wanted.iter().any(|w| !w.is_address()) {
        Requirement::Documents
    } else if wanted.iter().any(|w| w.is_near()) {
        Requirement::LocalAddress
    } else {
        Requirement::AnyAddress
    }
}

/// What a kind of number of a country asks for.
pub(super) async fn of(
    telnyx: &Telnyx,
    country: &str,
    kind: NumberType,
) -> Result<Requirement, CarrierError> {
    let asked = (country.to_owned(), kind);
    if let Some(known) = telnyx.papers.get(&asked) {
        return Ok(known);
    }
    let mut url = telnyx.at(&["regulatory_requirements"]);
    url.query_pairs_mut()
        .append_pair("filter[country_code]", country)
        .append_pair("filter[phone_number_type]", kind.as_str())
        .append_pair("filter[action]", "ordering");
    let page: Many<Regulation> = telnyx.many(telnyx.get("search", url)).await?;
    let requirement = most(&page.data);
    telnyx.papers.put(asked, requirement);
    Ok(requirement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(requirements: Value) -> Requirement {
        let regulation = json!([{"country_code": "DE", "phone_number_type": "local",
            "action": "ordering", "regulatory_requirements": requirements}]);
        most(&serde_json::from_value::<Vec<Regulation>>(regulation).unwrap())
    }

    #[test]
    fn papers_are_told_by_the_most_that_is_asked() {
        let near = json!({"id": "12ade33a", "name": "Address matching the DID area code",
            "field_type": "address_id", "description": "Address matching the DID area code",
            "acceptance_criteria": {"locality_limit": "Identical locality as the numbers desired"}});
        let anywhere = json!({"name": "Address anywhere", "field_type": "address"});
        let document = json!({"name": "Copy of a passport", "field_type": "document"});
        let text = json!({"name": "Name of the end user", "field_type": "textual"});
        assert_eq!(told(json!([])), Requirement::None);
        assert_eq!(told(json!(null)), Requirement::None);
        assert_eq!(told(json!([anywhere])), Requirement::AnyAddress);
        assert_eq!(told(json!([anywhere, near])), Requirement::LocalAddress);
        assert_eq!(told(json!([near, document])), Requirement::Documents);
        assert_eq!(told(json!([text])), Requirement::Documents);
        assert_eq!(told(json!([{"name": "Something new"}])), Requirement::Documents);
    }
}
