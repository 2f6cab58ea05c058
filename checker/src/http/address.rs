//! Addresses on the web: checked, put together by us, shown without what may be
//! secret in them.

use url::{Host, Url};

/// An `http` or `https` address without user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Parses an address.
    ///
    /// # Errors
    /// In words, what is wrong with it. Never a part of the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|fault| format!("is no web address: {fault}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must begin with https://".to_owned());
        }
        if url.host().is_none() {
            return Err("names no host".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or a password".to_owned());
        }
        Ok(Self(url))
    }

    /// Parses the address under which an API lies: no query, no fragment, no
    /// slash needed at the end.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub fn parse_base(text: &str) -> Result<Self, String> {
        let address = Self::parse(text)?;
        if address.0.query().is_some() || address.0.fragment().is_some() {
            return Err("must end before any `?` or `#`".to_owned());
        }
        Ok(address)
    }

    /// Whether a token may be sent there: encrypted, or not leaving this host.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_https()
            || match self.0.host() {
                Some(Host::Ipv4(ip)) => ip.is_loopback(),
                Some(Host::Ipv6(ip)) => ip.is_loopback(),
                Some(Host::Domain(name)) => name == "localhost",
                None => false,
            }
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The same address with `segments` added to its path, each one escaped
    /// (a slash in a segment becomes `%2F`).
    #[must_use]
    pub fn join(&self, segments: &[&str]) -> Self {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Self(url)
    }

    /// The same address with these query parameters added.
    #[must_use]
    pub fn with_query(&self, pairs: &[(&str, &str)]) -> Self {
        let mut url = self.0.clone();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        Self(url)
    }

    /// Where a `Location` header leads from here; `None` when it makes no sense.
    #[must_use]
    pub fn follow(&self, location: &str) -> Option<Self> {
        let url = self.0.join(location).ok()?;
        Self::parse(url.as_str()).ok()
    }

    /// Whether both addresses have the same scheme, host and port.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Scheme, host and port, for people.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Host name or IP address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// For people: without query and fragment, which may hold a secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let path = self.0.path();
        format!("{}{}", self.origin(), if path == "/" { "" } else { path })
    }

    /// The whole address, for the request itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same address on `host`, for an API that has a host of its own.
    #[must_use]
    pub fn on_host(&self, host: &str) -> Self {
        let mut url = self.0.clone();
        if url.set_host(Some(host)).is_ok() {
            Self(url)
        } else {
            self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Address {
        Address::parse_base(text).unwrap()
    }

    #[test]
    fn faults_are_told_without_the_text() {
        let cases = [
            ("git.example.org", "is no web address"),
            ("", "is no web address"),
            ("ftp://git.example.org", "must begin with https://"),
            ("file:///etc/passwd", "must begin with https://"),
            (
                "https://me:tok3n@git.example.org",
                "must not hold a user name",
            ),
            ("https://tok3n@git.example.org", "must not hold a user name"),
            (
                "https://git.example.org/?token=tok3n",
                "must end before any",
            ),
            ("https://git.example.org/#tok3n", "must end before any"),
        ];
        for (text, why) in cases {
            let fault = Address::parse_base(text).unwrap_err();
            assert!(fault.contains(why), "{text}: {fault}");
            assert!(!fault.contains("tok3n"), "{fault}");
        }
    }

    #[test]
    fn only_https_and_loopback_are_private() {
        let cases = [
            ("https://git.example.org", true),
            ("http://git.example.org", false),
            ("http://127.0.0.1:3000", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:3000", true),
            ("http://localhost:3000", true),
            ("http://localhost.example.org", false),
            ("http://10.0.0.1", false),
            ("http://127.0.0.1.example.org", false),
        ];
        for (text, private) in cases {
            assert_eq!(base(text).is_private(), private, "{text}");
        }
    }

    #[test]
    fn paths_are_put_together_under_the_base() {
        let cases = [
            ("https://h", "https://h/api/a%2Fb?q=x+%26y"),
            ("https://h/", "https://h/api/a%2Fb?q=x+%26y"),
            ("https://h/git", "https://h/git/api/a%2Fb?q=x+%26y"),
            ("https://h/git/", "https://h/git/api/a%2Fb?q=x+%26y"),
        ];
        for (text, whole) in cases {
            let address = base(text)
                .join(&["api", "a/b"])
                .with_query(&[("q", "x &y")]);
            assert_eq!(address.as_str(), whole);
            assert!(!address.shown().contains('?'));
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let here = base("https://git.example.org/a");
        let cases = [
            ("/b", true),
            ("b?c=d", true),
            ("https://git.example.org:443/b", true),
            ("https://git.example.org:444/b", false),
            ("http://git.example.org/b", false),
            ("//evil.example.org/b", false),
        ];
        for (location, same) in cases {
            let there = here.follow(location).unwrap();
            assert_eq!(here.same_origin(&there), same, "{location}");
        }
        assert_eq!(here.follow("javascript:alert(1)"), None);
        assert_eq!(here.follow("https://u:p@git.example.org/b"), None);
    }
}
