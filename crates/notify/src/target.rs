//! Addresses (URLs) that deliveries go to, and the policy that says which are allowed.

use crate::address::special;
use crate::allowed::{ALLOW_SETTING, Allowed};
use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// Ports of targets that the operator has not allowed another one for.
pub const PORTS: [u16; 3] = [80, 443, 8443];
/// Longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2048;
/// Last labels of names that never are in the public DNS.
const INTERNAL_NAMES: [&str; 5] = ["home.arpa", "internal", "local", "localdomain", "localhost"];

/// Policy of the operator: who may be sent to.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    allowed: Allowed,
    /// Public addresses of this server, which no delivery goes to.
    own: Vec<IpAddr>,
}

/// URL that passed the policy. `Display` shows scheme and host alone, since paths of webhooks contain their secret.
///
/// Names are checked again when they are resolved: see [`crate::dial`].
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host,
    port: u16,
}

/// Reason why a URL is no target. It never contains more of the URL than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is longer than [`URL_BYTES_MAX`].
    #[error("a URL has at most {URL_BYTES_MAX} bytes")]
    TooLong,
    /// It contains blanks, control characters or backslashes.
    #[error("a URL has no blanks, control characters or backslashes; write them percent-encoded")]
    Characters,
    /// It is no absolute URL of http or https.
    #[error("a target is a URL such as https://hooks.example.com/path")]
    Malformed,
    /// It contains a user name or a password.
    #[error("a target has no user name or password before its host")]
    UserInfo,
    /// It contains a fragment, which is never sent.
    #[error("a target has no fragment (#...): it is never sent")]
    Fragment,
    /// It is not encrypted.
    #[error("write https://{host}: http is for targets that the operator allows by {ALLOW_SETTING}")]
    Http {
        /// Its host.
        host: String,
    },
    /// Its port is not among [`PORTS`].
    #[error(
        "port {port} is not 80, 443 or 8443; the operator can allow it by {ALLOW_SETTING} = [\"{host}:{port}\"]"
    )]
    Port {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Its host is not public.
    #[error(transparent)]
    Internal(#[from] Internal),
}

/// A target that is not of the public internet, by its address, its name or what its name resolves to. `Display` shows
/// neither addresses nor ranges: accounts learn nothing about the network of the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} is not a public address; the operator can allow it by {ALLOW_SETTING} = [\"{host}\"]")]
pub struct Internal {
    /// Host of the target, as in its URL.
    pub host: String,
    /// Address that was refused, for the log of the operator; `None` if the name was.
    pub address: Option<IpAddr>,
    /// Name of its range, for the log of the operator.
    pub range: &'static str,
}

impl Policy {
    /// Creates the policy: what the operator allows, and the public addresses of this server, which are refused.
    pub fn new(allowed: Allowed, own: Vec<IpAddr>) -> Self {
        Self { allowed, own }
    }

    /// Parses a URL and checks whatever can be checked without resolving its name.
    ///
    /// # Errors
    ///
    /// It is no URL, or not one that this policy allows.
    pub fn target(&self, text: &str) -> Result<Target, TargetError> {
        if text.len() > URL_BYTES_MAX {
            return Err(TargetError::TooLong);
        }
        // The parser drops some of these and turns backslashes into slashes; no reader after it should see another URL.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(TargetError::Characters);
        }
        let (_, after_scheme) = text.split_once("://").ok_or(TargetError::Malformed)?;
        let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.is_empty() {
            return Err(TargetError::Malformed);
        }
        if authority.contains('@') {
            return Err(TargetError::UserInfo);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Malformed)?;
        let host = url.host().ok_or(TargetError::Malformed)?.to_owned();
        let port = url.port_or_known_default().ok_or(TargetError::Malformed)?;
        let is_encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(TargetError::Malformed),
        };
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        let is_allowed = self.allowed.has_host(&host, port);
        let target = Target { url, host, port };
        if is_allowed {
            return Ok(target);
        }
        self.check_host(&target)?;
        if !is_encrypted {
            return Err(TargetError::Http { host: target.host() });
        }
        if !PORTS.contains(&port) {
            return Err(TargetError::Port { host: target.host(), port });
        }
        Ok(target)
    }

    /// Checks an address that a target is about to be dialled at.
    ///
    /// # Errors
    ///
    /// It is not public and not allowed.
    pub fn check(&self, target: &Target, address: IpAddr) -> Result<(), Internal> {
        let port = target.port;
        if self.allowed.has_host(&target.host, port) || self.allowed.has_address(address, port) {
            return Ok(());
        }
        let own = self.own.contains(&address).then_some("this server");
        match own.or_else(|| special(address)) {
            Some(range) => Err(Internal { host: target.host(), address: Some(address), range }),
            None => Ok(()),
        }
    }

    fn check_host(&self, target: &Target) -> Result<(), Internal> {
        match &target.host {
            Host::Ipv4(address) => self.check(target, IpAddr::V4(*address)),
            Host::Ipv6(address) => self.check(target, IpAddr::V6(*address)),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                let ends_in = |suffix: &str| {
                    name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                };
                if name.contains('.') && !INTERNAL_NAMES.into_iter().any(ends_in) {
                    return Ok(());
                }
                Err(Internal { host: target.host(), address: None, range: "internal names" })
            }
        }
    }
}

impl Target {
    /// Returns the whole URL, with its secret: to be stored and sent, never logged or shown.
    pub fn expose(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the host: a name, or an address (of IPv6 in brackets).
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// Returns the port, that of the scheme if the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the parsed URL.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the parsed host.
    pub(crate) fn parsed_host(&self) -> &Host {
        &self.host
    }

    /// Returns true if the scheme is https.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }
}

/// Writes scheme and host: `https://hooks.example.com/...`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.host)?;
        self.url.port().map_or(Ok(()), |port| write!(f, ":{port}"))?;
        f.write_str("/...")
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(entries: &[&str]) -> Policy {
        let own = vec!["9.9.9.9".parse().expect("an address")];
        Policy::new(Allowed::parse(entries.iter().copied()).expect("entries"), own)
    }

    /// Hosts as they can be written in a URL; none of them is public.
    const INTERNAL: &[&str] = &[
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "017700000001",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "\u{2460}\u{2461}\u{2466}.0.0.1",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "0",
        "0.0.0.0",
        "0x0",
        "10.0.0.1",
        "167772161",
        "012.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "0xc0a80001",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "169.254.170.2",
        "168.63.129.16",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "9.9.9.9",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::8.8.8.8]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001::1]",
        "[2001:0:7f00:1::]",
        "[2001:2::1]",
        "[2001:10::1]",
        "[2001:20::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::]",
        "[3ffe::1]",
        "[3fff::1]",
        "[4000::1]",
        "[5f00::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[feff::1]",
        "[ff02::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "x.localhost",
        "printer.local",
        "metadata.google.internal",
        "instance-data.ec2.internal",
        "metadata",
        "router.home.arpa",
        "db.localdomain",
        "db",
    ];

    #[test]
    fn no_internal_host_is_a_target_however_it_is_written() {
        assert!(INTERNAL.len() >= 80, "{}", INTERNAL.len());
        for host in INTERNAL {
            let error = policy(&[]).target(&format!("https://{host}/")).expect_err(host);
            assert!(matches!(error, TargetError::Internal(_)), "{host}: {error:?}");
            assert!(error.to_string().contains("webhooks.allow = ["), "{error}");
        }
    }

    #[test]
    fn public_hosts_are_targets() {
        for (url, host, port) in [
            ("https://hooks.example.com/a?b=c", "hooks.example.com", 443),
            ("HTTPS://Hooks.Example.COM:8443", "hooks.example.com", 8443),
            ("https://hooks.example.com:80/", "hooks.example.com", 80),
            ("https://b\u{fc}cher.example/", "xn--bcher-kva.example", 443),
            ("https://8.8.8.8/", "8.8.8.8", 443),
            ("https://[2606:4700::1111]/", "[2606:4700::1111]", 443),
            ("https://localhost.example.com/", "localhost.example.com", 443),
            ("https://notlocal/".replace("notlocal", "not.mylocal").as_str(), "not.mylocal", 443),
            ("https://a.example/@user:pass@b?x=@#".trim_end_matches('#'), "a.example", 443),
        ] {
            let target = policy(&[]).target(url).expect(url);
            assert_eq!((target.host().as_str(), target.port()), (host, port), "{url}");
        }
    }

    #[test]
    fn faults_are_named_and_secrets_are_not() {
        let long = format!("https://a.example/{}", "x".repeat(URL_BYTES_MAX));
        for (url, says) in [
            ("http://a.example/secret", "write https://a.example: http is for targets"),
            ("https://a.example:22/secret", "webhooks.allow = [\"a.example:22\"]"),
            ("https://a.example:0/secret", "port 0 is not"),
            ("https://user@a.example/secret", "no user name or password"),
            ("https://user:secret@a.example/", "no user name or password"),
            ("https://@a.example/secret", "no user name or password"),
            ("https://8.8.8.8@127.0.0.1/secret", "no user name or password"),
            ("https://a.example/secret#part", "no fragment"),
            ("https://a.example/se\r\ncret", "no blanks, control characters"),
            ("https://a.example/se\tcret", "no blanks, control characters"),
            ("https://a.example/se cret", "no blanks, control characters"),
            (" https://a.example/secret", "no blanks, control characters"),
            ("https://a.example\\@b.example/secret", "backslashes"),
            ("https:a.example/secret", "such as https://"),
            ("https:/a.example/secret", "such as https://"),
            ("https:///secret", "such as https://"),
            ("ftp://a.example/secret", "such as https://"),
            ("file:///etc/secret", "such as https://"),
            ("gopher://a.example/secret", "such as https://"),
            ("a.example/secret", "such as https://"),
            ("https://a..%2f/secret", "such as https://"),
            ("https://[::1/secret", "such as https://"),
            ("https://a.example:99999/secret", "such as https://"),
            ("", "such as https://"),
            (&long, "at most 2048 bytes"),
        ] {
            let error = policy(&[]).target(url).map(|target| target.to_string()).expect_err(url).to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{url}: {error}");
        }
        let target = policy(&[]).target("https://a.example:8443/secret?key=secret").expect("a target");
        assert_eq!(target.to_string(), "https://a.example:8443/...");
        assert_eq!(format!("{target:?}"), "Target(https://a.example:8443/...)");
        assert_eq!(target.expose(), "https://a.example:8443/secret?key=secret");
    }

    #[test]
    fn the_operator_can_allow_an_internal_target() {
        let policy = policy(&["10.1.0.0/16", "chat.intern:8065", "chat.intern", "localhost", "9.9.9.9"]);
        for url in [
            "http://10.1.2.3/x",
            "https://10.1.2.3:8443/",
            "http://chat.intern:8065/hooks/x",
            "http://localhost/",
            "https://9.9.9.9/",
        ] {
            let target = policy.target(url).expect(url);
            assert_eq!(policy.check(&target, "10.1.2.3".parse().expect("an address")), Ok(()), "{url}");
        }
        for url in
            ["http://10.2.0.1/", "https://10.1.2.3:22/", "http://chat.intern:8066/", "http://a.example/"]
        {
            policy.target(url).expect_err(url);
        }
        // A name that is not allowed itself is a target where it leads into an allowed range, and only there.
        let target = policy.target("https://hooks.example.com/").expect("a target");
        for (address, is_allowed) in
            [("10.1.9.9", true), ("10.2.0.1", false), ("8.8.8.8", true), ("::1", false)]
        {
            let checked = policy.check(&target, address.parse().expect("an address"));
            assert_eq!(checked.is_ok(), is_allowed, "{address}");
        }
    }
}
