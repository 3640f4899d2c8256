use serde::{Deserialize, Serialize};

/// A country, by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct Country(celes::Country);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country's two-letter code of ISO 3166-1, such as DE or US")]
pub struct NotACountry;

/// The countries of the European Economic Area, and those parts of them with a
/// code of their own where EU law applies as well: Åland (AX) and the outermost
/// regions (TFEU, Art. 355(1)).
const EEA: [&str; 37] = [
    "AT", "AX", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GF", "GP", "GR", "HR", "HU",
    "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MF", "MQ", "MT", "NL", "NO", "PL", "PT", "RE", "RO", "SE",
    "SI", "SK", "YT",
];

impl Country {
    pub fn parse(code: &str) -> Result<Self, NotACountry> {
        if code != code.to_ascii_uppercase() {
            return Err(NotACountry);
        }
        celes::Country::from_alpha2(code).map(Self).map_err(|_| NotACountry)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.alpha2
    }

    #[must_use]
    pub fn is_in_eea(self) -> bool {
        EEA.contains(&self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(code: String) -> Result<Self, NotACountry> {
        Self::parse(&code)
    }
}

impl From<Country> for &'static str {
    fn from(country: Country) -> Self {
        country.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_codes_are_countries() {
        for code in ["DE", "GR", "GB", "US"] {
            assert_eq!(Country::parse(code).map(Country::as_str), Ok(code));
        }
        // What the EU calls Greece, a country that is no more, a name, and nothing.
        for code in ["EL", "UK", "SU", "DEU", "Germany", "", "D", "de"] {
            assert_eq!(Country::parse(code), Err(NotACountry), "{code}");
        }
    }

    #[test]
    fn the_area_has_thirty_states_and_seven_parts_of_them() {
        let known = EEA.iter().filter(|code| Country::parse(code).is_ok_and(Country::is_in_eea));
        assert_eq!(known.count(), 30 + 7);
        // Neighbours that are no members; Svalbard is left out by the treaty.
        for code in ["CH", "GB", "SJ", "GL", "US"] {
            assert!(!Country::parse(code).unwrap().is_in_eea(), "{code}");
        }
    }
}
