//! Tests of what is expected of a job.

use super::*;

#[test]
fn words_of_severity_read_back() {
    for one in Severity::ALL {
        assert_eq!(Severity::from_word(one.word()), Some(one));
    }
    assert_eq!(Severity::from_word("Critical"), None);
    assert_eq!(Severity::default(), Severity::Warning);
    assert!(Severity::Critical > Severity::Warning);
}
